import type { ActionKind, ActionTaken, AlertEvent } from '../domain/alert-event.ts';

/** One alert from its start to its end, with what happened meanwhile. */
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
  readonly annotations: Readonly<Record<string, string>>;
  /** Unix epoch milliseconds. */
  readonly startsAtMs: number;
  readonly endsAtMs?: number;
  readonly value?: number;
  readonly notifications: readonly AlertNotification[];
  readonly actions: readonly AlertAction[];
}

export interface AlertNotification {
  readonly atMs: number;
  readonly status: 'firing' | 'resolved';
  readonly receiver: string;
}

export interface AlertAction {
  readonly atMs: number;
  readonly kind: ActionKind;
  readonly by: string;
  readonly text: string;
}

export interface AlertFilter {
  readonly state?: 'firing' | 'resolved';
  readonly alertname?: string;
  readonly server?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** Only those with a smaller id: the last of the page before. */
  readonly before?: number;
  readonly limit: number;
}

/** Where the history is kept. A promise that resolves means that it is committed. */
export interface AlertStore {
  saveAlerts(events: readonly AlertEvent[]): Promise<void>;
  saveAction(action: ActionTaken): Promise<void>;
  /** Newest first. */
  findAlerts(filter: AlertFilter): Promise<readonly AlertRecord[]>;
}
