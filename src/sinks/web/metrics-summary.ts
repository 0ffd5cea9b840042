import type { CallSummary } from '../../facts/call-log.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';

/** The calls of clients to one server in a window. */
export interface ServerSum extends Pick<
  CallSummary,
  | 'key'
  | 'calls'
  | 'failures'
  | 'counted'
  | 'meanMs'
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'tokens'
  | 'costUsd'
> {
  /** Absent if it is not known for this window. */
  readonly users?: number;
}

/** Calls by something of a server. */
export type PartialSum = Pick<CallSummary, 'key' | 'server' | 'calls'>;

/** The traffic of a window. */
export interface TrafficSums {
  readonly byServer: readonly ServerSum[];
  /** Most calls first. */
  readonly byTool: readonly PartialSum[];
  readonly byErrorType: readonly PartialSum[];
}

/** What the summary is made of. */
export interface SummaryInput {
  readonly views: readonly ServerView[];
  /** Of the last 24 hours, by the name of the server. */
  readonly uptimeRatios: ReadonlyMap<string, number>;
  /** Absent if it is not known. */
  readonly traffic?: TrafficSums;
  readonly windowMs: number;
  /** Those with the most calls are shown, all if absent. */
  readonly serversMax?: number;
}

export const TOP_TOOLS = 5;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** Servers that are checked and answer are active. */
const ACTIVE: ReadonlySet<string> = new Set(['healthy', 'warning', 'critical']);

/** Traffic and cost of all servers in a window, and of each one. Figures that are not known are absent. */
export function summarizeMetrics(input: SummaryInput): JsonObject {
  const { views, traffic, windowMs } = input;
  const active = views.filter(({ status }) => ACTIVE.has(status)).length;
  const tools = groupByServer(traffic?.byTool ?? []);
  const errorTypes = groupByServer(traffic?.byErrorType ?? []);
  const figures = new Map(traffic?.byServer.map((each) => [each.key, each]));
  const shown = busiest(views, figures, input.serversMax ?? views.length);
  return {
    overview: {
      servers: views.length,
      active,
      inactive: views.length - active,
      ...(traffic && overviewOf(traffic.byServer, windowMs)),
    },
    servers: shown.map((view) => ({
      server_name: view.name,
      status: view.status,
      last_check_at: view.lastCheckAtMs && new Date(view.lastCheckAtMs).toISOString(),
      uptime_ratio_24h: input.uptimeRatios.get(view.name),
      ...(traffic &&
        summarizeTraffic({
          sum: figures.get(view.name),
          tools: tools.get(view.name) ?? [],
          errorTypes: errorTypes.get(view.name) ?? [],
          windowMs,
        })),
    })),
    ...(shown.length < views.length && { servers_omitted: views.length - shown.length }),
  };
}

/** All, in their order, if they are few enough. */
function busiest(
  views: readonly ServerView[],
  figures: ReadonlyMap<string, ServerSum>,
  max: number,
): readonly ServerView[] {
  if (views.length <= max) return views;
  const callsOf = ({ name }: ServerView): number => figures.get(name)?.calls ?? 0;
  return views.toSorted((a, b) => callsOf(b) - callsOf(a)).slice(0, max);
}

function overviewOf(byServer: readonly ServerSum[], windowMs: number): JsonObject {
  const sum = (figure: 'calls' | 'costUsd'): number =>
    byServer.reduce((total, each) => total + each[figure], 0);
  return {
    requests_per_hour: (sum('calls') / windowMs) * HOUR_MS,
    cost_per_day_usd: (sum('costUsd') / windowMs) * DAY_MS,
  };
}

interface TrafficOfServer {
  /** Absent if there was no call. */
  readonly sum: ServerSum | undefined;
  readonly tools: readonly PartialSum[];
  readonly errorTypes: readonly PartialSum[];
  readonly windowMs: number;
}

const NO_CALLS: ServerSum = {
  key: '',
  calls: 0,
  failures: 0,
  counted: 0,
  users: 0,
  tokens: 0,
  costUsd: 0,
};

function summarizeTraffic(traffic: TrafficOfServer): JsonObject {
  const { sum = NO_CALLS, tools, errorTypes, windowMs } = traffic;
  const { calls, failures, counted, users, tokens, costUsd } = sum;
  const { meanMs: mean, p50Ms: p50, p95Ms: p95, p99Ms: p99 } = sum;
  return {
    requests: calls,
    requests_per_minute: (calls / windowMs) * MINUTE_MS,
    response_time_ms: mean === undefined ? undefined : { mean, p50, p95, p99 },
    success_ratio: counted > 0 ? Math.max(0, 1 - failures / counted) : undefined,
    error_types: Object.fromEntries(errorTypes.map((each) => [each.key, each.calls])),
    top_tools: tools
      .slice(0, TOP_TOOLS)
      .map(({ key, calls: count }) => ({ name: key, calls: count })),
    active_users: users,
    tokens,
    cost_usd: costUsd,
    cost_per_user_usd: users !== undefined && users > 0 ? costUsd / users : undefined,
  };
}

/** In the order in which they came. */
function groupByServer(sums: readonly PartialSum[]): ReadonlyMap<string, readonly PartialSum[]> {
  return Map.groupBy(sums, ({ server }) => server ?? '');
}
