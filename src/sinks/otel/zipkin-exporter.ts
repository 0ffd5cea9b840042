import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { revealHeaders } from './reveal-headers.ts';
import type { TracingSettings } from '../../facts/service-settings.ts';

const ENDPOINT = 'http://127.0.0.1:9411';
const SPANS_PATH = '/api/v2/spans';

/** Zipkin's JSON, version 2. */
export function createExporter({ endpoint = ENDPOINT, headers }: TracingSettings): SpanExporter {
  const url = new URL(endpoint);
  if (url.pathname === '/') url.pathname = SPANS_PATH;
  return new ZipkinExporter({ url: url.href, headers: revealHeaders(headers) });
}
