import type { AlertFilter, AlertRecord } from '../../facts/ports/alert-store.ts';
import type { ActionTaken, AlertEvent } from '../../facts/alert-event.ts';
import type { Disabling } from '../../facts/disabling.ts';
import type { MaintenanceWindow } from '../../facts/maintenance.ts';
import type {
  CheckChartFilter,
  CheckChartPoint,
  CheckEntry,
  ServerLogFilter,
  ServerLogPage,
  StatusEntry,
} from '../../facts/server-log.ts';
import type {
  CallChartFilter,
  CallChartPoint,
  CallFilter,
  CallPage,
  CallSummary,
  CallSummaryFilter,
} from '../../facts/call-log.ts';
import type { ErrorFilter, ErrorGroupPage } from '../../facts/error-log.ts';
import type {
  ActionFilter,
  ActionLogEntry,
  DefinitionEntry,
  DefinitionFilter,
  EventPage,
  Marker,
  MarkerEntry,
  MarkerFilter,
} from '../../facts/event-log.ts';
import type { ServerUptime, UptimeFilter } from '../../facts/server-uptime.ts';
import type { EpochMs } from '../../facts/time.ts';
import type { CallRow } from './call-row.ts';
import type { CallSumRow } from './sum-calls.ts';
import type { DefinitionsEntry } from './write-definitions.ts';
import type { AliveEntry, UptimeEntry } from './uptime-spans.ts';

/** An event of which only the last time is kept: a heartbeat arrived, the journal was opened. */
export interface MarkEntry {
  readonly fact: 'mark';
  readonly name: 'watchdog' | 'opened';
  readonly atMs: number;
}

/** A marker that nobody waits for. */
export interface SetMarkerEntry {
  readonly fact: 'marker';
  readonly marker: Marker;
}

/** Everything but calls, which are more numerous and have a queue of their own. */
export type JournalEntry =
  | CheckEntry
  | StatusEntry
  | AlertEvent
  | ActionTaken
  | MarkEntry
  | AliveEntry
  | UptimeEntry
  | SetMarkerEntry
  | DefinitionsEntry;

/** Instead of a file: lost with the process. Defined here because only the thread may load `node:sqlite`. */
export const IN_MEMORY = ':memory:';

/** What the journal holds of one kind (`kind` label of `mcp_exporter_journal_rows`). */
export type JournalRows = Readonly<
  Record<
    | 'checks'
    | 'status_changes'
    | 'alerts'
    | 'actions'
    | 'calls'
    | 'errors'
    | 'definition_changes'
    | 'markers',
    number
  >
>;

export interface JournalStats {
  readonly rows: JournalRows;
  /** Size of its files. */
  readonly sizeBytes: number;
  /** Free space on their disk; absent in memory, or if it is unknown. */
  readonly freeBytes?: number;
}

/** Sent once by the thread, after it opened the database or failed to. */
export type JournalOpening =
  | {
      readonly ok: true;
      readonly stats: JournalStats;
      readonly watchdogAtMs?: EpochMs;
      /** Where a corrupt database was moved to. */
      readonly movedTo?: string;
    }
  | { readonly ok: false; readonly message: string };

/** Each request with its response. */
export interface Questions {
  write: { ask: { readonly entries: readonly JournalEntry[] }; answer: null };
  /** `errorsOnly`: the calls themselves are not kept. */
  writeCalls: {
    ask: { readonly calls: readonly CallRow[]; readonly errorsOnly: boolean };
    answer: null;
  };
  writeSums: { ask: readonly CallSumRow[]; answer: null };
  findDisablings: { ask: null; answer: readonly Disabling[] };
  /** Replaces all that are stored. */
  saveDisablings: { ask: readonly Disabling[]; answer: null };
  findMaintenance: { ask: null; answer: readonly MaintenanceWindow[] };
  addMaintenance: { ask: MaintenanceWindow; answer: null };
  /** Ids. */
  removeMaintenance: { ask: readonly string[]; answer: null };
  saveNote: { ask: ActionTaken & { readonly alertId: number }; answer: boolean };
  /** @returns its id */
  saveMarker: { ask: Marker; answer: number };
  findAlerts: { ask: AlertFilter; answer: readonly AlertRecord[] };
  findServerLog: { ask: ServerLogFilter; answer: ServerLogPage };
  chartChecks: { ask: CheckChartFilter; answer: readonly CheckChartPoint[] };
  findCalls: { ask: CallFilter; answer: CallPage };
  summarizeCalls: { ask: CallSummaryFilter; answer: readonly CallSummary[] };
  chartCalls: { ask: CallChartFilter; answer: readonly CallChartPoint[] };
  findErrors: { ask: ErrorFilter; answer: ErrorGroupPage };
  findDefinitionChanges: { ask: DefinitionFilter; answer: EventPage<DefinitionEntry> };
  findMarkers: { ask: MarkerFilter; answer: EventPage<MarkerEntry> };
  findActions: { ask: ActionFilter; answer: EventPage<ActionLogEntry> };
  findUptime: {
    ask: UptimeFilter & { readonly nowMs: EpochMs };
    answer: readonly ServerUptime[];
  };
  /** One step. @returns whether there is more to delete */
  prune: { ask: { readonly nowMs: number }; answer: boolean };
  close: { ask: null; answer: null };
}
export type QuestionName = keyof Questions;
/** Questions whose answer only reads. */
export type FindName =
  | 'findAlerts'
  | 'findServerLog'
  | 'chartChecks'
  | 'findDisablings'
  | 'findMaintenance'
  | 'findCalls'
  | 'summarizeCalls'
  | 'chartCalls'
  | 'findErrors'
  | 'findDefinitionChanges'
  | 'findMarkers'
  | 'findActions'
  | 'findUptime';
/** Questions that store something. */
export type SaveName =
  | 'write'
  | 'writeCalls'
  | 'writeSums'
  | 'saveNote'
  | 'saveMarker'
  | 'saveDisablings'
  | 'addMaintenance'
  | 'removeMaintenance';

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
    /** `isPassing`: the request may succeed later. */
    | { readonly ok: false; readonly message: string; readonly isPassing: boolean };
  /** State after the request; absent once the journal is closed. */
  readonly stats?: JournalStats;
  /** Where a database was moved that turned out to be corrupt. */
  readonly movedTo?: string;
}
