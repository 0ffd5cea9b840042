/** One alert as one of Alertmanager's notifications showed it. */
export interface AlertEvent {
  readonly fact: 'alert';
  /** Alertmanager's identity of the label set. */
  readonly fingerprint: string;
  readonly alertname: string;
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Unix epoch milliseconds. */
  readonly startsAtMs: number;
  /** Only when resolved. */
  readonly endsAtMs?: number;
  readonly receivedAtMs: number;
  readonly receiver: string;
  readonly groupKey: string;
  /** The value that the rule saw, where its annotations say it. */
  readonly value?: number;
}

/** Somebody did something about a server or an alert. */
export const ACTION_KINDS = ['check', 'disable', 'enable', 'note'] as const;
export type ActionKind = (typeof ACTION_KINDS)[number];

export interface ActionTaken {
  readonly fact: 'action';
  readonly kind: ActionKind;
  /** Empty for a note on an alert that names no server. */
  readonly server: string;
  /** Id of the alert in the history, where it was done for one. */
  readonly alertId?: number;
  readonly atMs: number;
  /** Who, as far as it is known. */
  readonly by: string;
  readonly text: string;
}
