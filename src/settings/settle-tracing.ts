import type { z } from 'zod';
import type { TracingConfig } from './config.ts';
import { TELEMETRY_DEFAULTS, type TracingSchema } from './telemetry-schema.ts';

export function settleTracing(input: z.output<typeof TracingSchema>): TracingConfig {
  return {
    exporter: input.exporter ?? TELEMETRY_DEFAULTS.exporter,
    ...(input.endpoint === undefined ? {} : { endpoint: input.endpoint }),
    headers: input.headers ?? {},
    sampleRatio: input.sampleRatio ?? TELEMETRY_DEFAULTS.sampleRatio,
    serviceName: input.serviceName ?? TELEMETRY_DEFAULTS.serviceName,
  };
}
