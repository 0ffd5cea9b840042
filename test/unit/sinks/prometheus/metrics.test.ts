import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { MarkerKind } from '../../../../src/facts/event-log.ts';
import { PROBE_FAILURES } from '../../../../src/facts/probe-outcome.ts';
import { type Status, STATUSES } from '../../../../src/facts/rules/health.ts';
import { METRICS_PAGE, PER_SERVER_METRICS } from '../../../../src/catalog/catalog.ts';
import type { Metrics } from '../../../../src/sinks/prometheus/metrics.ts';
import { readPage, valueOf } from './read-page.ts';
import {
  callRecord,
  createTestMetrics,
  httpServer,
  observation,
  START_MS,
  stdioServer,
} from './sample-facts.ts';
import { buildDetail } from '../web/fake-http-deps.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

async function scrape(metrics: Metrics) {
  return readPage((await metrics.render('text/plain')).body);
}

async function scrapeText(metrics: Metrics): Promise<string> {
  return (await metrics.render('text/plain')).body;
}

const identity = {
  transport: 'http',
  era: 'legacy',
  protocolVersion: '2025-11-25',
  implementation: 'demo',
  version: '1.0.0',
} as const;

test('every metric of the catalog for /metrics is on the page, and nothing else is, each with its type, help and labels', async () => {
  const { metrics, publish } = createTestMetrics({
    runtimeMetrics: true,
    gateway: true,
    otelHistograms: true,
    views: {
      journal: {
        usage: () => ({
          isUp: true,
          rows: {},
          sizeBytes: 0,
          freeBytes: 0,
          dropped: 0,
          writeErrors: 0,
        }),
      },
      alerts: { watchdogHeardAtMs: () => asEpochMs(START_MS) },
      servers: {
        views: () => [{ ...buildDetail('files'), reasonCode: 'slow' }],
        processUsage: () => [],
      },
    },
  });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(callRecord('files', { user: 'ada', costUsd: 1 }));
  publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 5 });
  const snapshot = {
    takenAtMs: asEpochMs(0),
    lists: { tools: { definitions: [], bytes: 2, ttlMs: 1_000 } },
  };
  publish(observation('files', { tlsExpiresAtMs: asEpochMs(START_MS), snapshot }));
  publish({ fact: 'child_start', server: 'files', pid: 1, startMs: 5 });
  publish({
    fact: 'status',
    server: 'files',
    atMs: asEpochMs(1),
    from: 'unknown',
    to: 'healthy',
    reason: '',
  });
  publish({ fact: 'reload', atMs: asEpochMs(START_MS), ok: true, detail: '' });
  // The lag of the event loop is known one turn after the first look, a garbage collection when one has run.
  await metrics.render(undefined);
  const page = await scrape(metrics);

  expect([...page.keys()]).toEqual(METRICS_PAGE.map(({ name }) => name));
  for (const metric of METRICS_PAGE) {
    const family = page.get(metric.name);
    expect(family).toMatchObject({ type: metric.kind, help: metric.help });
    const isLateOrForeign = metric.area === 'runtime';
    if (!isLateOrForeign) expect(family?.samples, metric.name).not.toEqual([]);
    for (const { labels } of family?.samples ?? []) {
      const { le: _, ...own } = labels;
      expect(Object.keys(own).sort(), metric.name).toEqual([...metric.labels].sort());
      for (const [label, values] of Object.entries(metric.values ?? {})) {
        expect(values).toContain(own[label]);
      }
    }
  }
});

test('a metric of the Node.js process that promtool rejects is not collected', async () => {
  const { metrics } = createTestMetrics({ runtimeMetrics: true });
  const text = await scrapeText(metrics);
  expect(text).not.toMatch(/nodejs_active_\w+_total|eventloop_utilization/);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
});

test('a server that was just added has zeros for everything but what is absent until known', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: stdioServer('files') });
  const page = await scrape(metrics);

  for (const metric of PER_SERVER_METRICS) {
    const samples = page.get(metric.name)?.samples ?? [];
    expect(samples.length === 0, metric.name).toBe(metric.absentUntilKnown === true);
  }
  const isNotZero = [...page.values()]
    .flatMap(({ samples }) => samples)
    .filter(({ labels, value }) => labels['server'] === 'files' && value !== 0)
    .map(({ name, value }) => [name, value]);
  expect(isNotZero).toEqual([
    ['mcp_server_status', 1],
    ['mcp_server_status_code', STATUSES.indexOf('unknown')],
    ['mcp_server_info', 1],
    ['mcp_probe_interval_seconds', 30],
  ]);
  expect(page.get('mcp_probe_failures_total')?.samples).toHaveLength(PROBE_FAILURES.length);
  expect(page.get('mcp_probe_duration_seconds')?.samples).toHaveLength(10 + 3);
});

test('a disabled server is disabled from the first scrape', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('off', { enabled: false }) });
  const page = await scrape(metrics);
  expect(valueOf(page, 'mcp_server_status', { server: 'off', status: 'disabled' })).toBe(1);
  expect(valueOf(page, 'mcp_server_status_code', { server: 'off' })).toBe(4);
});

test('a server that is reached by URL has no series of a child process', async () => {
  const { metrics, publish } = createTestMetrics({
    views: {
      servers: {
        views: () => [],
        processUsage: () => [
          { server: 'search', usage: { pid: 1, cpuSeconds: 1, residentBytes: 1 } },
        ],
      },
    },
  });
  publish({ fact: 'server_added', server: httpServer('search') });
  expect(await scrapeText(metrics)).not.toMatch(/^mcp_server_process_\w+\{/m);
});

test('the endpoint label holds no credentials, query or argument', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish({ fact: 'server_added', server: stdioServer('files') });
  const text = await scrapeText(metrics);
  expect(text).not.toContain('hunter2');
  expect(text).toContain('server="search",endpoint="https://mcp.example.com/mcp"');
  expect(text).toContain('server="files",endpoint="npx"');
});

test('a removed server leaves nothing on the page, whatever happened to it', async () => {
  const { metrics, publish } = createTestMetrics();
  const before = await scrapeText(metrics);
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(
    observation('files', { identity, tlsExpiresAtMs: asEpochMs(START_MS), phasesMs: { list: 1 } }),
  );
  const lists = { tools: { definitions: [], bytes: 2, ttlMs: 1_000 } };
  publish(observation('files', { snapshot: { takenAtMs: asEpochMs(0), lists } }));
  publish(observation('files', { outcome: 'timeout' }, { status: 'offline' }));
  publish({
    fact: 'status',
    server: 'files',
    atMs: asEpochMs(0),
    from: 'unknown',
    to: 'offline',
    reason: '',
  });
  publish({
    fact: 'definitions',
    server: 'files',
    atMs: asEpochMs(0),
    changes: [{ kind: 'tools', change: 'added', name: 'read' }],
  });
  publish({ fact: 'child_start', server: 'files', pid: 1, startMs: 5 });
  expect(await scrapeText(metrics)).toContain('files');

  publish({ fact: 'server_removed', server: 'files' });
  const after = await scrapeText(metrics);
  expect(after).not.toContain('files');
  expect(after.split('\n')).toHaveLength(before.split('\n').length);
});

test('what is found about a server after its removal does not bring it back', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish({ fact: 'server_removed', server: 'files' });
  publish(observation('files', { identity }));
  publish({
    fact: 'status',
    server: 'files',
    atMs: asEpochMs(0),
    from: 'unknown',
    to: 'healthy',
    reason: '',
  });
  publish({
    fact: 'child_exit',
    server: 'files',
    reason: 'stopped',
    code: 0,
    signal: null,
    stderrTail: '',
  });
  expect(await scrapeText(metrics)).not.toContain('files');
});

test('a server whose settings changed starts anew, also when its removal was not told', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(observation('files', { outcome: 'refused' }));
  publish({ fact: 'server_added', server: httpServer('files', { intervalMs: 5_000 }) });
  const page = await scrape(metrics);
  expect(valueOf(page, 'mcp_probe_failures_total', { server: 'files', reason: 'refused' })).toBe(0);
  expect(valueOf(page, 'mcp_probe_interval_seconds', { server: 'files' })).toBe(5);
  expect(page.get('mcp_server_process_exits_total')?.samples).toEqual([]);
});

test('a successful check sets times, phases and identity', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish(
    observation(
      'search',
      {
        durationMs: 250,
        phasesMs: { connect: 5, tls: 20, handshake: 100 },
        tlsExpiresAtMs: asEpochMs(START_MS + 86_400_000),
        identity,
      },
      { nextInMs: 31_000, lagMs: 600 },
    ),
  );
  const page = await scrape(metrics);
  const own = { server: 'search' };
  const endedAt = START_MS / 1000 + 1.25;
  expect(valueOf(page, 'mcp_server_up', own)).toBe(1);
  expect(valueOf(page, 'mcp_probe_success', own)).toBe(1);
  expect(valueOf(page, 'mcp_probe_last_duration_seconds', own)).toBe(0.25);
  expect(valueOf(page, 'mcp_probe_last_run_timestamp_seconds', own)).toBe(endedAt);
  expect(valueOf(page, 'mcp_probe_last_success_timestamp_seconds', own)).toBe(endedAt);
  expect(valueOf(page, 'mcp_probe_interval_seconds', own)).toBe(31);
  expect(valueOf(page, 'mcp_probe_phase_duration_seconds', { ...own, phase: 'tls' })).toBe(0.02);
  expect(valueOf(page, 'mcp_probe_phase_duration_seconds', { ...own, phase: 'call' })).toBe(0);
  expect(valueOf(page, 'mcp_probe_duration_seconds_bucket', { ...own, le: '0.1' })).toBe(0);
  expect(valueOf(page, 'mcp_probe_duration_seconds_bucket', { ...own, le: '0.25' })).toBe(1);
  expect(valueOf(page, 'mcp_probe_duration_seconds_sum', own)).toBe(0.25);
  expect(valueOf(page, 'mcp_probe_tls_cert_expiry_timestamp_seconds', own)).toBe(
    START_MS / 1000 + 86_400,
  );
  expect(valueOf(page, 'mcp_probe_schedule_lag_seconds_bucket', { le: '0.5' })).toBe(0);
  expect(valueOf(page, 'mcp_probe_schedule_lag_seconds_bucket', { le: '1.0' })).toBe(1);
});

test('a phase of the check before is 0 when the last check had no such phase', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish(observation('search', { phasesMs: { connect: 5 } }));
  publish(observation('search', { phasesMs: {} }));
  const labels = { server: 'search', phase: 'connect' };
  expect(valueOf(await scrape(metrics), 'mcp_probe_phase_duration_seconds', labels)).toBe(0);
});

test.each(PROBE_FAILURES)('a check that ends in %s counts under that reason', async (outcome) => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish(observation('search', { durationMs: 10 }));
  publish(
    observation(
      'search',
      { outcome, startedAtMs: asEpochMs(START_MS + 9_000) },
      { consecutiveFailures: 1 },
    ),
  );
  const page = await scrape(metrics);
  const own = { server: 'search' };
  expect(valueOf(page, 'mcp_probe_success', own)).toBe(0);
  expect(valueOf(page, 'mcp_probe_consecutive_failures', own)).toBe(1);
  expect(valueOf(page, 'mcp_probe_last_success_timestamp_seconds', own)).toBe(
    START_MS / 1000 + 1.01,
  );
  const counted = page.get('mcp_probe_failures_total')?.samples.filter(({ value }) => value !== 0);
  expect(counted).toEqual([
    { name: 'mcp_probe_failures_total', labels: { ...own, reason: outcome }, value: 1 },
  ]);
});

test.each([
  ['healthy', 1],
  ['warning', 1],
  ['critical', 1],
  ['offline', 0],
  ['disabled', 0],
  ['unknown', 0],
] as const)('status %s gives up %i and is the only 1 of the state set', async (status, up) => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish({
    fact: 'status',
    server: 'search',
    atMs: asEpochMs(5e3),
    from: 'unknown',
    to: status,
    reason: '',
  });
  const page = await scrape(metrics);
  expect(valueOf(page, 'mcp_server_status_since_timestamp_seconds', { server: 'search' })).toBe(5);
  expect(valueOf(page, 'mcp_server_up', { server: 'search' })).toBe(up);
  expect(valueOf(page, 'mcp_server_status_code', { server: 'search' })).toBe(
    STATUSES.indexOf(status),
  );
  for (const candidate of STATUSES) {
    const expected = candidate === status ? 1 : 0;
    const at = (name: string, label: string) =>
      valueOf(page, name, { server: 'search', [label]: candidate });
    expect(at('mcp_server_status', 'status')).toBe(expected);
    expect(at('mcp_server_status_changes_total', 'to')).toBe(expected);
  }
});

test('a check carries the status too, without counting a change', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish(observation('search', {}, { status: 'warning' }));
  const page = await scrape(metrics);
  expect(valueOf(page, 'mcp_server_status', { server: 'search', status: 'warning' })).toBe(1);
  const changes = page.get('mcp_server_status_changes_total')?.samples ?? [];
  expect(changes.map(({ value }) => value)).toEqual(STATUSES.map(() => 0));
});

test('a server that says something new of itself has one info series, the new one', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish(observation('search', { identity }));
  publish(observation('search', { identity: { ...identity, transport: 'sse', version: '2.0.0' } }));
  publish(observation('search'));
  const page = await scrape(metrics);
  expect(page.get('mcp_server_info')?.samples).toEqual([
    {
      name: 'mcp_server_info',
      labels: {
        server: 'search',
        endpoint: 'https://mcp.example.com/mcp',
        transport: 'sse',
        era: 'legacy',
        protocol_version: '2025-11-25',
        implementation: 'demo',
        version: '2.0.0',
      },
      value: 1,
    },
  ]);
});

test('labels of the configuration are on the info series: the same names for all servers, as they are now', async () => {
  const { metrics, publish } = createTestMetrics();
  const infos = async () => {
    const page = await scrape(metrics);
    const samples = page.get('mcp_server_info')?.samples ?? [];
    return samples.map(({ labels: { server, team, tier } }) => [server, team, tier]).toSorted();
  };
  const search = { ...httpServer('search'), labels: { team: 'a "b" \\ c' } };
  publish({ fact: 'server_added', server: search });
  publish({ fact: 'server_added', server: { ...httpServer('files'), labels: { tier: '1' } } });
  publish({ fact: 'server_added', server: httpServer('none') });
  publish(observation('search', { identity }));
  publish({
    fact: 'status',
    server: 'search',
    atMs: asEpochMs(START_MS),
    from: 'healthy',
    to: 'warning',
    reason: 'slow',
  });
  expect(await infos()).toEqual([
    ['files', '', '1'],
    ['none', '', ''],
    ['search', 'a "b" \\ c', ''],
  ]);

  const server = { ...search, labels: { team: 'b' } };
  publish({ fact: 'server_changed', server, keys: ['labels'], reopens: 'none' });
  publish({ fact: 'server_removed', server: 'files' });
  expect(await infos()).toEqual([
    ['none', '', undefined],
    ['search', 'b', undefined],
  ]);
  const page = await scrape(metrics);
  const change = { server: 'search', to: 'warning' };
  expect(valueOf(page, 'mcp_server_status_changes_total', change)).toBe(1);
});

test('a long name that a server gives itself is cut, and counted once while it stays the same', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  const long = { ...identity, implementation: 'x'.repeat(1_000_000) };
  publish(observation('search', { identity: long }));
  publish(observation('search', { identity: { ...long } }));
  const page = await scrape(metrics);
  const [info] = page.get('mcp_server_info')?.samples ?? [];
  expect(info?.labels['implementation']).toBe('x'.repeat(128));
  const overflow = (label: string) =>
    valueOf(page, 'mcp_label_overflow_total', { metric: 'mcp_server_info', label });
  expect(overflow('implementation')).toBe(1);
  expect(overflow('version')).toBe(0);
});

test('a snapshot sets number, size and time to live of each list, and takes back what is gone', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  const definitions = [
    { name: 'a', hash: '1', description: '' },
    { name: 'b', hash: '2', description: '' },
  ];
  const tools = { server: 'search', kind: 'tools' };
  const prompts = { server: 'search', kind: 'prompts' };

  publish(
    observation('search', {
      snapshot: {
        takenAtMs: asEpochMs(0),
        lists: {
          tools: { definitions, bytes: 500, ttlMs: 60_000 },
          prompts: { definitions, bytes: 9 },
        },
      },
    }),
  );
  const first = await scrape(metrics);
  expect(valueOf(first, 'mcp_server_capabilities', tools)).toBe(2);
  expect(valueOf(first, 'mcp_server_list_bytes', tools)).toBe(500);
  expect(valueOf(first, 'mcp_server_list_ttl_seconds', tools)).toBe(60);
  expect(valueOf(first, 'mcp_server_list_ttl_seconds', prompts)).toBeUndefined();

  publish(
    observation('search', {
      snapshot: { takenAtMs: asEpochMs(0), lists: { tools: { definitions: [], bytes: 12 } } },
    }),
  );
  const second = await scrape(metrics);
  expect(valueOf(second, 'mcp_server_capabilities', tools)).toBe(0);
  expect(valueOf(second, 'mcp_server_capabilities', prompts)).toBe(0);
  expect(valueOf(second, 'mcp_server_list_bytes', prompts)).toBe(0);
  expect(valueOf(second, 'mcp_server_list_ttl_seconds', tools)).toBeUndefined();
});

test('each changed definition counts by kind and change', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('search') });
  publish({
    fact: 'definitions',
    server: 'search',
    atMs: asEpochMs(0),
    changes: [
      { kind: 'tools', change: 'changed', name: 'a' },
      { kind: 'tools', change: 'changed', name: 'b' },
      { kind: 'prompts', change: 'removed', name: 'a' },
    ],
  });
  const page = await scrape(metrics);
  const at = (kind: string, change: string) =>
    valueOf(page, 'mcp_server_definition_changes_total', { server: 'search', kind, change });
  expect([at('tools', 'changed'), at('prompts', 'removed'), at('tools', 'added')]).toEqual([
    2, 1, 0,
  ]);
});

test('maintenance is 1 within a window, 0 otherwise, and gone with its server', async () => {
  const maintained = new Set<string>();
  const atMs = asEpochMs(START_MS);
  const { metrics, publish } = createTestMetrics({
    views: {
      maintenance: {
        findActive: (server) =>
          maintained.has(server)
            ? { sinceMs: atMs, untilMs: atMs, by: 'ann', reason: '' }
            : undefined,
      },
    },
  });
  const read = async () => {
    const page = await scrape(metrics);
    return ['files', 'search'].map((server) => valueOf(page, 'mcp_server_maintenance', { server }));
  };
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish({ fact: 'server_added', server: stdioServer('search') });
  expect(await read()).toEqual([0, 0]);
  maintained.add('files');
  expect(await read()).toEqual([1, 0]);
  maintained.clear();
  publish({ fact: 'server_removed', server: 'search' });
  expect(await read()).toEqual([0, undefined]);
});

test('CPU time of a child never decreases on the page, and memory is 0 once it has ended', async () => {
  let cpuSeconds = 1.5;
  let isRunning = true;
  const { metrics, publish } = createTestMetrics({
    views: {
      servers: {
        views: () => [],
        processUsage: () =>
          isRunning
            ? [{ server: 'files', usage: { pid: 1, cpuSeconds, residentBytes: 4_096 } }]
            : [],
      },
    },
  });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish({ fact: 'child_start', server: 'files', pid: 1, startMs: 750 });
  const read = async () => {
    const page = await scrape(metrics);
    return [
      valueOf(page, 'mcp_server_process_cpu_seconds_total', { server: 'files' }),
      valueOf(page, 'mcp_server_process_resident_memory_bytes', { server: 'files' }),
    ];
  };
  expect(await read()).toEqual([1.5, 4_096]);
  cpuSeconds = 2.25;
  expect(await read()).toEqual([2.25, 4_096]);
  cpuSeconds = 1;
  expect(await read()).toEqual([2.25, 4_096]);
  isRunning = false;
  publish({
    fact: 'child_exit',
    server: 'files',
    reason: 'signal',
    code: null,
    signal: 'SIGKILL',
    stderrTail: '',
  });
  expect(await read()).toEqual([2.25, 0]);
  const page = await scrape(metrics);
  expect(
    valueOf(page, 'mcp_server_process_exits_total', { server: 'files', reason: 'signal' }),
  ).toBe(1);
  expect(valueOf(page, 'mcp_server_process_start_duration_seconds', { server: 'files' })).toBe(
    0.75,
  );
});

test('a marker shows when it was, so that graphs have a deploy', async () => {
  const { metrics, publish } = createTestMetrics();
  const mark = (kind: MarkerKind, seconds: number) =>
    publish({
      fact: 'marker',
      marker: { kind, atMs: asEpochMs(seconds * 1000), text: 'files 2.1', by: 'ci' },
    });
  mark('deploy', 1_700_000_000);
  mark('config', 1_700_000_060);
  const page = await scrape(metrics);
  const seconds = ['deploy', 'config_change', 'note'].map((kind) =>
    valueOf(page, 'mcp_marker_timestamp_seconds', { kind }),
  );
  expect(seconds).toEqual([1_700_000_000, 1_700_000_060, undefined]);
});

test('a failed reload shows at once and keeps the time of the configuration in force', async () => {
  const { metrics, publish } = createTestMetrics();
  const read = async () => {
    const page = await scrape(metrics);
    return [
      valueOf(page, 'mcp_exporter_config_last_reload_successful'),
      valueOf(page, 'mcp_exporter_config_last_reload_timestamp_seconds'),
      valueOf(page, 'mcp_marker_timestamp_seconds', { kind: 'config_change' }),
    ];
  };
  const start = START_MS / 1000;
  expect(await read()).toEqual([1, start, undefined]);
  publish({
    fact: 'reload',
    atMs: asEpochMs(START_MS + 10_000),
    ok: false,
    detail: 'ten mistakes',
  });
  expect(await read()).toEqual([0, start, undefined]);
  publish({ fact: 'reload', atMs: asEpochMs(START_MS + 20_000), ok: true, detail: '' });
  expect(await read()).toEqual([1, start + 20, start + 20]);
});

test('suspected connectivity, lost log lines, build and system are on the page', async () => {
  let dropped = 3;
  const { metrics, publish } = createTestMetrics({
    views: { log: { dropped: () => dropped } },
  });
  publish({ fact: 'connectivity', suspected: true, atMs: asEpochMs(0), servers: ['a', 'b', 'c'] });
  const first = await scrape(metrics);
  expect(valueOf(first, 'mcp_exporter_connectivity_suspected')).toBe(1);
  expect(valueOf(first, 'mcp_exporter_log_dropped_total')).toBe(3);
  expect(valueOf(first, 'mcp_exporter_build_info', { version: '1.2.3', nodejs: 'v24.0.0' })).toBe(
    1,
  );
  expect(valueOf(first, 'mcp_system_cpu_usage_percent')).toBe(25);
  expect(valueOf(first, 'mcp_system_memory_usage_ratio')).toBe(0.5);

  dropped = 5;
  publish({ fact: 'connectivity', suspected: false, atMs: asEpochMs(0), servers: [] });
  const second = await scrape(metrics);
  expect(valueOf(second, 'mcp_exporter_connectivity_suspected')).toBe(0);
  expect(valueOf(second, 'mcp_exporter_log_dropped_total')).toBe(5);
});

test('both formats show the same values, OpenMetrics with its own family names and end', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(observation('files', { identity }));
  const text = await metrics.render('text/plain');
  const openMetrics = await metrics.render('application/openmetrics-text; version=1.0.0');
  const samples = (body: string) => body.split('\n').filter((line) => !line.startsWith('#'));

  expect(text.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(openMetrics.contentType).toBe(
    'application/openmetrics-text; version=1.0.0; charset=utf-8',
  );
  expect(samples(openMetrics.body)).toEqual(samples(text.body));
  expect(openMetrics.body).toContain(
    '\n# TYPE mcp_probe_failures counter\nmcp_probe_failures_total{',
  );
  expect(openMetrics.body.endsWith('\n# EOF\n')).toBe(true);
  expect(text.body).not.toContain('# EOF');
});

test('after stop no fact changes the page', async () => {
  const { metrics, publish } = createTestMetrics();
  metrics.stop();
  publish({ fact: 'server_added', server: httpServer('search') });
  expect(await scrapeText(metrics)).not.toContain('search');
});

test('a page of 500 servers lets the event loop turn between slices of 50', async () => {
  const { metrics, publish } = createTestMetrics();
  for (let index = 0; index < 500; index += 1) {
    publish({ fact: 'server_added', server: httpServer(`s${index}`) });
  }
  let turns = 0;
  let isDone = false;
  const count = async () => {
    for (; !isDone; turns += 1) await nextTurn();
  };
  const counting = count();
  await metrics.render(undefined);
  isDone = true;
  await counting;
  expect(turns).toBeGreaterThanOrEqual(10);
});

test('the series of one server agree with each other, even when it changes with every turn of the event loop', async () => {
  const { metrics, publish } = createTestMetrics();
  const names = Array.from({ length: 120 }, (_, index) => `s${index}`);
  for (const name of names) publish({ fact: 'server_added', server: httpServer(name) });
  let isDone = false;
  const disturb = async () => {
    for (let round = 0; !isDone; round += 1) {
      const status: Status = round % 2 === 0 ? 'healthy' : 'offline';
      for (const name of names) publish(observation(name, {}, { status }));
      await (round % 3 === 0 ? Promise.resolve() : nextTurn());
    }
  };
  const disturbing = disturb();
  const page = await scrape(metrics);
  isDone = true;
  await disturbing;
  for (const server of names) {
    const up = valueOf(page, 'mcp_server_up', { server });
    expect(valueOf(page, 'mcp_server_status', { server, status: 'healthy' })).toBe(up);
    expect(valueOf(page, 'mcp_server_status', { server, status: 'offline' })).toBe(1 - (up ?? 9));
    const count = valueOf(page, 'mcp_probe_duration_seconds_count', { server });
    expect(valueOf(page, 'mcp_probe_duration_seconds_bucket', { server, le: '+Inf' })).toBe(count);
  }
});

test('a reload in the middle of a page neither doubles nor loses a server', async () => {
  const { metrics, publish } = createTestMetrics();
  const names = Array.from({ length: 300 }, (_, index) => `s${index}`);
  for (const name of names) publish({ fact: 'server_added', server: httpServer(name) });
  const rendering = metrics.render(undefined);
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  for (const name of names) publish({ fact: 'server_removed', server: name });
  for (const name of names.toReversed())
    publish({ fact: 'server_added', server: httpServer(name) });
  // The reader refuses a series that is there twice.
  const page = readPage((await rendering).body);
  const found = page.get('mcp_server_up')?.samples.map(({ labels }) => labels['server']);
  expect(found?.toSorted()).toEqual(names.toSorted());
});

test('a server that is disabled by hand is Disabled from the first page, or from then on, with no verdict of its checks', async () => {
  const { metrics, publish } = createTestMetrics({
    views: {
      servers: {
        views: () => [],
        processUsage: () => [{ server: 'files', usage: { pid: 1, cpuSeconds, residentBytes: 1 } }],
      },
    },
  });
  let cpuSeconds = 5;
  publish({ fact: 'server_added', server: stdioServer('kept'), isDisabled: true });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish(observation('files', { outcome: 'refused', tlsExpiresAtMs: asEpochMs(9_000_000) }));
  const before = await scrape(metrics);
  publish({
    fact: 'status',
    server: 'files',
    atMs: asEpochMs(1),
    from: 'healthy',
    to: 'disabled',
    reason: 'disabled by ann',
  });
  cpuSeconds = 2;
  const page = await scrape(metrics);

  const disabled = (server: string) =>
    valueOf(page, 'mcp_server_status', { server, status: 'disabled' });
  expect([disabled('kept'), disabled('files')]).toEqual([1, 1]);
  const expiry = 'mcp_probe_tls_cert_expiry_timestamp_seconds';
  expect(valueOf(before, expiry, { server: 'files' })).toBe(9_000);
  expect(page.get(expiry)?.samples).toEqual([]);
  expect(valueOf(page, 'mcp_probe_consecutive_failures', { server: 'files' })).toBe(0);
  // Children of another connection begin at zero.
  expect(valueOf(page, 'mcp_server_process_cpu_seconds_total', { server: 'files' })).toBe(7);
});
