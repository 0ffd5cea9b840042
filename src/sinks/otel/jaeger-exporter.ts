import { JaegerExporter } from '@opentelemetry/exporter-jaeger';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { TracingSettings } from '../../facts/service-settings.ts';

const ENDPOINT = 'udp://127.0.0.1:6832';
const UDP_PORT = 6832;
const TRACES_PATH = '/api/traces';

/**
 * Jaeger's own Thrift protocol, for collectors that are too old for OTLP. The package is deprecated and was last
 * released for SDK 2; it works with the spans of SDK 3, as a test shows (see docs/tracing.md).
 */
export function createExporter({ endpoint = ENDPOINT }: TracingSettings): SpanExporter {
  const url = new URL(endpoint);
  if (url.protocol === 'udp:') {
    const port = url.port === '' ? UDP_PORT : Number(url.port);
    return new JaegerExporter({ host: url.hostname, port });
  }
  if (url.pathname === '/') url.pathname = TRACES_PATH;
  const { username, password } = url;
  return new JaegerExporter({
    endpoint: `${url.origin}${url.pathname}`,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  });
}
