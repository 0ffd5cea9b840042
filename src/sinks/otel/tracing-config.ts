import type { Secret } from '../../facts/secret.ts';

export type TraceExporter = 'none' | 'otlp' | 'jaeger' | 'zipkin';

export interface TracingConfig {
  readonly exporter: TraceExporter;
  /**
   * Where spans go; without it the exporter's standard port on 127.0.0.1. `otlp`: base URL or full path (OTLP over HTTP,
   * protobuf). `zipkin`: URL. `jaeger`: `udp://host:port` (Thrift, binary protocol) or the `http(s)` URL of a collector.
   */
  readonly endpoint?: string;
  /** Sent with each export; `otlp` and `zipkin` only. */
  readonly headers?: Readonly<Record<string, Secret>>;
  /** Share of the traces begun here that are sampled, 0..1; a caller's own decision always stands. */
  readonly sampleRatio: number;
  /** `service.name`; without it `OTEL_SERVICE_NAME`, or else `mcp-exporter`. */
  readonly serviceName?: string;
}

/** How long one export may take; afterwards it counts as failed. */
export const EXPORT_TIMEOUT_MS = 5_000;
