import type { z } from 'zod';
import type { OtlpLogConfig } from './config.ts';
import type { LoadContext } from './load-context.ts';
import { isHttpUrl, LOGS_ENDPOINT_VARIABLE, type OtlpLogSchema } from './telemetry-schema.ts';

/** What is written wins over the environment. @returns nothing where neither names an endpoint */
export function settleOtlpLogs(
  input: z.output<typeof OtlpLogSchema> | undefined,
  { env, path, problems }: Pick<LoadContext, 'env' | 'path' | 'problems'>,
): OtlpLogConfig | undefined {
  if (input) return { endpoint: input.endpoint, headers: input.headers ?? {} };
  const endpoint = env[LOGS_ENDPOINT_VARIABLE]?.trim() ?? '';
  if (endpoint === '') return undefined;
  if (isHttpUrl(endpoint)) return { endpoint, headers: {} };
  const message = `${LOGS_ENDPOINT_VARIABLE} of the environment must be an absolute URL that starts with http:// or https://`;
  problems.push({ file: path, line: 1, column: 1, path: 'log.otlp', message });
  return undefined;
}
