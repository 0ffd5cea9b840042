import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { revealHeaders } from './reveal-headers.ts';
import type { TracingSettings } from '../../facts/service-settings.ts';
import { EXPORT_TIMEOUT_MS } from './export-timeout.ts';

const ENDPOINT = 'http://127.0.0.1:4318';
const TRACES_PATH = '/v1/traces';

/** OTLP over HTTP with protobuf, the way into Jaeger, Tempo and most others. */
export function createExporter({ endpoint = ENDPOINT, headers }: TracingSettings): SpanExporter {
  const url = new URL(endpoint);
  // A base URL gets the signal's path, as the specification has it for OTEL_EXPORTER_OTLP_ENDPOINT.
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  return new OTLPTraceExporter({
    url: url.href,
    headers: revealHeaders(headers),
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
}
