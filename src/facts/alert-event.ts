import type { EpochMs } from './time.ts';

/** Always fires: a pipeline that no longer delivers it is broken. Its arrival is noted but not stored. */
export const WATCHDOG = 'Watchdog';
/** Prometheus repeats it every few minutes; if it is later than this, something between Prometheus and this service is broken. */
export const WATCHDOG_STALE_MS = 10 * 60_000;

export const ALERT_STATES = ['firing', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** One alert as a notification from Alertmanager showed it. */
export interface AlertEvent {
  readonly fact: 'alert';
  /** Alertmanager's fingerprint of the label set. */
  readonly fingerprint: string;
  /** Empty if the alert has none. */
  readonly alertname: string;
  readonly status: AlertState;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Unix epoch milliseconds. */
  readonly startsAtMs: EpochMs;
  /** Only when resolved. */
  readonly endsAtMs?: EpochMs;
  readonly receivedAtMs: EpochMs;
  readonly receiver: string;
  readonly groupKey: string;
  /** The value that the rule evaluated, if the annotation `value` gives it. */
  readonly value?: number;
  /** The rule in Prometheus; http or https, like the next. */
  readonly generatorUrl?: string;
  /** Alertmanager, as it knows itself. */
  readonly alertmanagerUrl?: string;
}

/** `maintenance` and `auto_…` are also taken by the service itself. */
export const ACTION_KINDS = [
  'acknowledge',
  'auto_disable',
  'auto_enable',
  'check',
  'disable',
  'enable',
  'maintenance',
  'note',
  'restart',
  'silence',
  'test_alert',
  'unsilence',
] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** Silences the alert that it is taken on. */
export const SILENCING_KINDS = ['acknowledge', 'silence'] as const satisfies readonly ActionKind[];
export type SilencingKind = (typeof SILENCING_KINDS)[number];

/** Name of the alert that is sent on request, to see where alerts go. */
export const TEST_ALERT = 'McpTestAlert';
/** Its label that tells one from the others. */
export const TEST_ID_LABEL = 'test_id';
export const TEST_SEVERITIES = ['info', 'warning', 'critical'] as const;
export type TestSeverity = (typeof TEST_SEVERITIES)[number];

/** Somebody, or the service itself, took an action on a server or an alert. */
export interface ActionTaken {
  readonly fact: 'action';
  readonly kind: ActionKind;
  /** Empty if it concerns none, or all. */
  readonly server: string;
  /** Id of the alert in the history, if the action was taken on one. */
  readonly alertId?: number;
  readonly atMs: EpochMs;
  /** Who, as far as it is known. */
  readonly by: string;
  /** The reason, the result or the note; may be empty. */
  readonly text: string;
  /** When it ends by itself; absent if it does not, or has no duration. */
  readonly untilMs?: EpochMs;
}
