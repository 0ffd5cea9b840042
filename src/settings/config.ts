import type { AlertingConfig } from '../facts/alerting.ts';
import type { MaintenanceWindow } from '../facts/maintenance.ts';
import type { RateLimit } from '../facts/rules/rate-limit.ts';
import type { Secret } from '../facts/secret.ts';
import type { ServerSpec } from '../facts/server.ts';
import type {
  AlertmanagerSettings,
  AuthenticationSettings,
  JournalRetention,
  ListenAddress,
  LogFileSettings,
  OtlpLogSettings,
  PrometheusSettings,
  TracingSettings,
} from '../facts/service-settings.ts';
import type { UserAlert } from '../facts/user-alert.ts';
import type { WebConfig } from '../facts/web-config.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['auto', 'json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface GatewayConfig {
  /** Undefined if the gateway is off. */
  readonly listen?: ListenAddress;
  /** Lower case, as in a `Host` header: with a port or for every port, `*.` for all below. */
  readonly allowedHosts: readonly string[];
  /** Lower case, as in an `Origin` header. */
  readonly allowedOrigins: readonly string[];
  readonly bodyBytesMax: number;
  readonly sessionIdleMs: number;
  readonly authentication?: AuthenticationSettings;
  readonly rateLimit?: RateLimit;
}

export interface JournalConfig extends JournalRetention {
  /** Undefined if no journal is kept. */
  readonly path?: string;
}

/** The settings: what the files say, checked and frozen. They print with every secret masked. */
export interface Config {
  readonly listen: ListenAddress;
  readonly gateway: GatewayConfig;
  readonly servers: readonly ServerSpec[];
  readonly probe: { readonly concurrency: number; readonly allowUrlTargets: boolean };
  readonly admin: { readonly token?: Secret; readonly tokenFile?: string };
  readonly log: {
    readonly level: LogLevel;
    readonly format: LogFormat;
    /** Whether each call through the gateway is logged. */
    readonly access: boolean;
    /** Whether each run of a tool has a line of its own. */
    readonly plugin: boolean;
    readonly file?: LogFileSettings;
    readonly otlp?: OtlpLogSettings;
  };
  readonly audit: {
    /** Whether calls are kept in the journal. */
    readonly journal: boolean;
    /** Successful calls per second that are kept one by one; those beyond are summed up. */
    readonly callsPerSecond: number;
    readonly arguments: boolean;
    readonly redactKeys: readonly string[];
  };
  readonly metrics: { readonly toolHistogram: boolean; readonly otelHistograms: boolean };
  readonly tracing: TracingSettings;
  /** The user's own alerts. */
  readonly alerts: readonly UserAlert[];
  readonly alertRulesFile: string;
  /** Undefined if Alertmanager is configured manually. */
  readonly alerting?: AlertingConfig;
  /** Undefined if the API of Alertmanager is not used. */
  readonly alertmanager?: AlertmanagerSettings;
  /** Undefined if Prometheus is not asked. */
  readonly prometheus?: PrometheusSettings;
  readonly maintenance: readonly MaintenanceWindow[];
  readonly journal: JournalConfig;
  readonly alertWebhook: { readonly token?: Secret };
  readonly markers: { readonly token?: Secret };
  /** The content of `webConfigFile`. */
  readonly web?: WebConfig;
  /** Values of the keys that take effect at the next start only; see {@link findRestartChanges}. */
  readonly atStart: Readonly<Record<string, unknown>>;
}
