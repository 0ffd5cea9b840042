import type { ActionKind } from './alert-event.ts';
import type { EpochMs } from './time.ts';

/** The stored events of one server. Times are milliseconds since the Unix epoch. */
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
  /** Of the server after the check. */
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
  /** All if absent. */
  readonly server?: string;
  /** All of them if omitted. */
  readonly facts?: readonly ServerLogFact[];
  /** Status after the check or the change; excludes actions. */
  readonly statuses?: readonly string[];
  /** Leaves out checks that succeeded. */
  readonly onlyFailedChecks?: boolean;
  /** Part of the text; case is ignored for ASCII letters. */
  readonly search?: string;
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** `next` of the previous page. */
  readonly cursor?: string;
  readonly limit: number;
}

/** Newest first. */
export interface ServerLogPage {
  readonly entries: readonly (ServerLogEntry & { readonly id: string })[];
  /** Entries that pass the filter, regardless of the cursor; at most `EVENTS_COUNTED_MAX` of each kind. */
  readonly total: number;
  /** Absent on the last page. */
  readonly next?: string;
}

export interface CheckChartFilter {
  readonly server: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  readonly bucketMs: number;
}

/** Checks that began within `bucketMs` from `atMs`; buckets without checks are absent. */
export interface CheckChartPoint {
  readonly atMs: EpochMs;
  readonly checks: number;
  readonly failures: number;
  /** Durations of successful steady checks; absent without any. */
  readonly meanMs?: number;
  readonly maxMs?: number;
}

/** Whether events are stored. */
export interface JournalState {
  /** `off`: disabled by the configuration. `starting`: not open yet. `failed`: cannot be used now; opening is retried. */
  readonly status: 'ok' | 'off' | 'starting' | 'failed';
  /** Readable text, never empty. */
  readonly detail: string;
}
