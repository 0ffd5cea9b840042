import process from 'node:process';
import type { Clock } from '../../domain/clock.ts';
import type { Fact, Hub } from '../../domain/facts.ts';
import { GLOBAL_METRICS, METRICS_PAGE } from '../../metrics/catalog.ts';
import type { ProcessUsage } from '../../probe/ports.ts';
import { createFamilies } from './create-families.ts';
import { createRenderQueue } from './create-render-queue.ts';
import type { MetricsPage } from './metrics-page.ts';
import { negotiateFormat } from './negotiate-format.ts';
import type { ExpositionFormat } from './negotiate-format.ts';
import { createSelfRecorder } from './record-self.ts';
import { renderPage } from './render-page.ts';
import { createRuntimeRegistry } from './runtime-registry.ts';
import { createServerBanks } from './server-banks.ts';
import { createServerSeries } from './server-series.ts';
import type { ServerSeries } from './server-series.ts';
import { createSystemUsage, createSystemUsageSources } from './system-usage.ts';
import type { SystemUsage } from './system-usage.ts';

/** Renderings of one page; more only when servers keep coming and going while it is written. */
const ATTEMPTS_MAX = 3;

export interface MetricsOptions {
  readonly hub: Hub;
  readonly clock: Clock;
  /** Of the exporter. */
  readonly version: string;
  readonly nodeVersion?: string;
  /** What the children of stdio servers use now; read once per rendering. */
  readonly processUsage?: () => readonly {
    readonly server: string;
    readonly usage: ProcessUsage;
  }[];
  /** Log lines lost since the start. */
  readonly logDropped?: () => number;
  readonly systemUsage?: () => SystemUsage;
  /** Metrics of the Node.js process. They are collected until the process ends: on for one instance only. */
  readonly runtimeMetrics?: boolean;
}

export interface Metrics {
  /** The page, in the format that the `Accept` header asks for. */
  render(accept: string | undefined): Promise<MetricsPage>;
  /** Stops listening to facts. */
  stop(): void;
}

/** Turns the hub's facts into the metrics of the catalog. Subscribe it before the first server is added. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { hub, clock } = options;
  const global = createFamilies(GLOBAL_METRICS);
  const runtime = options.runtimeMetrics === false ? [] : [createRuntimeRegistry()];
  const banks = createServerBanks();
  const servers = new Map<string, { readonly series: ServerSeries; readonly remove: () => void }>();
  const systemUsage =
    options.systemUsage ?? createSystemUsage(createSystemUsageSources(() => clock.monotonicMs()));
  const self = createSelfRecorder({
    families: global,
    version: options.version,
    nodeVersion: options.nodeVersion ?? process.version,
    startedAtMs: clock.nowMs(),
  });
  /** Grows with each server that comes or goes. */
  let membership = 0;

  function record(fact: Fact): void {
    switch (fact.fact) {
      case 'server_added': {
        removeServer(fact.server.name);
        const seat = banks.join();
        const series = createServerSeries(seat.families, fact.server, self.shortened);
        servers.set(fact.server.name, {
          series,
          remove() {
            series.remove();
            seat.leave();
          },
        });
        membership += 1;
        return;
      }
      case 'server_removed':
        removeServer(fact.server);
        return;
      case 'connectivity':
        self.connectivityChanged(fact);
        return;
      case 'reload':
        self.reloaded(fact);
        return;
      case 'probe':
        self.checkStarted(fact.lagMs);
        servers.get(fact.server)?.series.record(fact);
        return;
      case 'status':
      case 'definitions':
      case 'child_start':
      case 'child_exit':
        // A check may end after its server was removed: what it found then has no series to go to.
        servers.get(fact.server)?.series.record(fact);
    }
  }

  function removeServer(name: string): void {
    servers.get(name)?.remove();
    if (servers.delete(name)) membership += 1;
  }

  function readUsage(): void {
    const usages = new Map(
      (options.processUsage?.() ?? []).map(({ server, usage }) => [server, usage]),
    );
    for (const [name, { series }] of servers) series.processUsage(usages.get(name));
    self.usage(systemUsage(), options.logDropped?.() ?? 0);
  }

  /** A server that moved between registries while the page was written could be on it twice or not at all: write it anew. */
  async function renderWhole(format: ExpositionFormat): Promise<string> {
    readUsage();
    for (let attempt = 1; ; attempt += 1) {
      const before = membership;
      const registries = [...banks.registries(), global.registry, ...runtime];
      const body = await renderPage(METRICS_PAGE, registries, format);
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
    stop() {
      unsubscribe();
    },
  };
}
