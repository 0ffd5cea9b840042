import {
  increase,
  maxBy,
  quantileBy,
  ratio,
  selector,
  sumBy,
} from '../../catalog/promql/promql.ts';
import { type Matchers, not } from '../../catalog/promql/matchers.ts';
import { FAILED_OUTCOMES, UNCOUNTED_OUTCOMES } from '../../facts/call-outcome.ts';
import { isJsonObject } from '../../facts/json-object.ts';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import { USER_WINDOWS } from '../../facts/rules/active-users.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import type { EpochMs } from '../../facts/time.ts';
import { type PartialSum, type ServerSum, TOP_TOOLS, type TrafficSums } from './metrics-summary.ts';
import type { PrometheusSource } from './ports.ts';

/** The figures of the summary, as Prometheus has them. */
export interface PrometheusFigures {
  readonly sums: TrafficSums;
  /** Of the last 24 hours, by the name of the server. */
  readonly uptimeRatios: ReadonlyMap<string, number>;
}

export interface PrometheusSums {
  /** Rejects with a sentence for people if Prometheus does not answer, or has no metrics of this exporter. */
  read(window: { readonly fromMs: EpochMs; readonly toMs: EpochMs }): Promise<PrometheusFigures>;
}

/** One series of an instant query. */
interface SeriesValue {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly value: number;
}

const SERVER = ['server'] as const;
const ANSWERING = ['healthy', 'warning', 'critical'] as const;

/** @see https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
export function createPrometheusSums({ api, targetLabels }: PrometheusSource): PrometheusSums {
  return {
    async read({ fromMs, toMs }) {
      const query = (expression: string) => ask(api, expression, toMs);
      const own = await query(`count(${selector('mcp_exporter_build_info', targetLabels)})`);
      if (own.length === 0) throw new Error('Prometheus has no metrics of this exporter.');
      const expressions = Object.entries(summaryExpressions(toMs - fromMs, targetLabels));
      const answers = await Promise.all(
        expressions.map(async ([name, expression]) => [name, await query(expression)] as const),
      );
      return figuresOf(Object.fromEntries(answers) as Record<FigureName, readonly SeriesValue[]>);
    },
  };
}

type FigureName = keyof ReturnType<typeof summaryExpressions>;

/**
 * In PromQL. Each has one series for each server, tools and error types one for each of these. Counts are those of the
 * dashboards, from what our rules record; without the rules they are read from the counters.
 */
export function summaryExpressions(windowMs: number, target: Matchers) {
  const range = `${Math.round(windowMs / 1_000)}s`;
  const grown = (series: string) => increase(series, range);
  const recorded = (name: string, otherwise: string) =>
    `${sumBy(SERVER, grown(selector<string>(`${name}:process_total`, target)))} or ${otherwise}`;
  const requests = (metric: string, matchers: Matchers) =>
    recorded(
      `gateway_server_operation_instance:${metric}`,
      sumBy(SERVER, grown(selector('mcp_requests_total', matchers, target))),
    );
  const buckets = grown(selector('mcp_request_duration_seconds_bucket', target));
  const tools = selector('mcp_requests_total', { tool: not('', OVERFLOW_LABEL) }, target);
  const shareOfTime = (...statuses: readonly string[]) =>
    sumBy(
      SERVER,
      `avg_over_time(${selector('mcp_server_status', { status: statuses }, target)}[1d])`,
    );
  return {
    calls: requests('mcp_requests', {}),
    counted: requests('mcp_requests_counted', { outcome: not(...UNCOUNTED_OUTCOMES) }),
    failures: requests('mcp_requests_failed', { outcome: FAILED_OUTCOMES }),
    mean: ratio(
      sumBy(SERVER, grown(selector('mcp_request_duration_seconds_sum', target))),
      sumBy(SERVER, grown(selector('mcp_request_duration_seconds_count', target))),
    ),
    p50: quantileBy(0.5, SERVER, buckets),
    p95: quantileBy(0.95, SERVER, buckets),
    p99: quantileBy(0.99, SERVER, buckets),
    users: maxBy(SERVER, selector('mcp_active_users', { window: userWindow(windowMs) }, target)),
    tokens: recorded(
      'gateway_server_direction_instance:mcp_tokens',
      sumBy(SERVER, grown(selector('mcp_tokens_total', target))),
    ),
    cost: recorded(
      'gateway_server_instance:mcp_cost_usd',
      sumBy(SERVER, grown(selector('mcp_cost_usd_total', target))),
    ),
    tools: `topk by (server) (${TOP_TOOLS}, ${sumBy(['server', 'tool'], grown(tools))})`,
    errorTypes: sumBy(
      ['server', 'error_type'],
      grown(selector('mcp_request_errors_total', target)),
    ),
    uptime: ratio(shareOfTime(...ANSWERING), shareOfTime(...ANSWERING, 'offline')),
  };
}

/** Empty, which no series has, if users are not counted in windows of this length. */
function userWindow(windowMs: number): string {
  return Object.entries(USER_WINDOWS).find(([, lengthMs]) => lengthMs === windowMs)?.[0] ?? '';
}

function figuresOf(
  samples: Readonly<Record<FigureName, readonly SeriesValue[]>>,
): PrometheusFigures {
  const figure = (name: FigureName) => {
    const values = new Map(samples[name].map(({ labels, value }) => [labels['server'], value]));
    return (server: string): number | undefined => values.get(server);
  };
  const [counted, failures] = [figure('counted'), figure('failures')];
  const [tokens, cost, users] = [figure('tokens'), figure('cost'), figure('users')];
  const [mean, p50, p95, p99] = [figure('mean'), figure('p50'), figure('p95'), figure('p99')];
  const byServer = samples.calls.flatMap(({ labels, value }): readonly ServerSum[] => {
    const key = labels['server'];
    if (typeof key !== 'string') return [];
    const userCount = users(key);
    return [
      {
        key,
        calls: Math.round(value),
        failures: failures(key) ?? 0,
        counted: counted(key) ?? 0,
        ...latencyOf(mean(key), p50(key), p95(key), p99(key)),
        tokens: Math.round(tokens(key) ?? 0),
        costUsd: cost(key) ?? 0,
        ...(userCount !== undefined && { users: Math.round(userCount) }),
      },
    ];
  });
  return {
    sums: {
      byServer,
      byTool: partialSums(samples.tools, 'tool'),
      byErrorType: partialSums(samples.errorTypes, 'error_type'),
    },
    uptimeRatios: new Map(
      samples.uptime.map(({ labels, value }) => [String(labels['server']), Math.min(1, value)]),
    ),
  };
}

/** All of them or none: a quantile without a call is NaN, and left out with the mean. */
function latencyOf(
  ...seconds: readonly (number | undefined)[]
): Pick<ServerSum, 'meanMs' | 'p50Ms' | 'p95Ms' | 'p99Ms'> {
  const [meanMs, p50Ms, p95Ms, p99Ms] = seconds.map((each) => each && each * 1_000);
  if (meanMs === undefined || p50Ms === undefined) return {};
  if (p95Ms === undefined || p99Ms === undefined) return {};
  return { meanMs, p50Ms, p95Ms, p99Ms };
}

/** Most calls first; series that did not grow are left out. */
function partialSums(samples: readonly SeriesValue[], label: string): readonly PartialSum[] {
  return samples
    .map(({ labels, value }) => ({
      key: String(labels[label]),
      server: String(labels['server']),
      calls: Math.round(value),
    }))
    .filter(({ calls }) => calls > 0)
    .toSorted((a, b) => b.calls - a.calls);
}

async function ask(api: HttpApi, query: string, atMs: EpochMs): Promise<readonly SeriesValue[]> {
  const parameters = new URLSearchParams({ query, time: String(atMs / 1_000), timeout: '5s' });
  const { status, text } = await reach(api, `/api/v1/query?${parameters.toString()}`);
  if (status !== 200)
    throw new Error(`Prometheus answered ${status}: ${text.slice(0, 200).trim()}`);
  return samplesOf(parse(text));
}

async function reach(api: HttpApi, path: string): ReturnType<HttpApi['request']> {
  try {
    return await api.request('GET', path);
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    throw new Error(
      `Prometheus did not answer: ${cause instanceof Error ? cause.message : message}`,
      { cause: error },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function samplesOf(body: unknown): readonly SeriesValue[] {
  const data = isJsonObject(body) && body['status'] === 'success' ? body['data'] : undefined;
  const result = isJsonObject(data) ? data['result'] : undefined;
  if (!Array.isArray(result)) throw new Error('Prometheus answered something else than a vector.');
  return result.flatMap((series: unknown): readonly SeriesValue[] => {
    if (!isJsonObject(series) || !isJsonObject(series['metric'])) return [];
    const { metric: labels, value } = series;
    const number = Array.isArray(value) ? Number(value[1]) : Number.NaN;
    return Number.isFinite(number) ? [{ labels, value: number }] : [];
  });
}
