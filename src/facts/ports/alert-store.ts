import type { ActionKind, ActionTaken, AlertEvent, AlertState } from '../alert-event.ts';
import type { EpochMs } from '../time.ts';

/** One alert from its start to its end, with what happened meanwhile. Times are Unix epoch milliseconds. */
export interface AlertRecord {
  readonly id: number;
  readonly fingerprint: string;
  readonly alertname: string;
  readonly server: string;
  readonly gateway: string;
  readonly severity: string;
  readonly summary: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the last firing notification. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAtMs: EpochMs;
  /** Absent while it fires. */
  readonly endsAtMs?: EpochMs;
  /** Whether no notification reported the end, so that it is the next start of the same alert. */
  readonly isEndInferred: boolean;
  /** Of the last notification that contained one. */
  readonly value?: number;
  /** The rule in Prometheus, of the last notification that contained it; http or https, like the next. */
  readonly generatorUrl?: string;
  /** Alertmanager, as it knows itself. */
  readonly alertmanagerUrl?: string;
  readonly notificationCount: number;
  /** The last ones, oldest first. */
  readonly notifications: readonly AlertNotification[];
  /** Notes on it, and what was done about its server while it fired; the last ones, oldest first. */
  readonly actions: readonly AlertAction[];
}

export interface AlertNotification {
  readonly atMs: EpochMs;
  readonly status: AlertState;
  readonly receiver: string;
}

export interface AlertAction {
  readonly atMs: EpochMs;
  readonly kind: ActionKind;
  readonly by: string;
  readonly text: string;
  /** When it ends by itself. */
  readonly untilMs?: EpochMs;
}

export interface AlertFilter {
  readonly id?: number;
  readonly state?: AlertState;
  readonly alertname?: string;
  readonly server?: string;
  /** Those that were active at some moment between the two. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** Only those with a smaller id: the last of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/** What became of a notification. */
export type Received =
  | {
      readonly ok: true;
      readonly alerts: number;
      /** What is wrong with those that could not be read. */
      readonly problems: readonly string[];
      /** Whether they are in the history now: not where none is kept. */
      readonly isKept: boolean;
    }
  | { readonly ok: false; readonly problem: string };

/** Where the history is kept. A promise that resolves means that it is committed; one that rejects, that it may not be. */
export interface AlertStore {
  /** Whether anything is kept at all. */
  readonly isOff: boolean;
  saveAlerts(events: readonly AlertEvent[]): Promise<void>;
  /** @returns whether there is such an alert */
  saveNote(note: ActionTaken & { readonly alertId: number }): Promise<boolean>;
  /** Newest first. */
  findAlerts(filter: AlertFilter): Promise<readonly AlertRecord[]>;
  /** Kept as soon as there is time. */
  noteWatchdog(atMs: EpochMs): void;
  /** As it was kept when the store was opened. */
  watchdogAtMs(): EpochMs | undefined;
}
