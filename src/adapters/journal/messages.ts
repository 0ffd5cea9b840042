import type { AlertFilter, AlertRecord } from '../../alerts/ports.ts';
import type { ActionTaken, AlertEvent } from '../../domain/alert-event.ts';

/** Result of a check, as it is kept. */
export interface CheckEntry {
  readonly fact: 'check';
  readonly atMs: number;
  readonly server: string;
  readonly kind: string;
  readonly outcome: string;
  readonly detail: string;
  readonly durationMs: number;
  readonly status: string;
}

export interface StatusEntry {
  readonly fact: 'status';
  readonly atMs: number;
  readonly server: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export type JournalEntry = CheckEntry | StatusEntry | AlertEvent | ActionTaken;

/** What the journal holds of one kind (`kind` label of `mcp_exporter_journal_rows`). */
export const JOURNAL_KINDS = ['checks', 'status_changes', 'alerts', 'actions'] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

export interface Retention {
  readonly checksMs: number;
  readonly alertsMs: number;
  readonly bytesMax: number;
}

export interface ServerLogFilter {
  readonly server: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly limit: number;
}

export interface JournalStats {
  readonly rows: Readonly<Record<JournalKind, number>>;
  readonly sizeBytes: number;
}

/** Each question with its answer. */
export interface Questions {
  write: { ask: { readonly entries: readonly JournalEntry[] }; answer: null };
  findAlerts: { ask: AlertFilter; answer: readonly AlertRecord[] };
  findServerLog: {
    ask: ServerLogFilter;
    answer: readonly (CheckEntry | StatusEntry)[];
  };
  stats: { ask: null; answer: JournalStats };
  prune: { ask: Retention & { readonly nowMs: number }; answer: null };
  close: { ask: null; answer: null };
}
export type QuestionName = keyof Questions;

export type Question = {
  [Name in QuestionName]: {
    readonly id: number;
    readonly name: Name;
    readonly ask: Questions[Name]['ask'];
  };
}[QuestionName];

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly message: string };
