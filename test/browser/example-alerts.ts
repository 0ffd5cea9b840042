import type { CallSummary, CallSummaryKey } from '../../src/facts/call-log.ts';
import type { AlertRecord } from '../../src/facts/ports/alert-store.ts';
import type { HttpAppDeps } from '../../src/sinks/web/ports.ts';
import type { ServerLogEntry, ServerLogPage } from '../../src/facts/server-log.ts';
import { buildCallSum } from '../fakes/build-call-sum.ts';
import { NOW_MS } from '../unit/sinks/web/fake-http-deps.ts';
import { asEpochMs } from '../../src/facts/time.ts';

const MINUTE_MS = 60_000;

function alert(id: number, changes: Partial<AlertRecord>): AlertRecord {
  const alertname = changes.alertname ?? 'McpServerOffline';
  const severity = changes.severity ?? 'critical';
  const server = changes.server ?? 'search';
  const startsAtMs = changes.startsAtMs ?? NOW_MS - 6 * MINUTE_MS;
  return {
    id,
    fingerprint: `fingerprint-${id}`,
    alertname,
    server,
    gateway: 'exporter:19110',
    severity,
    summary: 'An MCP server is offline',
    description: `${server} at exporter:19110 does not answer: 14 failed checks in a row, mostly refused, last success 5m 20s ago.`,
    labels: { alertname, component: 'mcp', gateway: 'exporter:19110', server, severity },
    annotations: {
      runbook_url: 'https://example.com/docs/runbook.md#mcpserveroffline',
      dashboard_url: 'https://grafana.example.com/d/mcp-server?var-server=search',
    },
    startsAtMs: asEpochMs(startsAtMs),
    isEndInferred: false,
    notificationCount: 2,
    notifications: [
      { atMs: asEpochMs(startsAtMs + 12_000), status: 'firing', receiver: 'history' },
      { atMs: asEpochMs(NOW_MS - 40_000), status: 'firing', receiver: 'history' },
    ],
    actions: [],
    ...changes,
  };
}

/** Alerts of every severity, with and without a value, a server, an end and actions, and a hostile one. */
export function exampleAlerts(): { firing: AlertRecord[]; history: AlertRecord[] } {
  return {
    firing: [
      alert(12, {
        actions: [
          {
            atMs: asEpochMs(NOW_MS - 3 * MINUTE_MS),
            kind: 'check',
            by: 'ada',
            text: 'steady: refused',
          },
          {
            atMs: asEpochMs(NOW_MS - 2 * MINUTE_MS),
            kind: 'note',
            by: 'ada',
            text: 'The host rebooted after an update; the service did not come up. Started it by hand, waiting for two good checks.',
          },
        ],
        value: 1,
      }),
      alert(11, {
        alertname: 'McpResponseTimeHigh',
        severity: 'warning',
        server: 'billing',
        summary: 'The response time of an MCP server is high',
        description: 'billing answers in 742 ms on average, above 500 ms for five minutes.',
        startsAtMs: asEpochMs(NOW_MS - 95 * MINUTE_MS),
        value: 0.742,
      }),
      alert(10, {
        alertname: '<script>document.title = 3</script>',
        severity: '<b>odd</b>',
        server: '',
        gateway: '',
        summary: '<img src=x onerror="document.title = 4">',
        description: '',
        value: 12_345_678,
      }),
    ],
    history: [
      alert(9, {
        startsAtMs: asEpochMs(NOW_MS - 26 * 60 * MINUTE_MS),
        endsAtMs: asEpochMs(NOW_MS - 25.7 * 60 * MINUTE_MS),
        notificationCount: 24,
        value: 1,
      }),
      alert(8, {
        alertname: 'McpCapabilitiesChanged',
        severity: 'info',
        server: 'files',
        summary: 'The tools of an MCP server changed',
        description: 'files: 1 tool added, 1 description changed.',
        startsAtMs: asEpochMs(NOW_MS - 3 * 24 * 60 * MINUTE_MS),
        endsAtMs: asEpochMs(NOW_MS - 3 * 24 * 60 * MINUTE_MS + 900_000),
      }),
      alert(7, {
        alertname: 'HighErrorRate',
        server: 'warehouse',
        summary: 'Many calls fail',
        description: 'warehouse: 8.4 % of the calls of the last five minutes failed.',
        startsAtMs: asEpochMs(NOW_MS - 5 * 24 * 60 * MINUTE_MS),
        endsAtMs: asEpochMs(NOW_MS - 4 * 24 * 60 * MINUTE_MS),
        isEndInferred: true,
        value: 0.084,
      }),
    ],
  };
}

export function exampleLog(server: string): ServerLogPage['entries'] {
  return entriesOf(server).map((entry, index) => ({ ...entry, id: `5-0-${index}` }));
}

function entriesOf(server: string): readonly ServerLogEntry[] {
  return [
    {
      fact: 'action',
      atMs: asEpochMs(NOW_MS - 3 * MINUTE_MS),
      server,
      kind: 'check',
      by: 'ada',
      text: 'steady: refused',
    },
    {
      fact: 'status',
      atMs: asEpochMs(NOW_MS - 6 * MINUTE_MS),
      server,
      from: 'healthy',
      to: 'offline',
      reason: '3 checks in a row failed: Connection refused by mcp.example.com port 443.',
    },
    {
      fact: 'check',
      atMs: asEpochMs(NOW_MS - 6 * MINUTE_MS - 10),
      server,
      kind: 'steady',
      outcome: 'refused',
      detail: 'Connection refused by mcp.example.com port 443.',
      durationMs: 2.5,
      status: 'offline',
    },
  ];
}

/** Calls with every kind of key, among them a long and a hostile one. */
function exampleSums(by: CallSummaryKey): readonly CallSummary[] {
  if (by === 'server')
    return [
      buildCallSum('files', { calls: 48_210, failures: 31, counted: 48_190, costUsd: 12.4 }),
      buildCallSum('warehouse', { calls: 912, failures: 214, counted: 900, costUsd: 0.0031 }),
    ];
  if (by === 'client' || by === 'user')
    return [
      buildCallSum('claude-code', { calls: 40_100, failures: 20, tokens: 9_120_000, costUsd: 11 }),
      buildCallSum('cursor', { calls: 8_110, failures: 11, tokens: 1_204_551, costUsd: 1.4 }),
      buildCallSum(`client-${'that-nobody-shortened-'.repeat(5)}`, { calls: 3 }),
    ];
  if (by === 'operation')
    return [buildCallSum('tools/call', { calls: 900 }), buildCallSum('resources/read')];
  return [
    buildCallSum('search_files', { calls: 900, failures: 12, p50Ms: 840, p95Ms: 4_210 }),
    buildCallSum('read_file', { calls: 40_000, tokens: 8_000_000, costUsd: 9.12 }),
    buildCallSum('<img src=x onerror="document.title = 5">', { failures: 1 }),
  ];
}

/** A history of these alerts, and a log and calls of every server. */
export function exampleJournal(
  deps: HttpAppDeps,
  alerts: readonly AlertRecord[],
): Pick<HttpAppDeps, 'alerts' | 'journal'> {
  return {
    alerts: {
      ...deps.alerts,
      watchdogHeardAtMs: () => asEpochMs(NOW_MS - 90_000),
      find: async ({ id, state, server }) =>
        alerts.filter(
          (each) =>
            (id === undefined || each.id === id) &&
            (server === undefined || each.server === server) &&
            (state === undefined || (state === 'firing') === (each.endsAtMs === undefined)),
        ),
    },
    journal: {
      ...deps.journal,
      summarizeCalls: async ({ by }) => exampleSums(by),
      findServerLog: async ({ server = '' }) => ({
        entries: exampleLog(server),
        next: '1-1-1',
        total: 100,
      }),
    },
  };
}
