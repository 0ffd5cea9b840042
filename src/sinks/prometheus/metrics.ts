import process from 'node:process';
import { UNKNOWN_SERVER } from '../../facts/rules/call-labels.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { ServerAdded } from '../../facts/server-facts.ts';
import type { ServerSpec } from '../../facts/server.ts';
import {
  GLOBAL_METRICS,
  METRICS_PAGE,
  PER_GATEWAY_SERVER_METRICS,
  selectMetrics,
} from '../../catalog/catalog.ts';
import { requestDuration, requestErrors, requests } from '../../catalog/gateway.ts';
import { WIRE_LABELS, type WireLabel } from '../../catalog/self.ts';
import { serverInfo } from '../../catalog/server.ts';
import { userCost } from '../../catalog/usage.ts';
import type { AlertViews, GatewayViews, ServerViews } from '../../facts/ports/views.ts';
import { createFamilies, type Families } from './create-families.ts';
import { createAlertsRecorder, type JournalUsage } from './record-alerts.ts';
import { createRenderQueue } from './create-render-queue.ts';
import { createGatewaySeries, type GatewaySeries } from './gateway-series.ts';
import type { MetricsPage } from './metrics-page.ts';
import { type ExpositionFormat, negotiateFormat } from './negotiate-format.ts';
import { createRequestRecorder } from './record-requests.ts';
import { createSelfRecorder } from './record-self.ts';
import { createUsersRecorder } from './record-users.ts';
import { type PageSource, renderPage } from './render-page.ts';
import { createRuntimeRegistry } from './runtime-registry.ts';
import { createServerBanks } from './server-banks.ts';
import { createServerSeries, type ServerSeries } from './server-series.ts';
import { createSystemUsage, createSystemUsageSources, type SystemUsage } from './system-usage.ts';

/** Renderings of one page; more only when servers keep coming and going while it is written. */
const ATTEMPTS_MAX = 3;

export interface MetricsOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Of the exporter. */
  readonly version: string;
  readonly nodeVersion?: string;
  /** What the children of stdio servers use now; read once per rendering. */
  readonly processUsage?: ServerViews['processUsage'];
  /** Log lines lost since the start. */
  readonly logDropped?: () => number;
  readonly systemUsage?: () => SystemUsage;
  /** Metrics of the Node.js process. They are collected until the process ends: on for one instance only. */
  readonly runtimeMetrics?: boolean;
  /** Whether the gateway is on: without it no server has its series. */
  readonly gateway?: boolean;
  /** Whether the latency of calls is told apart by tool; on unless said otherwise. */
  readonly toolHistogram?: boolean;
  /** The histograms of the OpenTelemetry conventions as well. */
  readonly otelHistograms?: boolean;
  /** What is open at the gateway now; read once per rendering. */
  readonly gatewayLoad?: GatewayViews['load'];
  /** Exports to a trace collector that failed since the start. */
  readonly traceExportFailures?: () => number;
  /** The same for log records. */
  readonly logExportFailures?: () => number;
  /** Read once per rendering; nothing where there is no journal. */
  readonly journal?: () => JournalUsage;
  /** Unix epoch milliseconds; nothing before the first time. */
  readonly watchdogHeardAtMs?: AlertViews['watchdogHeardAtMs'];
}

export interface Metrics {
  /** The page, in the format that the `Accept` header asks for. */
  render(accept: string | undefined): Promise<MetricsPage>;
  /** The gateway sends one request to this server. */
  countUpstreamRequest(server: string): void;
  /** These alerts of the configuration get a name of their own. */
  nameAlerts(names: readonly string[]): void;
  /** Stops listening to facts. */
  stop(): void;
}

interface ServerEntry {
  readonly series: ServerSeries;
  readonly gateway: (GatewaySeries & { readonly families: Families }) | undefined;
  leave(): void;
}

/** Turns the hub's facts into the metrics of the catalog. Subscribe it before the first server is added. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { hub, clock } = options;
  const parts = {
    gateway: options.gateway === true,
    otelHistograms: options.otelHistograms === true,
  };
  const shown = selectMetrics(METRICS_PAGE, parts);
  const perGatewayServer = selectMetrics(PER_GATEWAY_SERVER_METRICS, parts);
  const global = createFamilies(selectMetrics(GLOBAL_METRICS, parts));
  const runtime = options.runtimeMetrics === false ? [] : [{ registry: createRuntimeRegistry() }];
  const banks = createServerBanks();
  const servers = new Map<string, ServerEntry>();
  const systemUsage =
    options.systemUsage ?? createSystemUsage(createSystemUsageSources(() => clock.monotonicMs()));
  const self = createSelfRecorder({
    families: global,
    shown,
    version: options.version,
    nodeVersion: options.nodeVersion ?? process.version,
    startedAtMs: clock.nowMs(),
  });
  const alerts = createAlertsRecorder(global);
  const shortenings = Object.fromEntries(
    WIRE_LABELS.map((label) => [label, self.foldings(serverInfo, label)]),
  ) as Readonly<Record<WireLabel, () => void>>;
  const users = parts.gateway
    ? createUsersRecorder(global, self.foldings(userCost, 'user'))
    : undefined;
  const strangers = parts.gateway ? createStrangers() : undefined;
  /** Grows with each server that comes or goes. */
  let membership = 0;

  /** Requests to names that are not configured count too, under no name of their own. */
  function createStrangers() {
    const families = createFamilies([requests, requestErrors, requestDuration]);
    const recorder = createRequestRecorder({
      families,
      server: UNKNOWN_SERVER,
      toolHistogram: false,
      onOperationFolded: self.foldings(requests, 'operation'),
    });
    return { registry: families.registry, recorder };
  }

  function addServer(added: ServerAdded): void {
    const { server } = added;
    removeServer(server.name);
    const seat = banks.join();
    servers.set(server.name, {
      series: createServerSeries(seat.families, added, (label) => shortenings[label]()),
      gateway: parts.gateway && server.gateway.enabled ? addGatewayServer(server) : undefined,
      leave: seat.leave,
    });
    membership += 1;
  }

  function addGatewayServer(server: ServerSpec): GatewaySeries & { families: Families } {
    const families = createFamilies(perGatewayServer);
    const series = createGatewaySeries({
      families,
      server,
      toolHistogram: options.toolHistogram !== false,
      otelHistograms: parts.otelHistograms,
      foldings: self.foldings,
      onUserCharged: (userHash, costUsd) => users?.charged(userHash, costUsd),
    });
    return { ...series, families };
  }

  function removeServer(name: string): void {
    const entry = servers.get(name);
    if (!entry) return;
    entry.series.remove();
    entry.leave();
    servers.delete(name);
    membership += 1;
  }

  function recordCall(call: CallRecord): void {
    // Calls may end after their server was removed: they have no series to go to any more.
    if (call.server === UNKNOWN_SERVER) strangers?.recorder.record(call, '');
    else servers.get(call.server)?.gateway?.record(call);
  }

  function record(fact: Fact): void {
    switch (fact.fact) {
      case 'call':
        recordCall(fact);
        return;
      case 'server_added':
        addServer(fact);
        return;
      case 'server_removed':
        removeServer(fact.server);
        return;
      case 'connectivity':
        self.connectivityChanged(fact);
        return;
      case 'reload':
        self.reloaded(fact);
        return;
      case 'probe': {
        self.checkStarted(fact.lagMs);
        const entry = servers.get(fact.server);
        entry?.series.record(fact);
        if (fact.report.snapshot) entry?.gateway?.snapshot(fact.report.snapshot);
        return;
      }
      case 'alert':
        alerts.notified(fact);
        return;
      // What people did is in the journal and the log.
      case 'action':
        return;
      case 'auth':
        users?.attempted(fact);
        return;
      case 'rate_limit':
        users?.rateLimited(fact);
        return;
      case 'session':
        servers.get(fact.server)?.gateway?.sessionEnded(fact);
        return;
      case 'disagreement':
        servers.get(fact.server)?.gateway?.disagrees(fact.disagrees);
        return;
      case 'status':
      case 'definitions':
      case 'child_start':
      case 'child_exit':
        // A check may end after its server was removed: what it found then has no series to go to.
        servers.get(fact.server)?.series.record(fact);
    }
  }

  function readUsage(): void {
    const usages = new Map(
      (options.processUsage?.() ?? []).map(({ server, usage }) => [server, usage]),
    );
    for (const [name, { series }] of servers) series.processUsage(usages.get(name));
    self.usage(systemUsage(), {
      logLines: options.logDropped?.() ?? 0,
      traceExports: options.traceExportFailures?.() ?? 0,
      logExports: options.logExportFailures?.() ?? 0,
    });
    if (options.journal) alerts.journal(options.journal());
    alerts.watchdog(options.watchdogHeardAtMs?.());
  }

  function pageSources(): readonly PageSource[] {
    const loads = Map.groupBy(options.gatewayLoad?.() ?? [], ({ server }) => server);
    const behindGateway = [...servers].flatMap(([name, { gateway }]) => {
      if (!gateway) return [];
      const beforeRead = () => gateway.flush(clock.nowMs(), loads.get(name) ?? []);
      return [{ registry: gateway.families.registry, beforeRead }];
    });
    const others = strangers
      ? [{ registry: strangers.registry, beforeRead: () => strangers.recorder.flush() }]
      : [];
    const flushGlobal = () => {
      self.flush();
      users?.flush();
    };
    return [
      ...banks.registries().map((registry) => ({ registry })),
      ...behindGateway,
      ...others,
      { registry: global.registry, beforeRead: flushGlobal },
      ...runtime,
    ];
  }

  /** A server that moved between registries while the page was written could be on it twice or not at all: write it anew. */
  async function renderWhole(format: ExpositionFormat): Promise<string> {
    readUsage();
    for (let attempt = 1; ; attempt += 1) {
      const before = membership;
      const body = await renderPage(shown, pageSources(), format);
      if (before === membership || attempt === ATTEMPTS_MAX) return body;
    }
  }

  const renderShared = createRenderQueue(renderWhole);
  const unsubscribe = hub.subscribe(record);

  return {
    async render(accept) {
      const { format, contentType } = negotiateFormat(accept);
      return { contentType, body: await renderShared(format) };
    },
    countUpstreamRequest(server) {
      servers.get(server)?.gateway?.upstreamRequest();
    },
    nameAlerts: alerts.own,
    stop() {
      unsubscribe();
    },
  };
}
