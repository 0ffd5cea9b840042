import { createNoise } from './noise.ts';
import { type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import {
  combine,
  map,
  mean,
  meanOfWindow,
  predictLinear,
  quantile,
  shift,
} from './window-functions.ts';

/** As `mcp-limits` ships them. */
const LIMITS = {
  requests_per_second: 500,
  active_connections: 2_000,
  cost_usd_per_day: 100,
  exporter_memory_bytes: 1e9,
  process_memory_bytes: 1e9,
} as const;
const WEEK_DAYS = 7;
const FIT_DAYS = 3;
const HISTORY_DAYS = 10;

/** Examples in `mcp-limits` of servers that may be slow. */
const SLOW = {
  slow_tools: 'name-of-a-server-whose-tools-are-slow',
  slow_checks: 'name-of-a-server-whose-checks-are-slow',
} as const;

export function limits(length: number): Series[] {
  const constant = (value: number): Values => new Float64Array(length).fill(value);
  return [
    ...Object.entries(LIMITS).map(([name, limit]) => ({
      name: `mcp:limit:${name}`,
      labels: {},
      values: constant(limit),
    })),
    ...Object.entries(SLOW).map(([name, server]) => ({
      name: `mcp:limit:${name}`,
      labels: { server },
      values: constant(1),
    })),
  ];
}

/** How much of the machine is used: some, more with more requests, and memory a little more each day. */
export function machineUse(
  requests: Values,
): Readonly<Record<'memory' | 'cpu' | 'file_descriptors', Values>> {
  const noise = createNoise('machine');
  return {
    memory: requests.map((rate, index) => 0.38 + 0.01 * rate + (0.06 * index) / requests.length),
    cpu: requests.map((rate, index) =>
      Math.max(0.01, 0.06 + 0.05 * rate + 0.01 * noise.normal(index)),
    ),
    file_descriptors: requests.map((rate) => 0.02 + 0.004 * rate),
  };
}

/** The rule groups `mcp-capacity` and `mcp-forecast`, for the gateway. */
export function* capacitySeries(
  requests: Values,
  connections: Values,
  samplesPerDay: number,
): Generator<Series> {
  const ratios: Readonly<Record<string, Values>> = {
    ...machineUse(requests),
    requests: map(requests, (rate) => rate / LIMITS.requests_per_second),
    connections: map(connections, (count) => count / LIMITS.active_connections),
  };
  const week = WEEK_DAYS * samplesPerDay;
  for (const [resource, ratio] of Object.entries(ratios)) {
    const labels = { ...TARGET, resource };
    const used = 'gateway_resource:mcp_capacity_used';
    const average = mean(ratio, week);
    const peak = quantile(ratio, week, 0.99, samplesPerDay / 4);
    const predicted = predictLinear(average, FIT_DAYS * samplesPerDay, 14 * samplesPerDay);
    const grown = combine(predicted, average, (later, now) => (now > 0 ? later / now : NaN));
    const growth = onlyAfter(grown, ratio, samplesPerDay);
    yield { name: `${used}:ratio`, labels, values: ratio };
    yield { name: `${used}:avg1w`, labels, values: average };
    yield { name: `${used}:peak1w`, labels, values: peak };
    yield { name: `${used}:growth2w`, labels, values: growth };
    yield {
      name: `${used}:peak_predicted2w`,
      labels,
      values: combine(peak, growth, (now, times) => Math.max(0, now * times)),
    };
  }
}

/** The rest of `mcp-forecast`, for one server. */
export function forecastSeries(server: string, hourly: Values, samplesPerDay: number): Series[] {
  const labels = { ...TARGET, server };
  const weekly = meanOfWindow(hourly, WEEK_DAYS * samplesPerDay);
  const predicted = predictLinear(weekly, FIT_DAYS * samplesPerDay, 30 * samplesPerDay);
  return [
    { name: 'gateway_server:mcp_requests:rate1w', labels, values: weekly },
    {
      name: 'gateway_server:mcp_requests:rate1w_predicted30d',
      labels,
      values: map(onlyAfter(predicted, hourly, samplesPerDay), (rate) => Math.max(0, rate)),
    },
  ];
}

/** A forecast needs ten days of history. */
function onlyAfter(values: Values, history: Values, samplesPerDay: number): Values {
  const earlier = shift(history, HISTORY_DAYS * samplesPerDay);
  return combine(values, earlier, (value, before) => (Number.isNaN(before) ? NaN : value));
}
