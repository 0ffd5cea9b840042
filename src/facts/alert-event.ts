import type { EpochMs } from './time.ts';

/** Fires always; a pipeline that no longer delivers it is broken. It is heard, not kept. */
export const WATCHDOG = 'Watchdog';
/** Prometheus sends it on every few minutes; later than this, something between it and us is broken. */
export const WATCHDOG_STALE_MS = 10 * 60_000;

export const ALERT_STATES = ['firing', 'resolved'] as const;
export type AlertState = (typeof ALERT_STATES)[number];

/** One alert as one of Alertmanager's notifications showed it. */
export interface AlertEvent {
  readonly fact: 'alert';
  /** Alertmanager's identity of the label set. */
  readonly fingerprint: string;
  /** Empty where the alert has none. */
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
  /** What the rule saw, where an annotation `value` says it. */
  readonly value?: number;
}

export const ACTION_KINDS = ['check', 'disable', 'enable', 'note'] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

/** Somebody did something about a server or an alert. */
export interface ActionTaken {
  readonly fact: 'action';
  readonly kind: ActionKind;
  /** Empty for a note on an alert that names no server. */
  readonly server: string;
  /** Id of the alert in the history, where it was done for one. */
  readonly alertId?: number;
  readonly atMs: EpochMs;
  /** Who, as far as it is known. */
  readonly by: string;
  readonly text: string;
}
