import { BOUNDS_SECONDS } from './latency.ts';
import { type Load, loadOf } from './load-series.ts';
import { type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import type { ServerTraffic } from './traffic.ts';
import { combine, divide, map, meanOfWindow, sum } from './window-functions.ts';

/** As `mcp-slo-objectives` ships them. */
const ERROR_BUDGETS = { availability: 0.01, latency: 0.05, uptime: 0.01 } as const;
type Slo = keyof typeof ERROR_BUDGETS;
const HOURS = { rate30m: 0.5, rate1h: 1, rate2h: 2, rate6h: 6 } as const;
const DAYS = { rate1d: 1, rate3d: 3, rate30d: 30 } as const;
/** Windows whose events are counted too, in hours. */
const COUNTED = { rate1h: 1, rate6h: 6, rate1d: 24, rate3d: 72 } as const;
const LATENCY_SECONDS = 0.5;
const PREFIX = 'gateway_server_slo';

interface Events {
  readonly events: Values;
  readonly errors: Values;
}

/** `mcp:slo:error_budget`, the same at all times. */
export function errorBudgets(length: number): Series[] {
  return Object.entries(ERROR_BUDGETS).map(([slo, budget]) => ({
    name: 'mcp:slo:error_budget',
    labels: { slo },
    values: new Float64Array(length).fill(budget),
  }));
}

/** `mcp-slo`, `mcp-slo-hours` and `mcp-slo-days` of the rules, for one server. */
export function* sloSeries(
  traffic: ServerTraffic,
  load: Load,
  samplesPerHour: number,
): Generator<Series> {
  const objectives: Readonly<Record<Slo, Events>> = {
    availability: { events: load.requests, errors: load.failed },
    latency: latencyEvents(traffic),
    uptime: {
      events: map(traffic.isUp, () => 1),
      errors: map(traffic.isUp, (up) => 1 - up),
    },
  };
  for (const slo of Object.keys(objectives) as Slo[]) {
    const labels = { ...TARGET, server: traffic.server.name, slo };
    const now = objectives[slo];
    yield* windowSeries('rate5m', labels, now);
    for (const [name, hours] of Object.entries(HOURS))
      yield* windowSeries(name, labels, average(now, hours * samplesPerHour));
    for (const [name, days] of Object.entries(DAYS)) {
      const inDays = average(now, days * 24 * samplesPerHour);
      yield* windowSeries(name, labels, inDays);
      if (name === 'rate30d')
        yield {
          name: `${PREFIX}:mcp_error_budget_left:ratio_30d`,
          labels,
          values: map(
            divide(inDays.errors, inDays.events),
            (ratio) => 1 - ratio / ERROR_BUDGETS[slo],
          ),
        };
    }
  }
}

function latencyEvents({ operations }: ServerTraffic): Events {
  const loads = operations.filter(({ operation }) => operation !== 'tools/call').map(loadOf);
  const bound = BOUNDS_SECONDS.indexOf(LATENCY_SECONDS);
  const events = sum(loads.map(({ requests }) => requests));
  const quick = sum(loads.map(({ buckets }) => buckets[bound] ?? new Float64Array()));
  return { events, errors: combine(events, quick, (all, good) => Math.max(0, all - good)) };
}

function average({ events, errors }: Events, window: number): Events {
  return { events: meanOfWindow(events, window), errors: meanOfWindow(errors, window) };
}

function windowSeries(
  window: string,
  labels: Series['labels'],
  { events, errors }: Events,
): Series[] {
  const counts = Object.entries(COUNTED).filter(([name]) => name === window);
  return [
    ...counts.map(([, hours]) => ({
      name: `${PREFIX}:mcp_slo_events:${window.replace('rate', 'increase')}`,
      labels,
      values: map(events, (rate) => rate * hours * 3_600),
    })),
    { name: `${PREFIX}:mcp_slo_events:${window}`, labels, values: events },
    { name: `${PREFIX}:mcp_slo_errors:${window}`, labels, values: errors },
    {
      name: `${PREFIX}:mcp_slo_errors_per_mcp_slo_events:ratio_${window}`,
      labels,
      values: divide(errors, events),
    },
  ];
}
