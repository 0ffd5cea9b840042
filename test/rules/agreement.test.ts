import { expect, test } from 'vitest';
import { summaryExpressions } from '../../src/sinks/web/prometheus-sums.ts';
import { cost } from '../../tools/dashboards/signals/cost.ts';
import { requestsPerHour, requestsPerMinute } from '../../tools/dashboards/signals/traffic.ts';
import { readGroups } from './support/rule-files.ts';
import { evaluateRules, type Sample } from './support/evaluate-rules.ts';
import { type Process, scrapedOf } from './support/made-up-counters.ts';
import { processOf } from './support/made-up-traffic.ts';
import { isMissing } from './support/programs.ts';
import { substitute } from '../dashboards/support/dashboard-scope.ts';

// Goal: tile, table, the last point of the chart, the alert and the exporter's own API say the same of the same time and
// server. Method: their own queries, at one time, of traffic with a restart, a gap, a second exporter and a late first call.

const MINUTE = 60;
const DAY_MS = 86_400_000;
const STEP_SECONDS = 15;
const AT_SECONDS = 100 * MINUTE;
/** Every query is about these moments or half a minute earlier. */
const TOLERANCE = 0.01;

const call = { operation: 'tools/call', tool: 'search', outcome: 'success', from: 0 };
const PROCESSES: readonly Process[] = [
  processOf(
    { instance: 'first:19110', starts: [0, 50 * MINUTE + 7], gaps: [[20 * MINUTE, 35 * MINUTE]] },
    [
      { ...call, server: 'files', perSecond: 2 },
      { ...call, server: 'files', perSecond: 1, tool: 'late', from: 80 * MINUTE, bornWith: 500 },
      { ...call, server: 'search', perSecond: 0.5 },
    ],
  ),
  processOf({ instance: 'second:19110', starts: [60 * MINUTE + 8] }, [
    { ...call, server: 'files', perSecond: 3, from: 60 * MINUTE + 8, bornWith: 100 },
  ]),
];
const USD_PER_CALL = 0.002;

const API = summaryExpressions(DAY_MS, { job: 'mcp-exporter', gateway: 'g' });
const CHOSEN = new Map([
  ['job', '.*'],
  ['gateway', '.*'],
  ['server', '.*'],
]);

function asAsked(expr: string): string {
  const span = { startSeconds: 0, endSeconds: AT_SECONDS, stepSeconds: MINUTE };
  return substitute(expr, CHOSEN, span);
}

const QUESTIONS = {
  costTile: asAsked(cost.by.today),
  costTable: asAsked(cost.by.serverToday),
  costChart: asAsked(cost.by.serverDaily),
  costChartOfAll: asAsked(cost.by.daily),
  costAlert: 'gateway:mcp_cost_usd:increase1d',
  costApi: API.cost,
  requestsTile: asAsked(requestsPerHour.by.fleet),
  requestsTable: asAsked(requestsPerMinute.by.known),
  requestsApi: summaryExpressions(DAY_MS / 24, { gateway: 'g' }).calls,
  requestsApiShort: summaryExpressions(DAY_MS / 288, { gateway: 'g' }).calls,
};

async function answers(): Promise<(name: keyof typeof QUESTIONS, server?: string) => number> {
  const names = new Set(['mcp-requests', 'mcp-requests-1h', 'mcp-usage-totals', 'mcp-usage']);
  const isOfThem = (rule: object): boolean =>
    'record' in rule && /:mcp_(?:requests:|cost_usd:)/.test(String(rule.record));
  const groups = readGroups()
    .filter(({ name }) => names.has(name))
    .map((group) => ({ ...group, rules: group.rules.filter(isOfThem) }));
  const samples = await evaluateRules({
    groups,
    series: PROCESSES.flatMap((process) => scrapedOf(process, STEP_SECONDS, AT_SECONDS)).filter(
      ({ name }) => /^(?:up|process_.*|mcp_requests_total|mcp_cost_usd_total)$/.test(name),
    ),
    stepSeconds: STEP_SECONDS,
    questions: Object.entries(QUESTIONS).map(([name, expr]) => ({ name, expr })),
    atSeconds: [AT_SECONDS],
  });
  return (name, server) => sumOf(samples, name, server);
}

function sumOf(samples: readonly Sample[], name: string, server?: string): number {
  const own = samples.filter(
    (sample) =>
      sample.name === name && (server === undefined || sample.labels['server'] === server),
  );
  expect(own, name).not.toEqual([]);
  return own.reduce((sum, { value }) => sum + value, 0);
}

test.skipIf(isMissing('promtool'))(
  'tile, table, chart, alert and API agree about cost and requests',
  { timeout: 120_000 },
  async () => {
    const said = await answers();
    const about = (value: number) => ({
      asymmetricMatch: (other: number) => Math.abs(other - value) <= TOLERANCE * value,
    });
    const filesCalls = 2 * AT_SECONDS + (500 + 20 * MINUTE) + (100 + 3 * (40 * MINUTE - 8));
    const all = USD_PER_CALL * (filesCalls + 0.5 * AT_SECONDS);
    for (const name of [
      'costTile',
      'costTable',
      'costChart',
      'costChartOfAll',
      'costAlert',
      'costApi',
    ] as const)
      expect([name, said(name)]).toEqual([name, about(all)]);
    for (const name of ['costTable', 'costChart', 'costApi'] as const)
      expect([name, said(name, 'files')]).toEqual([name, about(USD_PER_CALL * filesCalls)]);
    expect(said('requestsTile')).toEqual(about(said('requestsApi')));
    expect(5 * said('requestsTable', 'files')).toEqual(about(said('requestsApiShort', 'files')));
  },
);
