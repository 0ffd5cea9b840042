import type { ExportViews, SamplingViews } from '../../facts/ports/views.ts';
import { startTracing, type Tracing } from '../../sinks/otel/start-tracing.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

export interface TracingPart extends Part, SamplingViews, ExportViews {}

export function createTracingPart({ config, clock, hub, log }: PartContext): TracingPart {
  let tracing: Tracing | undefined;
  let failureCount = 0;
  return {
    name: 'tracing',
    async start() {
      tracing = await startTracing({
        hub,
        config: config.tracing,
        version: VERSION,
        clock,
        random: Math.random,
        log,
        onExportFailure: () => (failureCount += 1),
      });
    },
    stop: () => tracing?.stop(),
    sample: () => tracing?.sample() ?? false,
    failures: () => failureCount,
  };
}
