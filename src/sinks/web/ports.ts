import type { IncomingMessage } from 'node:http';
import type { AlertFilter, AlertRecord, Received } from '../../facts/ports/alert-store.ts';
import type { ActionTaken } from '../../facts/alert-event.ts';
import type { CheckReport } from '../../facts/check-report.ts';
import type { Disabling, Switched } from '../../facts/disabling.ts';
import type { Hub } from '../../facts/facts.ts';
import type { Secret } from '../../facts/secret.ts';
import type { JournalState, ServerLogFilter, ServerLogPage } from '../../facts/server-log.ts';
import type { WebAccess } from '../../facts/web-config.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { ServerDetail, ServerView } from '../../facts/ports/server-view.ts';
import type { EpochMs } from '../../facts/time.ts';

/** The watched servers; a prober fits. */
export interface ServerSource {
  views(): readonly ServerView[];
  detail(name: string): ServerDetail | undefined;
  /** Nothing for a server that is unknown, disabled or cannot be checked. */
  checkNow(name: string, options: { readonly deep: boolean }): Promise<CheckReport | undefined>;
  /** Checks that are due and wait for a free slot. */
  queueSize(): number;
  connectivitySuspected(): boolean;
}

/** A rendered metrics page. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

export interface MetricsSource {
  render(accept: string | undefined): Promise<MetricsPage>;
}

export interface ConfigStatus {
  readonly lastReloadSuccessful: boolean;
  /** Unix epoch milliseconds; absent before the first load ended. */
  readonly lastReloadAtMs?: EpochMs;
  /** On failure every mistake, one a line. */
  readonly message: string;
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly detail: string;
}

export interface ConfigSource {
  status(): ConfigStatus;
  reload(): Promise<ReloadResult>;
}

/** What `/probe` was asked to check. */
export type ProbeTarget =
  { readonly kind: 'name'; readonly name: string } | { readonly kind: 'url'; readonly url: string };

/** `handshake`: connect and say hello; `full`: lists and the synthetic call as well. */
export const PROBE_MODULES = ['handshake', 'full'] as const;
export type ProbeModule = (typeof PROBE_MODULES)[number];

export interface ProbeRequest {
  readonly target: ProbeTarget;
  readonly module: ProbeModule;
  /** Aborted at the deadline and when the asker goes away. */
  readonly signal: AbortSignal;
  readonly accept: string | undefined;
}

export interface ProbeAnswer {
  readonly reports: readonly CheckReport[];
  /** From a registry of this request's own. */
  readonly metricsPage: MetricsPage;
}

/** Checks one target on a connection of its own. */
export interface ProbeSource {
  /** Whether targets that are URLs, not configured names, may be asked for. */
  allowsUrlTargets(): boolean;
  /** The time one check of `target` may take by its own settings; nothing for an unknown name. */
  timeoutMs(target: ProbeTarget): number | undefined;
  /** Never rejects for a failing server; resolves soon after `signal` aborts. */
  probeOnce(request: ProbeRequest): Promise<ProbeAnswer>;
}

/** What is known of alerts, and what people did; an alert history fits. */
export interface AlertSource {
  /** Takes one of Alertmanager's notifications. Rejects where it cannot be kept. */
  receive(payload: unknown): Promise<Received>;
  /** Newest first. Rejects where the journal does not answer. */
  find(filter: AlertFilter): Promise<readonly AlertRecord[]>;
  /** @returns whether there is such an alert. Rejects where it cannot be kept. */
  addNote(note: {
    readonly id: number;
    readonly by: string;
    readonly text: string;
  }): Promise<boolean>;
  noteAction(action: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>): void;
  /** Unix epoch milliseconds. */
  watchdogHeardAtMs(): EpochMs | undefined;
}

/** Disables and enables servers; a server switch fits. */
export interface SwitchSource {
  /** Nothing for a server that is not disabled by hand. */
  find(server: string): Disabling | undefined;
  /** Never rejects. */
  disable(server: string, order: SwitchOrder): Promise<Switched>;
  enable(server: string, order: SwitchOrder): Promise<Switched>;
}

export interface SwitchOrder {
  readonly by: string;
  /** May be empty. */
  readonly reason: string;
}

/** What was kept of servers. */
export interface JournalSource {
  state(): JournalState;
  /** Rejects where the journal does not answer. */
  findServerLog(filter: ServerLogFilter): Promise<ServerLogPage>;
}

/** Message last, fields first, as pino takes them. */
export interface HttpLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A web configuration file in effect: who may read, and who proved who they are and so may change something. */
export interface WebSource {
  /** Whether somebody can prove who they are, so that being on this machine is not enough any more. */
  readonly hasClients: boolean;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Never rejects. */
  check(request: IncomingMessage): Promise<WebAccess>;
}

export interface HttpAppDeps {
  readonly version: string;
  /** The host that the listener is bound to: on a loopback one, requests must name a loopback host. */
  readonly listenHost: string;
  /** Without one, changes are taken from this machine only. */
  readonly adminToken?: Secret;
  /** Without one, notifications of alerts are taken from this machine only. */
  readonly alertToken?: Secret;
  readonly web?: WebSource;
  readonly clock: Clock;
  readonly log: HttpLog;
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly servers: ServerSource;
  readonly alerts: AlertSource;
  readonly switches: SwitchSource;
  readonly journal: JournalSource;
  readonly metrics: MetricsSource;
  readonly config: ConfigSource;
  readonly probe: ProbeSource;
  /** Whether the first configuration was applied. */
  isReady(): boolean;
  /** Aborted when the service stops: event streams end, so that the listener can close. */
  readonly stopping: AbortSignal;
}
