/** What is true now. Views are pulled: they are read when something is shown or decided. */
import type {
  CallChartFilter,
  CallChartPoint,
  CallFilter,
  CallPage,
  CallSummary,
  CallSummaryFilter,
} from '../call-log.ts';
import type { GatewayLoad } from '../call-record.ts';
import type { Disabling } from '../disabling.ts';
import type { ErrorFilter, ErrorGroupPage } from '../error-log.ts';
import type {
  ActionFilter,
  ActionLogEntry,
  DefinitionEntry,
  DefinitionFilter,
  EventPage,
  Marker,
  MarkerEntry,
  MarkerFilter,
} from '../event-log.ts';
import type { ActiveMaintenance, PlannedWindow } from '../maintenance.ts';
import type { ServerUptime, UptimeFilter } from '../server-uptime.ts';
import type {
  CheckChartFilter,
  CheckChartPoint,
  JournalState,
  ServerLogFilter,
  ServerLogPage,
} from '../server-log.ts';
import type { EpochMs } from '../time.ts';
import type { AlertFilter, AlertRecord } from './alert-store.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { ServerDetail, ServerView } from './server-view.ts';

/** The watched servers. */
export interface ServerViews {
  views(): readonly ServerView[];
  detail(name: string): ServerDetail | undefined;
  /** Checks that are due and wait for a free slot. */
  queueSize(): number;
  connectivitySuspected(): boolean;
  /** Whether the exporter itself is late with its checks. */
  isLate(): boolean;
  /** What the children of stdio servers use now. */
  processUsage(): readonly { readonly server: string; readonly usage: ProcessUsage }[];
}

/** Traces. */
export interface SamplingViews {
  /** Whether a trace that begins now is sampled. */
  sample(): boolean;
}

export interface GatewayViews {
  /** What is open now. */
  load(): readonly GatewayLoad[];
}

/** The history of alerts. */
export interface AlertViews {
  /** Newest first. Rejects if the journal does not answer. */
  find(filter: AlertFilter): Promise<readonly AlertRecord[]>;
  /** When the last heartbeat of Alertmanager arrived; `undefined` before the first. */
  watchdogHeardAtMs(): EpochMs | undefined;
}

export interface SwitchViews {
  /** `undefined` if the server is not disabled, or only in the configuration. */
  find(server: string): Disabling | undefined;
}

export interface MaintenanceViews {
  /** `undefined` if the server is in no maintenance window now. */
  findActive(server: string): ActiveMaintenance | undefined;
  /** Those that have not ended, by the start of their current or next occurrence. */
  windows(): readonly PlannedWindow[];
}

/** What is stored about servers. */
export interface JournalViews {
  state(): JournalState;
  /** Like all that follow: rejects if the journal does not answer. */
  findServerLog(filter: ServerLogFilter): Promise<ServerLogPage>;
  /** Oldest first. */
  chartChecks(filter: CheckChartFilter): Promise<readonly CheckChartPoint[]>;
  findCalls(filter: CallFilter): Promise<CallPage>;
  summarizeCalls(filter: CallSummaryFilter): Promise<readonly CallSummary[]>;
  chartCalls(filter: CallChartFilter): Promise<readonly CallChartPoint[]>;
  findErrors(filter: ErrorFilter): Promise<ErrorGroupPage>;
  findDefinitionChanges(filter: DefinitionFilter): Promise<EventPage<DefinitionEntry>>;
  findMarkers(filter: MarkerFilter): Promise<EventPage<MarkerEntry>>;
  findActions(filter: ActionFilter): Promise<EventPage<ActionLogEntry>>;
  /** By name. */
  findUptime(filter: UptimeFilter): Promise<readonly ServerUptime[]>;
}

/** Where markers are kept. */
export interface MarkerStore {
  /** Resolves with its id when it is committed; rejects if it may not be. */
  saveMarker(marker: Marker): Promise<number>;
}

/** What the journal holds, and what it lost. */
export interface JournalUsage {
  /** Absent if the journal is disabled. */
  readonly isUp?: boolean;
  /** By kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly sizeBytes: number;
  /** On its disk; absent if unknown. */
  readonly freeBytes?: number;
  /** Entries lost since the start. */
  readonly dropped: number;
  readonly writeErrors: number;
}

export interface JournalUsageViews {
  usage(): JournalUsage;
}

export interface LogViews {
  /** Lines lost since the start. */
  dropped(): number;
}

/** An export to a collector. */
export interface ExportViews {
  /** Batches that failed since the start. */
  failures(): number;
}

export interface ConfigStatus {
  readonly lastReloadSuccessful: boolean;
  /** Absent before the first load ended. */
  readonly lastReloadAtMs?: EpochMs;
  /** On failure every mistake, one a line. */
  readonly message: string;
}

export interface ConfigViews {
  status(): ConfigStatus;
}

/** A rendered page of metrics, ready to be sent. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}
