import type { Hub } from '../../facts/hub.ts';
import { createCallQueue } from './call-queue.ts';
import { createRecorders, type RecorderOptions } from './create-recorders.ts';
import { createRenderQueue } from './create-render-queue.ts';
import { listPageSources } from './list-page-sources.ts';
import type { MetricsPage } from '../../facts/ports/views.ts';
import { type ExpositionFormat, negotiateFormat } from './negotiate-format.ts';
import { type MetricsViews, readViews } from './read-views.ts';
import { recordFact } from './record-fact.ts';
import { renderPage } from './render-page.ts';
import { createRuntimeRegistry } from './runtime-registry.ts';
import { createSystemUsage, createSystemUsageSources, type SystemUsage } from './system-usage.ts';

/** Renderings of one page; more than one only while servers are added or removed during it. */
const ATTEMPTS_MAX = 3;

export interface MetricsOptions extends RecorderOptions {
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly views?: MetricsViews;
  readonly systemUsage?: () => SystemUsage;
  /** Metrics of the Node.js process. They are collected until the process ends: enable them for one instance only. */
  readonly runtimeMetrics?: boolean;
}

export interface Metrics {
  /** The page, in the format that the `Accept` header asks for. */
  render(accept: string | undefined): Promise<MetricsPage>;
  /** Stops listening to facts. */
  stop(): void;
}

/** Turns the hub's facts into the metrics of the catalog. Create it before the first server is added. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { hub, clock, views = {} } = options;
  const recorders = createRecorders(options);
  const calls = createCallQueue((call) => recordFact(call, recorders));
  const runtime = options.runtimeMetrics === false ? [] : [{ registry: createRuntimeRegistry() }];
  const readSystemUsage =
    options.systemUsage ?? createSystemUsage(createSystemUsageSources(() => clock.monotonicMs()));

  /** A server that changes registries while the page is written could be on it twice or not at all: write it anew. */
  async function renderWhole(format: ExpositionFormat): Promise<string> {
    calls.flush();
    readViews(views, readSystemUsage(), recorders);
    for (let attempt = 1; ; attempt += 1) {
      const before = recorders.fleet.changeCount();
      const sources = listPageSources(recorders, views.gateway?.load() ?? [], clock);
      const label = recorders.fleet.labelling();
      const body = await renderPage(recorders.shown, [...sources, ...runtime], format, label);
      if (before === recorders.fleet.changeCount() || attempt === ATTEMPTS_MAX) return body;
    }
  }

  const renderShared = createRenderQueue(renderWhole);
  return {
    async render(accept) {
      const { format, contentType } = negotiateFormat(accept);
      return { contentType, body: await renderShared(format) };
    },
    stop: hub.subscribe((fact) => {
      if (fact.fact === 'call') calls.add(fact);
      else {
        // That a request went upstream changes nothing for the calls that wait; there is one for each.
        if (fact.fact !== 'upstream_request') calls.flush();
        recordFact(fact, recorders);
      }
    }),
  };
}
