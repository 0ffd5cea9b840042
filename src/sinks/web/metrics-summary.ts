import type { CallSummary } from '../../facts/call-log.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import type { ServerUptime } from '../../facts/server-uptime.ts';

/** What the summary is made of. */
export interface SummaryInput {
  readonly views: readonly ServerView[];
  readonly uptimes: ReadonlyMap<string, ServerUptime>;
  /** Sums of the window by server, by tool of a server, and by error type of a server. */
  readonly byServer: readonly CallSummary[];
  readonly byTool: readonly CallSummary[];
  readonly byErrorType: readonly CallSummary[];
  readonly windowMs: number;
}

const TOP_TOOLS = 5;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

/** Servers that are checked and answer are active. */
const ACTIVE: ReadonlySet<string> = new Set(['healthy', 'warning', 'critical']);

/** Traffic and cost of all servers in a window, and of each one. Figures without any request are absent. */
export function summarizeMetrics(input: SummaryInput): JsonObject {
  const { views, byServer, windowMs } = input;
  const active = views.filter(({ status }) => ACTIVE.has(status)).length;
  const sum = (figure: 'calls' | 'costUsd'): number =>
    byServer.reduce((total, each) => total + each[figure], 0);
  const tools = groupByServer(input.byTool);
  const errorTypes = groupByServer(input.byErrorType);
  const figures = new Map(byServer.map((each) => [each.key, each]));
  return {
    overview: {
      servers: views.length,
      active,
      inactive: views.length - active,
      requests_per_hour: (sum('calls') / windowMs) * HOUR_MS,
      cost_per_day_usd: (sum('costUsd') / windowMs) * DAY_MS,
    },
    servers: views.map((view) =>
      summarizeServer(view, {
        uptime: input.uptimes.get(view.name),
        calls: figures.get(view.name),
        tools: tools.get(view.name) ?? [],
        errorTypes: errorTypes.get(view.name) ?? [],
        windowMs,
      }),
    ),
  };
}

interface ServerFigures {
  readonly uptime: ServerUptime | undefined;
  readonly calls: CallSummary | undefined;
  readonly tools: readonly CallSummary[];
  readonly errorTypes: readonly CallSummary[];
  readonly windowMs: number;
}

function summarizeServer(view: ServerView, figures: ServerFigures): JsonObject {
  const { uptime, calls, tools, errorTypes, windowMs } = figures;
  const counted = calls?.counted ?? 0;
  return {
    server_name: view.name,
    status: view.status,
    last_check_at: view.lastCheckAtMs && new Date(view.lastCheckAtMs).toISOString(),
    uptime_ratio_24h: uptime?.dayRatio,
    requests: calls?.calls ?? 0,
    requests_per_minute: ((calls?.calls ?? 0) / windowMs) * MINUTE_MS,
    response_time_ms:
      calls && counted > 0
        ? { mean: calls.meanMs, p50: calls.p50Ms, p95: calls.p95Ms, p99: calls.p99Ms }
        : undefined,
    success_ratio: counted > 0 ? 1 - (calls?.failures ?? 0) / counted : undefined,
    error_types: Object.fromEntries(errorTypes.map((each) => [each.key, each.calls])),
    top_tools: tools
      .slice(0, TOP_TOOLS)
      .map(({ key, calls: count }) => ({ name: key, calls: count })),
    active_users: calls?.users ?? 0,
    tokens: calls?.tokens ?? 0,
    cost_usd: calls?.costUsd ?? 0,
    cost_per_user_usd: calls && calls.users > 0 ? calls.costUsd / calls.users : undefined,
  };
}

/** Most calls first, as they came. */
function groupByServer(sums: readonly CallSummary[]): ReadonlyMap<string, readonly CallSummary[]> {
  return Map.groupBy(sums, ({ server }) => server ?? '');
}
