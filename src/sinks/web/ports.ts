import type { IncomingMessage } from 'node:http';
import type { CheckReport } from '../../facts/check-report.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type {
  AlertCommands,
  AlertmanagerCommands,
  CheckCommands,
  MaintenanceCommands,
  ReloadCommands,
  RestartCommands,
  SwitchCommands,
} from '../../facts/ports/commands.ts';
import type {
  AlertViews,
  ConfigViews,
  GatewayViews,
  JournalViews,
  MaintenanceViews,
  MarkerStore,
  MetricsPage,
  ServerViews,
  SwitchViews,
} from '../../facts/ports/views.ts';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import type { Secret } from '../../facts/secret.ts';
import type { WebAccess } from '../../facts/web-config.ts';

export interface MetricsSource {
  render(accept: string | undefined): Promise<MetricsPage>;
}

/** What `/probe` is to check. */
export type ProbeTarget =
  { readonly kind: 'name'; readonly name: string } | { readonly kind: 'url'; readonly url: string };

/** `handshake`: connect and do the handshake; `full`: lists and the synthetic call as well. */
export const PROBE_MODULES = ['handshake', 'full'] as const;
export type ProbeModule = (typeof PROBE_MODULES)[number];

export interface ProbeRequest {
  readonly target: ProbeTarget;
  readonly module: ProbeModule;
  /** Aborted at the deadline and when the caller disconnects. */
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
  /** Whether URLs may be probed, not only configured servers. */
  allowsUrlTargets(): boolean;
  /** The timeout in the settings of `target`; `undefined` for an unknown name. */
  timeoutMs(target: ProbeTarget): number | undefined;
  /** Never rejects for a failing server; resolves soon after `signal` aborts. */
  probeOnce(request: ProbeRequest): Promise<ProbeAnswer>;
}

/** Message last, fields first, as pino takes them. */
export interface HttpLog {
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** A web configuration file in effect: who may read, and who authenticated and so may make changes. */
export interface WebSource {
  /** Whether clients can authenticate, so that being on this machine is not enough to make changes. */
  readonly hasClients: boolean;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Never rejects. */
  check(request: IncomingMessage): Promise<WebAccess>;
}

/** The Prometheus that scrapes this exporter. */
export interface PrometheusSource {
  readonly api: HttpApi;
  /** Labels that it adds to the metrics of this exporter. */
  readonly targetLabels: Readonly<Record<string, string>>;
}

/** Base URLs of other programs for the readers of pages, without a slash at the end. */
export interface OutsideUrls {
  readonly grafana?: string;
  readonly jaeger?: string;
}

export interface HttpAppDeps {
  readonly version: string;
  /** The host that the listener is bound to: on a loopback one, requests must name a loopback host. */
  readonly listenHost: string;
  /** Of this process: requests that it made itself are refused. */
  readonly instance?: string;
  /** Without one, changes are accepted only from this machine, if the listener is on loopback. */
  readonly adminToken?: Secret;
  /** Where it was read from, for people who look for it. */
  readonly adminTokenFile?: string;
  /** Without one, alert notifications are accepted only from this machine, if the listener is on loopback. */
  readonly alertToken?: Secret;
  /** May add markers and nothing else. */
  readonly markerToken?: Secret;
  readonly web?: WebSource;
  readonly clock: Clock;
  readonly log: HttpLog;
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly servers: Omit<ServerViews, 'processUsage'> & CheckCommands;
  readonly alerts: AlertViews & AlertCommands;
  /** Absent without `alertmanager` in the configuration. */
  readonly alertmanager?: AlertmanagerCommands;
  readonly switches: SwitchViews & SwitchCommands;
  readonly maintenance: MaintenanceViews & MaintenanceCommands;
  readonly restarts: RestartCommands;
  readonly journal: JournalViews;
  readonly gateway: GatewayViews;
  readonly markers: MarkerStore;
  readonly metrics: MetricsSource;
  readonly prometheus?: PrometheusSource;
  readonly outsideUrls: OutsideUrls;
  readonly config: ConfigViews & ReloadCommands;
  readonly probe: ProbeSource;
  /** Whether the first configuration was applied. */
  isReady(): boolean;
  /** Aborted when the service stops: event streams end, so that the listener can close. */
  readonly stopping: AbortSignal;
}
