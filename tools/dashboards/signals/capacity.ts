import type { LabelName } from '../../../src/catalog/promql/labels.ts';
import { maxBy, ratio, sumBy } from '../../../src/catalog/promql/promql.ts';
import { ADVICE_MAPPINGS } from '../mappings.ts';
import { series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const DAY_SECONDS = 86_400;
const WEEKLY_MEAN = series('gateway_server:mcp_requests:rate1w');
const HOURLY = series('gateway_server:mcp_requests:rate1h');
const BY_SERVER = ['gateway', 'server'] as const;
const BY_RESOURCE = ['gateway', 'resource'] as const;

/** The mean of an incomplete week grows by itself, so there is no result without two weeks of history. */
function afterHistoryOf(
  age: '10d' | '2w' | '27d',
  expr: string,
  by: readonly LabelName[] = [],
): string {
  return `${expr} and on (${by.join(', ')}) ${sumBy(by, `${HOURLY} offset ${age}`)}`;
}

function growthOfWeek(by: readonly LabelName[]): string {
  return `${ratio(sumBy(by, WEEKLY_MEAN), sumBy(by, `${WEEKLY_MEAN} offset 1w`))} - 1`;
}

export const requestGrowth = signal({
  title: 'Growth in a week',
  description: 'Requests of the last seven days compared with the seven days before.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: THRESHOLDS.none,
  by: {
    fleetWeek: afterHistoryOf('2w', growthOfWeek([])),
    fleetDay: afterHistoryOf(
      '10d',
      `${DAY_SECONDS} * sum(deriv(${WEEKLY_MEAN}[3d])) / (sum(${WEEKLY_MEAN}) > 0)`,
    ),
    serverWeek: afterHistoryOf('2w', growthOfWeek(BY_SERVER), BY_SERVER),
  },
});

/** Where the course of some weeks leads to. */
function predicted(window: '1w' | '4w', history: '10d' | '27d'): string {
  const course = `predict_linear(sum(${WEEKLY_MEAN})[${window}:1h], 30 * ${DAY_SECONDS})`;
  return `label_replace(${afterHistoryOf(history, course)}, "course", "${window}", "", "")`;
}

const FORECASTS = `${predicted('1w', '10d')} or ${predicted('4w', '27d')}`;

export const requestForecast = signal({
  title: 'Requests a day in 30 days',
  description:
    'The weekly mean in 30 days if the trend continues. The trends of one week and of four weeks give the low and the high estimate.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    low: `${DAY_SECONDS} * min(clamp_min(${FORECASTS}, 0))`,
    high: `${DAY_SECONDS} * max(clamp_min(${FORECASTS}, 0))`,
    now: `${DAY_SECONDS} * sum(${WEEKLY_MEAN})`,
    serverNow: `${DAY_SECONDS} * ${sumBy(BY_SERVER, WEEKLY_MEAN)}`,
    /** The forecast at each time. */
    course: `${DAY_SECONDS} * sum(${series('gateway_server:mcp_requests:rate1w_predicted30d')})`,
    server: `${DAY_SECONDS} * ${sumBy(BY_SERVER, series('gateway_server:mcp_requests:rate1w_predicted30d'))}`,
  },
});

const LIMIT = `scalar(${series('mcp:limit:requests_per_second')})`;
const BUSY_HOUR = `quantile_over_time(0.95, ${series('gateway:mcp_requests:rate1h')}[$__range])`;

export const busyHour = signal({
  title: 'Busy hour',
  description:
    'Requests per second of the busiest gateway in its busy hours: 19 of 20 hours in the selected time range had less.',
  unit: 'reqps',
  decimals: 2,
  thresholds: THRESHOLDS.none,
  by: {
    fleet: `max(${BUSY_HOUR})`,
    gateway: maxBy(['gateway'], BUSY_HOUR),
    limit: series('mcp:limit:requests_per_second'),
    now: maxBy(['gateway'], series('gateway:mcp_requests:rate1h')),
  },
});

export const headroom = signal({
  title: 'Headroom',
  description:
    'The limit divided by the load of the busy hour (mcp:limit:requests_per_second, configurable in the rules). Below 1, the limit is exceeded.',
  unit: 'suffix:×',
  decimals: 1,
  thresholds: [
    { value: null, color: 'red' },
    { value: 1.2, color: 'yellow' },
    { value: 1.5, color: 'green' },
  ],
  by: { fleet: `min(${LIMIT} / (${BUSY_HOUR} > 0))` },
});

const USED = maxBy(BY_RESOURCE, series('gateway_resource:mcp_capacity_used:ratio'));
const PEAK = maxBy(BY_RESOURCE, series('gateway_resource:mcp_capacity_used:peak1w'));
const PREDICTED = maxBy(BY_RESOURCE, series('gateway_resource:mcp_capacity_used:peak_predicted2w'));

export const capacityUsed = signal({
  title: 'Used now',
  description:
    'Share of what there is: memory and CPU of the container or host, file descriptors, and requests and connections against their limits (mcp:limit:*, yours to set).',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: {
    resource: USED,
    most: `max by (${BY_RESOURCE.join(', ')}) (max_over_time(${series('gateway_resource:mcp_capacity_used:ratio')}[$__range]))`,
    hourly: `max by (${BY_RESOURCE.join(', ')}) (max_over_time(${series('gateway_resource:mcp_capacity_used:ratio')}[$__interval]))`,
  },
});

export const capacityPeak = signal({
  title: 'Peak of the week',
  description: 'Share that was used in the busiest hundredth of the last seven days.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: {
    resource: PEAK,
    fullest: `topk(1, ${PEAK})`,
    predicted: PREDICTED,
  },
});

/** So many stand for all that are more. */
const DAYS_MAX = 365;
const DAYS_LEFT = `clamp(14 * (1 - ${PEAK}) / clamp_min(${PREDICTED} - ${PEAK}, 1e-9), 0, ${DAYS_MAX})`;

export const daysToLimit = signal({
  title: 'Days to the limit',
  description:
    'Time until peak use of the first resource reaches its limit, if the weekly mean keeps growing. Red below two weeks.',
  unit: 'suffix:days',
  decimals: 0,
  min: 0,
  thresholds: THRESHOLDS.daysLeft,
  mappings: [{ value: DAYS_MAX, text: 'Over a year', color: 'green' }],
  by: { fleet: `min(${DAYS_LEFT})`, resource: DAYS_LEFT },
});

/** The worse of what is and what will be in two weeks; without a forecast, what is. */
const LOAD = `max by (${BY_RESOURCE.join(', ')}) (label_replace(${PEAK}, "time", "now", "", "") or label_replace(${PREDICTED}, "time", "later", "", ""))`;
/** Of what is not paid for there cannot be too much. */
const PAID_FOR = `${LOAD} and on (${BY_RESOURCE.join(', ')}) ${series('gateway_resource:mcp_capacity_used:peak1w', { resource: ['cpu', 'memory'] })}`;
const ADVICE = `((${PAID_FOR}) >= bool 0.15 or 0 * ${LOAD} + 1) + (${LOAD} >= bool 0.7) + (${LOAD} >= bool 0.85)`;

export const scalingAdvice = signal({
  title: 'Advice',
  description:
    'From the peak of the week, or of the week after next where growth foretells more: Scale out from 85 % on, Watch from 70 % on. CPU and memory below 15 % are Oversized.',
  unit: 'none',
  mappings: ADVICE_MAPPINGS,
  by: {
    resource: ADVICE,
    fleet: `max(${ADVICE})`,
  },
});

function p95OfWeek(offset: string): string {
  const buckets = series('gateway_server:mcp_request_duration_seconds_bucket:rate1h');
  const calls = series('gateway_server:mcp_request_duration_seconds_count:rate1h');
  return `(histogram_quantile(0.95, sum by (${BY_SERVER.join(', ')}, le) (avg_over_time(${buckets}[1w:1h]${offset}))) and on (${BY_SERVER.join(', ')}) sum by (${BY_SERVER.join(', ')}) (avg_over_time(${calls}[1w:1h]${offset})) > 0)`;
}

export const weeklyP95 = signal({
  title: 'P95 of the week',
  description: 'Nineteen of twenty calls of the last seven days were faster.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: { server: p95OfWeek('') },
});

const P95_CHANGE = `(${p95OfWeek('')} / ${p95OfWeek(' offset 1w')} - 1)`;

export const p95Growth = signal({
  title: 'P95, change',
  description: 'The 95th percentile of the last seven days against that of the seven days before.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: [
    { value: null, color: 'green' },
    { value: 0.1, color: 'yellow' },
    { value: 0.25, color: 'red' },
  ],
  by: { server: afterHistoryOf('2w', P95_CHANGE, BY_SERVER) },
});

export const serverAdvice = signal({
  title: 'Advice',
  description:
    'Watch: a quarter slower than the week before. Scale out: slower while requests grew by a tenth or more, so that load is the likely cause.',
  unit: 'none',
  mappings: ADVICE_MAPPINGS,
  by: {
    server: afterHistoryOf(
      '2w',
      `1 + (${P95_CHANGE} > bool 0.25) * (1 + ((${growthOfWeek(BY_SERVER)}) > bool 0.1))`,
      BY_SERVER,
    ),
  },
});
