import { increase, series, total } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const HOURLY = 'gateway_server:mcp_cost_usd:increase1h';
const DAILY = 'gateway_server:mcp_cost_usd:increase1d';
const DETAILED = 'gateway_server_tool_source:mcp_cost_usd:increase1h';
const USERS = 'gateway_user:mcp_user_cost_usd:increase1h';
const TOKENS = 'gateway_server_direction:mcp_tokens:increase1h';
const REQUESTS = 'gateway_server:mcp_requests:increase1h';
const BY_SERVER = 'gateway, server';
const BY_TOOL = 'gateway, server, tool';

export const cost = signal({
  title: 'Cost',
  description:
    'Tokens times the prices of the configuration. Reported by the server where it does, else estimated from the size of the messages.',
  unit: 'currencyUSD',
  decimals: 2,
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    today: `sum(${series(DAILY)})`,
    serverToday: `max by (gateway, server) (${series(DAILY)})`,
    topServers: `topk(10, sum by (gateway, server) (${increase('mcp_cost_usd_total')}) > 0)`,
    week: `sum(${total(HOURLY, '7d')})`,
    month: `sum(${total(HOURLY, '30d')})`,
    /** Of 24 hours, at each time. */
    serverDaily: `sum by (${BY_SERVER}) (${series(DAILY)}) > 0`,
    daily: `sum(${series(DAILY)})`,
    dailyWeekBefore: `sum(${series(DAILY)} offset 1w)`,
    limit: series('mcp:limit:cost_usd_per_day'),
    /** In the time that the page shows, from what is recorded by the hour. */
    server: `sum by (${BY_SERVER}) (${total(HOURLY, '$__range')}) > 0`,
    mostExpensive: `topk(10, sum by (${BY_SERVER}) (${total(HOURLY, '$__range')}) > 0)`,
    tool: `sum by (${BY_TOOL}) (${total(DETAILED, '$__range')}) > 0`,
    topTools: `topk(10, sum by (${BY_TOOL}) (${total(DETAILED, '$__range')}) > 0)`,
    source: `sum by (source) (${total(DETAILED, '$__range')}) > 0`,
    sourceDaily: `sum by (source) (${total(DETAILED, '1d')}) > 0`,
    user: `topk(20, sum by (gateway, user) (${total(USERS, '$__range')}) > 0)`,
  },
});

export const projectedCost = signal({
  title: 'Projected month',
  description: 'What 30 days cost if they go on like the last seven.',
  unit: 'currencyUSD',
  decimals: 2,
  thresholds: THRESHOLDS.none,
  by: {
    month: `30 * 24 * sum(avg_over_time(${series(HOURLY)}[7d]))`,
    server: `30 * 24 * sum by (${BY_SERVER}) (avg_over_time(${series(HOURLY)}[7d])) > 0`,
  },
});

export const budgetUsed = signal({
  title: 'Used of the limit',
  description:
    'Cost of the last 24 hours against mcp:limit:cost_usd_per_day in the rules, which is yours to set; of the gateway that used most of it.',
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
  description: 'Cost of the last seven days against that of the seven days before.',
  unit: 'percentunit',
  decimals: 1,
  thresholds: [
    { value: null, color: 'green' },
    { value: 0.25, color: 'yellow' },
    { value: 1, color: 'red' },
  ],
  by: { fleet: weeklyChange(''), server: weeklyChange(BY_SERVER) },
});

/** Nothing without the week before. */
function weeklyChange(by: string): string {
  const week = `sum by (${by}) (sum_over_time(${series(HOURLY)}[7d:1h]))`;
  const before = `sum by (${by}) (sum_over_time(${series(HOURLY)}[7d:1h] offset 1w))`;
  const history = `sum by (${by}) (${series(HOURLY)} offset 2w)`;
  return `${week} / (${before} > 0) - 1 and on (${by}) ${history}`;
}

function perRequest(by: string): string {
  const requests = `sum by (${by}) (${total(REQUESTS, '$__range')})`;
  return `sum by (${by}) (${total(HOURLY, '$__range')}) / (${requests} > 0)`;
}

export const costPerRequest = signal({
  title: 'Cost of a request',
  description:
    'Cost in the time that the page shows, by the requests in it, those without a price included.',
  unit: 'currencyUSD',
  decimals: 5,
  thresholds: THRESHOLDS.none,
  by: { fleet: perRequest(''), server: `${perRequest(BY_SERVER)} > 0` },
});

export const costPerUser = signal({
  title: 'Cost of a user, 24 hours',
  description: 'Cost of the last 24 hours by the users that were active in them.',
  unit: 'currencyUSD',
  decimals: 4,
  thresholds: THRESHOLDS.none,
  by: {
    fleet: `sum(${series(DAILY)}) / (sum(max by (${BY_SERVER}) (${series('mcp_active_users', 'window="24h"')})) > 0)`,
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
    fleet: `(sum(${total(DETAILED, '$__range', 'source="reported"')}) or vector(0)) / (sum(${total(DETAILED, '$__range')}) > 0)`,
  },
});

export const tokens = signal({
  title: 'Tokens',
  description:
    'Input is what callers sent to tools, output what came back and a model had to read. Reported by the server, or estimated as a quarter of the bytes.',
  unit: 'short',
  min: 0,
  thresholds: THRESHOLDS.none,
  by: {
    direction: `sum by (direction) (${total(TOKENS, '$__range')})`,
    directionDaily: `sum by (direction) (${total(TOKENS, '1d')})`,
    server: `topk(10, sum by (${BY_SERVER}) (${total(TOKENS, '$__range')}) > 0)`,
    serverInput: `sum by (${BY_SERVER}) (${total(TOKENS, '$__range', 'direction="input"')}) > 0`,
    serverOutput: `sum by (${BY_SERVER}) (${total(TOKENS, '$__range', 'direction="output"')}) > 0`,
  },
});
