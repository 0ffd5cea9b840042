import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoServer } from '../../tools/demo-history/demo-server.ts';
import { DEMO_SERVERS } from '../../tools/demo-history/demo-servers.ts';
import { until } from '../integration/support/until.ts';
import { isMissing } from '../rules/support/programs.ts';
import { checkDashboard, EMPTY, type Finding, type TimedQuery } from './support/check-dashboard.ts';
import { type Dashboard, readDashboards } from './support/dashboard-model.ts';
import { PAGE_SCOPES } from './support/page-scopes.ts';
import { createPrometheusClient, type PrometheusClient } from './support/prometheus-client.ts';
import { type Stack, startStack } from './support/start-stack.ts';

/** Queries that rightly give nothing here, by `page / panel / query`. */
const EMPTY_WHEN_ALL_IS_WELL: readonly { readonly where: RegExp; readonly why: string }[] = [
  { where: /^mcp-server \/ Certificate valid for/, why: 'no server speaks TLS' },
  { where: /^mcp-security \/ Servers with .* certificates \/ C/, why: 'no server speaks TLS' },
  { where: /^mcp-alerts \/ Failed, by channel and reason/, why: 'all notifications arrive' },
  { where: /^mcp-compare \/ Error ratio, change/, why: 'nothing may have failed a week ago' },
  { where: /^mcp-compare \/ Each server, now and then \/ I/, why: 'the same' },
  { where: /^mcp-compare \/ Unusual servers now/, why: 'everything may be as usual' },
  { where: /^mcp-meta \/ Notifications that failed/, why: 'all notifications arrive' },
  { where: /^mcp-meta \/ Rules failed, by group/, why: 'all rules can be evaluated' },
  { where: /^mcp-meta \/ annotation Alerts/, why: 'nothing is wrong with the monitoring itself' },
];

const START_MS_MAX = 900_000;
const STEP_SECONDS = 20;
const SEEN_MS_MAX = 600_000;
const SHOWN = 10;
/** One that was slow, and one that failed within the last day. */
const WITH_PAST = DEMO_SERVERS.filter(({ name }) => name === 'search' || name === 'tickets');
/** Prometheus is busy enough with rules and scrapes every two seconds. */
const LOOK_AGAIN_MS = 1_000;
const isFull = process.env['MCP_EXPORTER_FULL'] === '1';

const dashboards = await readDashboards();

describe.skipIf(isMissing('prometheus', 'promtool', 'alertmanager'))('queries of pages', () => {
  let stack: Stack;
  let client: PrometheusClient;
  const timed: TimedQuery[] = [];

  beforeAll(async () => {
    stack = await startStack({
      intervalSeconds: 2,
      pauseMs: 100,
      history: {
        servers: isFull ? manyServers(50) : WITH_PAST,
        days: 30,
        rawDays: isFull ? 1 : 0.25,
      },
    });
    client = createPrometheusClient(stack.prometheusUrl);
    await stack.fleet.kill();
    await waitForAll(client, SEEN_FIRST);
  }, START_MS_MAX);

  afterAll(async () => {
    printSlowest(timed);
    await stack.stop();
  });

  test.each(dashboards.map((dashboard) => [dashboard.uid, dashboard] as const))(
    'Every query of %s gives data, finite values and the labels that the page uses',
    async (_uid, dashboard) => {
      const { findings, queries } = await checkDashboard(
        dashboard,
        client,
        Date.now() / 1_000,
        PAGE_SCOPES,
      );
      timed.push(...queries);
      expect(findings.filter((finding) => !isRightlyEmpty(finding)).map(tell)).toEqual([]);
    },
  );

  test('a page that asks for what is not there is found out', async () => {
    const { findings } = await checkDashboard(BAD_PAGE, client, Date.now() / 1_000, PAGE_SCOPES);
    expect(findings.map(({ where, problem }) => `${where}: ${problem.slice(0, 20)}`)).toEqual([
      'bad / $nothing: no values',
      'bad / Unknown metric / A: no data',
      'bad / Syntax / A: invalid parameter "q',
      'bad / Nothing by nothing / A: not a number: NaN of',
      'bad / Legend / A: no label tool in {"s',
      'bad / Link: no query gives what ',
      'bad / annotation Deploys: no data',
    ]);
  });
});

const BAD_PAGE: Dashboard = {
  uid: 'bad',
  title: 'Bad',
  time: { from: 'now-6h', to: 'now' },
  templating: {
    list: [
      { name: 'job', type: 'query', query: 'label_values(mcp_server_up, job)', includeAll: true },
      { name: 'nothing', type: 'query', query: 'label_values(mcp_no_such_metric, server)' },
    ],
  },
  annotations: { list: [{ name: 'Deploys', expr: 'mcp_no_such_metric' }] },
  panels: [
    panel('Good', 'sum by (server) (rate(mcp_requests_total{job=~"$job"}[$__rate_interval]))'),
    panel('Unknown metric', 'mcp_no_such_metric'),
    panel('Syntax', 'sum by (mcp_server_up'),
    {
      type: 'stat',
      title: 'Nothing by nothing',
      targets: [{ refId: 'A', expr: '0 * sum(mcp_server_up) / 0', instant: true }],
    },
    panel('Legend', 'sum by (server) (mcp_server_up)', '{{server}} {{tool}}'),
    {
      ...panel('Link', 'sum by (server) (mcp_server_up)'),
      links: [{ url: '/d/x?var-tool=${__field.labels.tool}' }],
    },
  ],
};

function panel(title: string, expr: string, legendFormat = '__auto'): Dashboard['panels'][number] {
  return { type: 'timeseries', title, targets: [{ refId: 'A', expr, legendFormat }] };
}

/** Until then a page would be judged by what has not happened yet. */
const SEEN_FIRST = [
  'mcp_server_status{status="offline"} == 1',
  'mcp_server_status{status="warning"} == 1',
  'mcp_server_status{status="critical"} == 1',
  'mcp_server_status{status="disabled"} == 1',
  'rate(mcp_auth_rate_limit_exceeded_total[1m]) > 0',
  'mcp_auth_attempts_total{status="failure"} > 0',
  'rate(mcp_unknown_tool_calls_total[1m]) > 0',
  'mcp_sse_streams_active > 0',
  'mcp_cost_usd_total > 0',
  'mcp_alert_notifications_total > 0',
  'gateway_server:mcp_requests_failed:rate1h > 0',
  'mcp_watchdog_last_received_timestamp_seconds > 0',
  'increase(mcp_server_definition_changes_total[1m]) > 0',
  'rate(mcp_probe_failures_total[1m]) > 0',
  'mcp_marker_timestamp_seconds{kind="deploy"} > 0',
] as const;

async function waitForAll(client: PrometheusClient, expressions: readonly string[]): Promise<void> {
  const waiting = new Set(expressions);
  const deadlineMs = performance.now() + SEEN_MS_MAX;
  await until(async () => {
    for (const expression of waiting) {
      // A page asks at whole steps, the last of which may be past.
      const answer = await client.instant(expression, Date.now() / 1_000 - STEP_SECONDS);
      if (answer.ok && answer.series.length > 0) waiting.delete(expression);
    }
    if (waiting.size > 0 && performance.now() > deadlineMs)
      throw new Error(`not seen: ${[...waiting].join(', ')}`);
    if (waiting.size > 0) await delay(LOOK_AGAIN_MS);
    return waiting.size === 0;
  });
}

/** The servers of the demonstration, again and again under other names. */
function manyServers(count: number): DemoServer[] {
  return Array.from({ length: count }, (_, index) => {
    const server = DEMO_SERVERS[index % DEMO_SERVERS.length];
    if (!server) throw new Error('no servers');
    const turn = Math.floor(index / DEMO_SERVERS.length);
    return turn === 0 ? server : { ...server, name: `${server.name}-${turn}` };
  });
}

function isRightlyEmpty({ where, problem }: Finding): boolean {
  return problem === EMPTY && EMPTY_WHEN_ALL_IS_WELL.some((row) => row.where.test(where));
}

function tell({ where, problem, expression }: Finding): string {
  return `${where}: ${problem}\n${expression}`;
}

function printSlowest(timed: readonly TimedQuery[]): void {
  const rows = timed
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, SHOWN)
    .map(({ where, ms }) => `  ${ms.toFixed(0).padStart(6)} ms  ${where}`);
  console.info([`The slowest of ${timed.length} queries:`, ...rows].join('\n'));
}
