import type { AlertFilter, AlertRecord } from '../../facts/ports/alert-store.ts';
import type { ActionTaken, AlertEvent } from '../../facts/alert-event.ts';
import type { Disabling } from '../../facts/disabling.ts';
import type {
  CheckEntry,
  ServerLogFilter,
  ServerLogPage,
  StatusEntry,
} from '../../facts/server-log.ts';
import type { EpochMs } from '../../facts/time.ts';

/** An event of which only the last time counts: a heartbeat arrived, the journal was opened. */
export interface MarkEntry {
  readonly fact: 'mark';
  readonly name: 'watchdog' | 'opened';
  readonly atMs: number;
}

export type JournalEntry = CheckEntry | StatusEntry | AlertEvent | ActionTaken | MarkEntry;

/** In place of a file: gone with the process. Here, since `node:sqlite` is for the thread alone. */
export const IN_MEMORY = ':memory:';

/** What the journal holds of one kind (`kind` label of `mcp_exporter_journal_rows`). */
export type JournalRows = Readonly<
  Record<'checks' | 'status_changes' | 'alerts' | 'actions', number>
>;

export interface JournalStats {
  readonly rows: JournalRows;
  /** Of its files. */
  readonly sizeBytes: number;
  /** Free space on their disk; absent in memory, or if it is unknown. */
  readonly freeBytes?: number;
}

/** Sent by the thread once, after it has opened the database or failed to. */
export type JournalOpening =
  | {
      readonly ok: true;
      readonly stats: JournalStats;
      readonly watchdogAtMs?: EpochMs;
      /** Where a damaged database was put. */
      readonly movedTo?: string;
    }
  | { readonly ok: false; readonly message: string };

/** Each question with its answer. */
export interface Questions {
  write: { ask: { readonly entries: readonly JournalEntry[] }; answer: null };
  findDisablings: { ask: null; answer: readonly Disabling[] };
  /** In place of all that are kept. */
  saveDisablings: { ask: readonly Disabling[]; answer: null };
  saveNote: { ask: ActionTaken & { readonly alertId: number }; answer: boolean };
  findAlerts: { ask: AlertFilter; answer: readonly AlertRecord[] };
  findServerLog: { ask: ServerLogFilter; answer: ServerLogPage };
  /** One step. @returns whether there is more to take away */
  prune: { ask: { readonly nowMs: number }; answer: boolean };
  close: { ask: null; answer: null };
}
export type QuestionName = keyof Questions;

export type WorkerQuestion = {
  [Name in QuestionName]: {
    readonly id: number;
    readonly name: Name;
    readonly ask: Questions[Name]['ask'];
  };
}[QuestionName];

export interface WorkerAnswer {
  readonly id: number;
  readonly result:
    | { readonly ok: true; readonly value: unknown }
    /** `isPassing`: the same may work later. */
    | { readonly ok: false; readonly message: string; readonly isPassing: boolean };
  /** After it; absent once it is closed. */
  readonly stats?: JournalStats;
  /** Where a database was put that proved damaged. */
  readonly movedTo?: string;
}
