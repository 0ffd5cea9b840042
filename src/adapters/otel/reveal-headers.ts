import type { TracingConfig } from './tracing-config.ts';

export function revealHeaders(headers: TracingConfig['headers'] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));
}
