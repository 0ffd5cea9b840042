import type { CallSummaryFilter } from '../../facts/call-log.ts';
import { resultWithin } from '../../facts/deadline.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import type { ServerUptime } from '../../facts/server-uptime.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import { askBriefly, askJournal } from './ask-journal.ts';
import { summarizeMetrics, type TrafficSums } from './metrics-summary.ts';
import type { HttpAppDeps } from './ports.ts';
import {
  createPrometheusSums,
  type PrometheusFigures,
  type PrometheusSums,
} from './prometheus-sums.ts';
import type { ServerUptimes } from './server-uptimes.ts';
import { shareAnswers } from './share-answer.ts';

/** Sums up traffic, cost and uptime of a window, in all and by server. */
export interface SummaryReader {
  /** From Prometheus, if it is configured and answers. Throws 503 if the journal is to answer and does not. */
  read(windowMs: number): Promise<JsonObject>;
  /** Of 24 hours and the busiest servers, from the journal; `undefined` if it does not answer. Never rejects. */
  readLive(): Promise<JsonObject | undefined>;
}

/** Where the traffic comes from; `process` knows none. */
interface Traffic {
  readonly source: 'prometheus' | 'journal' | 'process';
  /** Why it is not Prometheus, although that is configured. */
  readonly reason?: string;
  readonly sums?: TrafficSums;
  /** If the source knows it. */
  readonly uptimeRatios?: ReadonlyMap<string, number>;
}

interface Window {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

const DAY_MS = 86_400_000;
/** For all questions to Prometheus together. */
const PROMETHEUS_PATIENCE_MS = 5_000;
const LIVE_SERVERS_MAX = 100;
/** Far more servers, tools and error types than anybody has. */
const SUMS_MAX = 100_000;

type SummaryDeps = Pick<HttpAppDeps, 'clock' | 'journal' | 'prometheus'> & {
  readonly servers: Pick<HttpAppDeps['servers'], 'views'>;
};

export function createSummaryReader(
  deps: SummaryDeps,
  uptimes: Pick<ServerUptimes, 'all'>,
): SummaryReader {
  const { clock, journal } = deps;
  const readTraffic = createTrafficSource(deps);

  function windowOf(windowMs: number): Window {
    const toMs = clock.nowMs();
    return { fromMs: asEpochMs(toMs - windowMs), toMs };
  }

  async function describe(window: Window, traffic: Traffic, serversMax?: number) {
    const { source, reason, sums } = traffic;
    const views = deps.servers.views();
    const known = uptimeRatios(views, await uptimes.all(), traffic);
    return {
      source,
      fallback_reason: reason,
      from: new Date(window.fromMs).toISOString(),
      to: new Date(window.toMs).toISOString(),
      ...summarizeMetrics({
        views,
        uptimeRatios: known,
        windowMs: window.toMs - window.fromMs,
        ...(sums && { traffic: sums }),
        ...(serversMax !== undefined && { serversMax }),
      }),
    };
  }

  return {
    async read(windowMs) {
      const window = windowOf(windowMs);
      return describe(window, await readTraffic(window));
    },
    async readLive() {
      const window = windowOf(DAY_MS);
      if (journal.state().status === 'off')
        return describe(window, { source: 'process' }, LIVE_SERVERS_MAX);
      const sums = await askBriefly(deps, () => readJournal(deps, window));
      if (!sums.ok) return undefined;
      return describe(window, { source: 'journal', sums: sums.value }, LIVE_SERVERS_MAX);
    },
  };
}

/** The journal alone knows of maintenance; the process knows only the time since its start. */
function uptimeRatios(
  views: readonly ServerView[],
  kept: ReadonlyMap<string, ServerUptime>,
  traffic: Traffic,
): ReadonlyMap<string, number> {
  const known = views.flatMap(({ name, uptimeRatio }) => {
    const ofProcess = traffic.source === 'process' ? uptimeRatio : undefined;
    const ratio = kept.get(name)?.dayRatio ?? traffic.uptimeRatios?.get(name) ?? ofProcess;
    return ratio === undefined ? [] : [[name, ratio] as const];
  });
  return new Map(known);
}

/** Asks Prometheus if it is configured; clients that want the same window within seconds share its answer. */
function createTrafficSource(deps: SummaryDeps): (window: Window) => Promise<Traffic> {
  const { clock, journal } = deps;
  const prometheus = deps.prometheus && createPrometheusSums(deps.prometheus);

  /** The figures, or why there are none. */
  async function tryPrometheus(
    sums: PrometheusSums,
    window: Window,
  ): Promise<PrometheusFigures | string> {
    try {
      const found = await resultWithin(clock, PROMETHEUS_PATIENCE_MS, sums.read(window));
      return found ?? `Prometheus did not answer within ${PROMETHEUS_PATIENCE_MS / 1_000} s.`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async function withoutPrometheus(window: Window, reason?: string): Promise<Traffic> {
    const why = reason === undefined ? {} : { reason };
    if (journal.state().status === 'off') return { source: 'process', ...why };
    return { source: 'journal', ...why, sums: await askJournal(readJournal(deps, window)) };
  }

  if (prometheus === undefined) return (window) => withoutPrometheus(window);
  const tryShared = shareAnswers(clock, (windowMs) => {
    const toMs = clock.nowMs();
    return tryPrometheus(prometheus, { fromMs: asEpochMs(toMs - windowMs), toMs });
  });
  return async (window) => {
    const found = await tryShared(window.toMs - window.fromMs);
    return typeof found === 'string'
      ? withoutPrometheus(window, found)
      : { source: 'prometheus', ...found };
  };
}

async function readJournal(
  { journal }: Pick<HttpAppDeps, 'journal'>,
  window: Window,
): Promise<TrafficSums> {
  const sumBy = (filter: Pick<CallSummaryFilter, 'by' | 'operation'>) =>
    journal.summarizeCalls({ ...filter, ...window, limit: SUMS_MAX });
  const [byServer, byTool, byErrorType] = await Promise.all([
    sumBy({ by: 'server' }),
    sumBy({ by: 'target', operation: 'tools/call' }),
    sumBy({ by: 'error_type' }),
  ]);
  return { byServer, byTool, byErrorType };
}
