import type { LabelName } from '../../../src/catalog/promql/labels.ts';
import { maxBy, ratio, sumBy } from '../../../src/catalog/promql/promql.ts';
import { increaseOf, series, totalOf } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const HOURLY = 'gateway_server:mcp_cost_usd:increase1h';
const DAILY = 'gateway_server:mcp_cost_usd:increase1d';
const DETAILED = 'gateway_server_tool_source:mcp_cost_usd:increase1h';
const USERS = 'gateway_user:mcp_user_cost_usd:increase1h';
const TOKENS = 'gateway_server_direction:mcp_tokens:increase1h';
const REQUESTS = 'gateway_server:mcp_requests:increase1h';
const BY_SERVER = ['gateway', 'server'] as const;
const BY_TOOL = ['gateway', 'server', 'tool'] as const;

export const cost = signal({
  title: 'Cost',
  description:
    'Tokens multiplied by the configured prices. Token counts are reported by the server or else estimated from message sizes.',
  unit: 'currencyUSD',
  decimals: 2,
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    today: `sum(${series(DAILY)})`,
    serverToday: maxBy(['gateway', 'server'], series(DAILY)),
    topServers: `topk(10, ${sumBy(['gateway', 'server'], increaseOf('mcp_cost_usd_total'))} > 0)`,
    week: `sum(${totalOf(HOURLY, '7d')})`,
    month: `sum(${totalOf(HOURLY, '30d')})`,
    /** Of 24 hours, at each time. */
    serverDaily: `${sumBy(BY_SERVER, series(DAILY))} > 0`,
    daily: `sum(${series(DAILY)})`,
    dailyWeekBefore: `sum(${series(DAILY)} offset 1w)`,
    limit: series('mcp:limit:cost_usd_per_day'),
    /** In the time in the selected time range, from what is recorded by the hour. */
    server: `${sumBy(BY_SERVER, totalOf(HOURLY, '$__range'))} > 0`,
    mostExpensive: `topk(10, ${sumBy(BY_SERVER, totalOf(HOURLY, '$__range'))} > 0)`,
    tool: `${sumBy(BY_TOOL, totalOf(DETAILED, '$__range'))} > 0`,
    topTools: `topk(10, ${sumBy(BY_TOOL, totalOf(DETAILED, '$__range'))} > 0)`,
    source: `${sumBy(['source'], totalOf(DETAILED, '$__range'))} > 0`,
    sourceDaily: `${sumBy(['source'], totalOf(DETAILED, '1d'))} > 0`,
    user: `topk(20, ${sumBy(['gateway', 'user'], totalOf(USERS, '$__range'))} > 0)`,
  },
});

export const projectedCost = signal({
  title: 'Projected month',
  description:
    'Cost of 30 days if the last seven days continue. Absent until there are seven days to continue from.',
  unit: 'currencyUSD',
  decimals: 2,
  thresholds: THRESHOLDS.none,
  by: {
    month: projection([]),
    server: `${projection(BY_SERVER)} > 0`,
  },
});

export const budgetUsed = signal({
  title: 'Used of the limit',
  description:
    'Cost of the last 24 hours compared with mcp:limit:cost_usd_per_day (configurable in the rules), for the gateway with the highest share.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  thresholds: THRESHOLDS.saturation,
  by: {
    most: `max(${series('gateway:mcp_cost_usd:increase1d')}) / scalar(${series('mcp:limit:cost_usd_per_day')})`,
  },
});

export const costGrowth = signal({
  title: 'Cost, change in a week',
  description: 'Cost of the last seven days compared with the seven days before.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: [
    { value: null, color: 'green' },
    { value: 0.25, color: 'yellow' },
    { value: 1, color: 'red' },
  ],
  by: { fleet: weeklyChange([]), server: weeklyChange(BY_SERVER) },
});

/** Absent until a whole week is recorded. */
function projection(by: readonly LabelName[]): string {
  const week = sumBy(by, totalOf(HOURLY, '7d'));
  return `30 / 7 * ${week} and on (${by.join(', ')}) ${sumBy(by, `${series(HOURLY)} offset 7d`)}`;
}

/** Absent without the week before. */
function weeklyChange(by: readonly LabelName[]): string {
  const week = sumBy(by, totalOf(HOURLY, '7d'));
  const before = sumBy(by, `sum_over_time(${series(HOURLY)}[7d:1h] offset 1w)`);
  const history = sumBy(by, `${series(HOURLY)} offset 2w`);
  return `${ratio(week, before)} - 1 and on (${by.join(', ')}) ${history}`;
}

function perRequest(by: readonly LabelName[]): string {
  return ratio(sumBy(by, totalOf(HOURLY, '$__range')), sumBy(by, totalOf(REQUESTS, '$__range')));
}

export const costPerRequest = signal({
  title: 'Cost of a request',
  description:
    'Cost in the selected time range divided by all requests, including those without a price.',
  unit: 'currencyUSD',
  decimals: 5,
  thresholds: THRESHOLDS.none,
  by: { fleet: perRequest([]), server: `${perRequest(BY_SERVER)} > 0` },
});

export const costPerUser = signal({
  title: 'Cost of a user, 24 hours',
  description:
    'Cost of the last 24 hours divided by the active users, of which someone who uses several servers is one.',
  unit: 'currencyUSD',
  decimals: 4,
  thresholds: THRESHOLDS.none,
  by: {
    fleet: `sum(${series(DAILY)}) / (sum(${maxBy(['gateway'], series('mcp_fleet_active_users', { window: '24h' }))}) > 0)`,
  },
});

export const reportedShare = signal({
  title: 'Reported by servers',
  description:
    'Share of the cost whose tokens the server itself reported. The rest is estimated as a quarter of the bytes.',
  unit: 'percentunit',
  decimals: 0,
  min: 0,
  max: 1,
  thresholds: THRESHOLDS.none,
  by: {
    fleet: `(sum(${totalOf(DETAILED, '$__range', { source: 'reported' })}) or vector(0)) / (sum(${totalOf(DETAILED, '$__range')}) > 0)`,
  },
});

export const tokens = signal({
  title: 'Tokens',
  description:
    'Input is what callers sent to tools, output is what they returned and a model had to read. Reported by the server, or estimated as a quarter of the bytes.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    direction: sumBy(['direction'], totalOf(TOKENS, '$__range')),
    directionDaily: sumBy(['direction'], totalOf(TOKENS, '1d')),
    server: `topk(10, ${sumBy(BY_SERVER, totalOf(TOKENS, '$__range'))} > 0)`,
    serverInput: `${sumBy(BY_SERVER, totalOf(TOKENS, '$__range', { direction: 'input' }))} > 0`,
    serverOutput: `${sumBy(BY_SERVER, totalOf(TOKENS, '$__range', { direction: 'output' }))} > 0`,
  },
});
