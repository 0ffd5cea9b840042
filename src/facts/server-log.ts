import type { ActionKind } from './alert-event.ts';
import type { EpochMs } from './time.ts';

/** What happened with one server, as it is kept. Times are Unix epoch milliseconds. */
export type ServerLogEntry = CheckEntry | StatusEntry | ActionEntry;

/** Result of a check. */
export interface CheckEntry {
  readonly fact: 'check';
  readonly atMs: EpochMs;
  readonly server: string;
  readonly kind: string;
  readonly outcome: string;
  readonly detail: string;
  readonly durationMs: number;
  /** Of the server after it. */
  readonly status: string;
}

export interface StatusEntry {
  readonly fact: 'status';
  readonly atMs: EpochMs;
  readonly server: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface ActionEntry {
  readonly fact: 'action';
  readonly atMs: EpochMs;
  readonly server: string;
  readonly kind: ActionKind;
  readonly by: string;
  readonly text: string;
}

export const SERVER_LOG_FACTS = ['check', 'status', 'action'] as const;
export type ServerLogFact = (typeof SERVER_LOG_FACTS)[number];

export interface ServerLogFilter {
  readonly server: string;
  /** All of them where it is left out. */
  readonly facts?: readonly ServerLogFact[];
  /** Status after the check or the change; leaves actions out. */
  readonly statuses?: readonly string[];
  /** Part of the text, case ignored for ASCII letters. */
  readonly search?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly limit: number;
}

/** Newest first. */
export interface ServerLogPage {
  readonly entries: readonly ServerLogEntry[];
  /** Absent on the last page. */
  readonly next?: string;
}

/** Whether events are kept. */
export interface JournalState {
  /** `off`: by the configuration. `starting`: not opened yet. `failed`: it cannot be used now, and is tried again. */
  readonly status: 'ok' | 'off' | 'starting' | 'failed';
  /** For a person; never empty. */
  readonly detail: string;
}
