import type { AlertingConfig } from '../facts/alerting.ts';
import type { Secret } from '../facts/secret.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { UserAlert } from '../facts/user-alert.ts';
import type { WebConfig } from '../facts/web-config.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export const TRACE_EXPORTERS = ['none', 'otlp', 'jaeger', 'zipkin'] as const;
export type TraceExporter = (typeof TRACE_EXPORTERS)[number];

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface LogFileConfig {
  readonly path: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

/** Where the lines of the log go as OTLP log records. */
export interface OtlpLogConfig {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, Secret>>;
}

export interface GatewayConfig {
  /** Nothing where the gateway is off. */
  readonly listen?: ListenAddress;
  /** Lower case, as in a `Host` header: with a port or for every port, `*.` for all below. */
  readonly allowedHosts: readonly string[];
  /** Lower case, as in an `Origin` header. */
  readonly allowedOrigins: readonly string[];
  readonly bodyBytesMax: number;
  readonly sessionIdleMs: number;
  readonly authentication?: AuthenticationConfig;
  readonly rateLimit?: RateLimitConfig;
}

export interface AuthenticationConfig {
  readonly bearerTokens: readonly { readonly name: string; readonly token: Secret }[];
  readonly jwt?: JwtConfig;
}

export interface JwtConfig {
  /** Where the key set is, or the set itself as JSON text. */
  readonly keys: { readonly url: string } | { readonly text: string };
  readonly issuer: string;
  readonly audience: string;
  readonly userClaim: string;
}

/** `requests` in `perMs` on average, and `burst` at once, for each client. */
export interface RateLimitConfig {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
}

export interface JournalConfig {
  /** Nothing where it is off. */
  readonly path?: string;
  readonly checksMs: number;
  readonly alertsMs: number;
  readonly bytesMax: number;
}

export interface TracingConfig {
  readonly exporter: TraceExporter;
  /** Nothing: what is usual for the exporter. */
  readonly endpoint?: string;
  readonly headers: Readonly<Record<string, Secret>>;
  /** 0 to 1. */
  readonly sampleRatio: number;
  readonly serviceName: string;
}

/** What the files say, checked and frozen. It prints with every secret masked. */
export interface Config {
  readonly listen: ListenAddress;
  readonly gateway: GatewayConfig;
  readonly servers: readonly ServerSpec[];
  readonly probe: { readonly concurrency: number; readonly allowUrlTargets: boolean };
  readonly admin: { readonly token?: Secret };
  readonly log: {
    readonly level: LogLevel;
    readonly format: LogFormat;
    /** A line for each call through the gateway. */
    readonly access: boolean;
    readonly file?: LogFileConfig;
    readonly otlp?: OtlpLogConfig;
  };
  readonly audit: { readonly arguments: boolean; readonly redactKeys: readonly string[] };
  readonly metrics: { readonly toolHistogram: boolean; readonly otelHistograms: boolean };
  readonly tracing: TracingConfig;
  /** The user's own, and the rule file that they become. */
  readonly alerts: readonly UserAlert[];
  readonly alertRulesFile: string;
  /** Nothing where Alertmanager is configured by hand. */
  readonly alerting?: AlertingConfig;
  readonly journal: JournalConfig;
  readonly alertWebhook: { readonly token?: Secret };
  /** What `webConfigFile` says. */
  readonly web?: WebConfig;
  /** Values of the keys that take effect at the next start only; see {@link findRestartChanges}. */
  readonly atStart: Readonly<Record<string, unknown>>;
}
