import type { Secret } from './secret.ts';
import type { OAuthSettings, RemoteAccess } from './server.ts';

// Settings of the service as sources and sinks receive them; settings of one server are in server.ts.

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** JSON lines are also written to a file; `maxFiles` rotated files of about `maxBytes` each are kept. */
export interface LogFileSettings {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** Where OTLP log records are sent. */
export interface OtlpLogSettings {
  /** OTLP over HTTP (protobuf); an endpoint without a path gets `/v1/logs`. */
  readonly endpoint: string;
  /** Sent with each export. */
  readonly headers: Readonly<Record<string, Secret>>;
}

export const TRACE_EXPORTERS = ['none', 'otlp', 'jaeger', 'zipkin'] as const;
export type TraceExporter = (typeof TRACE_EXPORTERS)[number];

export interface TracingSettings {
  readonly exporter: TraceExporter;
  /**
   * Where spans go; without it the exporter's standard port on 127.0.0.1. `otlp`: base URL or full path (OTLP over HTTP,
   * protobuf). `zipkin`: URL. `jaeger`: `udp://host:port` (Thrift, binary protocol) or the `http(s)` URL of a collector.
   */
  readonly endpoint?: string;
  /** Sent with each export; `otlp` and `zipkin` only. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Share of the traces begun here that are sampled, 0..1; a caller's own decision always stands. */
  readonly sampleRatio: number;
  /** `service.name`. */
  readonly serviceName: string;
  /** Base URL of Jaeger's pages, without a slash at the end. */
  readonly jaegerUrl?: string;
}

/** Who may use the gateway. */
export interface AuthenticationSettings {
  readonly bearerTokens: readonly { readonly name: string; readonly token: Secret }[];
  readonly jwt?: JwtSettings;
}

export interface JwtSettings {
  /** The address of the key set, or the set itself as JSON text. */
  readonly keys: { readonly url: string } | { readonly text: string };
  readonly issuer: string;
  readonly audience: string;
  /** Claim that names the user. */
  readonly userClaim: string;
  /** Shortest time between two readings of the key set because of an unknown key. */
  readonly cooldownMs?: number;
}

/** How long the journal keeps what. */
export interface JournalRetention {
  /** Of checks, status changes and uptime. */
  readonly checksMs: number;
  /** Of calls, and of what they are summed up to. */
  readonly callsMs: number;
  /** Of groups of errors, from their last error. */
  readonly errorsMs: number;
  /** Of alerts, from their end, and of actions, markers and definition changes. */
  readonly alertsMs: number;
  /** Of everything on the disk. */
  readonly bytesMax: number;
}

/** How the HTTP API of another program is reached. */
export interface RemoteApi {
  /** Without a slash at its end, without credentials. */
  readonly url: string;
  /** Sent with each request. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly access: RemoteAccess;
  /** How an access token is obtained; undefined without `auth`. */
  readonly oauth?: OAuthSettings;
}

export interface PrometheusSettings {
  readonly api: RemoteApi;
  /** Labels that Prometheus adds to the metrics of this exporter. */
  readonly targetLabels: Readonly<Record<string, string>>;
}

export interface AlertmanagerSettings {
  readonly api: RemoteApi;
  /** Labels that Prometheus adds to the metrics of this exporter. */
  readonly targetLabels: Readonly<Record<string, string>>;
  /** How long a silence outlasts its reason. */
  readonly silenceMarginMs: number;
}
