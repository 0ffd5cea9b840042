import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { revealHeaders } from './reveal-headers.ts';
import type { TracingSettings } from '../../facts/service-settings.ts';
import { EXPORT_TIMEOUT_MS } from './export-timeout.ts';

const ENDPOINT = 'http://127.0.0.1:4318';
const TRACES_PATH = '/v1/traces';

/** OTLP over HTTP with protobuf, which Jaeger, Tempo and most other backends accept. */
export function createExporter({ endpoint = ENDPOINT, headers }: TracingSettings): SpanExporter {
  const url = new URL(endpoint);
  // The signal's path is appended to a base URL, as the specification requires for OTEL_EXPORTER_OTLP_ENDPOINT.
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  return new OTLPTraceExporter({
    url: url.href,
    headers: revealHeaders(headers),
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
}
