import type { Matchers } from '../../../src/catalog/promql/matchers.ts';
import { maxBy, minBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { alertSeries, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

/** As recorded for the alerts. */
const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'] as const;
type Window = (typeof WINDOWS)[number];
const BY_SERVER = ['gateway', 'server', 'slo'] as const;
const BUDGET = maxBy(['slo'], series('mcp:slo:error_budget'));

/** Share of what counts that went wrong, over all servers: their sums, never the mean of their ratios. */
function badShare(window: Window, ...matchers: readonly Matchers<'slo'>[]): string {
  const bad = series(`gateway_server_slo:mcp_slo_errors:rate${window}`, ...matchers);
  const all = series(`gateway_server_slo:mcp_slo_events:rate${window}`, ...matchers);
  return `${sumBy(['slo'], bad)} / (${sumBy(['slo'], all)} > 0)`;
}

function badShareOfServer(window: Window): string {
  const name = `gateway_server_slo:mcp_slo_errors_per_mcp_slo_events:ratio_rate${window}` as const;
  return maxBy(BY_SERVER, series(name));
}

export const objective = signal({
  title: 'Objective',
  description:
    'The objective: mcp:slo:error_budget, configurable in the rules. Availability: requests that did not fail. Latency: requests, except tool calls, answered within 0.5 s. Uptime: time that the server was not Offline.',
  unit: 'percentunit',
  decimals: 2,
  thresholds: THRESHOLDS.none,
  by: { slo: `1 - ${BUDGET}` },
});

export const reached = signal({
  title: 'Reached, 30 days',
  description: 'Share of requests, or of time, that met the objective in the last 30 days.',
  unit: 'percentunit',
  decimals: 3,
  max: 1,
  thresholds: THRESHOLDS.none,
  by: {
    slo: `1 - ${badShare('30d')}`,
    hourly: `1 - ${badShare('1h')}`,
    server: `1 - ${badShareOfServer('30d')}`,
  },
});

const LEFT = series('gateway_server_slo:mcp_error_budget_left:ratio_30d');

export const budgetLeft = signal({
  title: 'Error budget left',
  description:
    'Remaining error budget of 30 days: 100 % is untouched, 0 % is used up, below 0 % is overspent.',
  unit: 'percentunit',
  decimals: 1,
  max: 1,
  thresholds: THRESHOLDS.budgetLeft,
  by: {
    slo: `1 - ${badShare('30d')} / on (slo) ${BUDGET}`,
    server: minBy(BY_SERVER, LEFT),
    worst: `bottomk(10, ${minBy(BY_SERVER, LEFT)})`,
  },
});

export const overdrawnBudgets = signal({
  title: 'Budgets used up',
  description: 'Objectives of servers that have used up their 30-day error budget.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.any,
  by: { all: `count(${minBy(BY_SERVER, LEFT)} < 0) or vector(0)` },
});

/** How many times faster than allowed the budget is used; at 1 it lasts exactly 30 days. */
function burnRateWithin(window: Window, words: string) {
  return signal({
    title: `Burn rate, ${words}`,
    description: `How many times faster than allowed the error budget was used in the last ${words}. At 1 it lasts for 30 days, at 14.4 for two.`,
    unit: 'suffix:×',
    decimals: 2,
    min: 0,
    thresholds: THRESHOLDS.burnRate,
    by: {
      slo: `${badShare(window)} / on (slo) ${BUDGET}`,
      availability: `${badShare(window, { slo: 'availability' })} / on (slo) ${BUDGET}`,
      latency: `${badShare(window, { slo: 'latency' })} / on (slo) ${BUDGET}`,
      uptime: `${badShare(window, { slo: 'uptime' })} / on (slo) ${BUDGET}`,
      server: `${badShareOfServer(window)} / on (slo) group_left () ${BUDGET}`,
    },
  });
}

/** From the shortest window to the longest. */
export const burnRates = [
  burnRateWithin('5m', '5 minutes'),
  burnRateWithin('30m', '30 minutes'),
  burnRateWithin('1h', 'hour'),
  burnRateWithin('2h', '2 hours'),
  burnRateWithin('6h', '6 hours'),
  burnRateWithin('1d', 'day'),
  burnRateWithin('3d', '3 days'),
] as const;

export const burnAlerts = signal({
  title: 'Burn alerts',
  description: 'Firing McpErrorBudgetBurn alerts, of all windows.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.any,
  by: {
    all: `count(${alertSeries('ALERTS', { alertname: 'McpErrorBudgetBurn' }, { alertstate: 'firing' })}) or vector(0)`,
  },
});
