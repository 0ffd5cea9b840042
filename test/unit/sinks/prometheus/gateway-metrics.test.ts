import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import type { Metrics } from '../../../../src/sinks/prometheus/metrics.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { readPage, valueOf } from './read-page.ts';
import {
  callRecord,
  createTestMetrics,
  httpServer,
  observation,
  snapshotOf,
  START_MS,
  stdioServer,
} from './sample-facts.ts';
import { asEpochMs, asMonotonicMs } from '../../../../src/facts/time.ts';

// A hundred thousand of something take long on a machine that is busy with something else.
vi.setConfig({ testTimeout: 120_000 });

/** Garbage that waits for its collection would otherwise be taken for a leak. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  collect();
}

async function scrape(metrics: Metrics) {
  return readPage((await metrics.render('text/plain')).body);
}

/** Metrics with the gateway on and a server `files` that offers the tools `read` and `write` and the prompt `greet`. */
function createGatewayMetrics(options: Parameters<typeof createTestMetrics>[0] = {}) {
  const made = createTestMetrics({ gateway: true, ...options });
  made.publish({ fact: 'server_added', server: httpServer('files') });
  made.publish(snapshotOf('files', ['read', 'write'], ['greet']));
  return made;
}

const readOk = {
  server: 'files',
  tool: 'read',
  operation: 'tools/call',
  method: 'POST',
  endpoint: '/tools/call',
};

test('a call is one sample with all seven labels', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish(callRecord('files'));
  publish(callRecord('files'));
  const page = await scrape(metrics);
  const counted = page.get('mcp_requests_total')?.samples.filter(({ value }) => value > 0);
  expect(counted).toEqual([
    {
      name: 'mcp_requests_total',
      labels: { ...readOk, status: '200', outcome: 'success' },
      value: 2,
    },
  ]);
  expect(valueOf(page, 'mcp_request_duration_seconds_count', readOk)).toBe(2);
  expect(valueOf(page, 'mcp_request_duration_seconds_sum', readOk)).toBeCloseTo(0.08);
  expect(valueOf(page, 'mcp_gateway_overhead_seconds_count', { server: 'files' })).toBe(2);
  expect(valueOf(page, 'mcp_request_size_bytes_sum', { server: 'files' })).toBe(600);
  expect(valueOf(page, 'mcp_response_size_bytes_sum', { server: 'files' })).toBe(2_000);
});

test('what was counted between two pages is on the second, once', async () => {
  const { metrics, publish } = createGatewayMetrics();
  const labels = { ...readOk, status: '200', outcome: 'success' };
  publish(callRecord('files'));
  expect(valueOf(await scrape(metrics), 'mcp_requests_total', labels)).toBe(1);
  publish(callRecord('files'));
  expect(valueOf(await scrape(metrics), 'mcp_requests_total', labels)).toBe(2);
  expect(valueOf(await scrape(metrics), 'mcp_requests_total', labels)).toBe(2);
});

test('without the gateway nothing of it is on the page, and calls harm nothing', async () => {
  const { metrics, publish } = createTestMetrics();
  publish({ fact: 'server_added', server: httpServer('files') });
  publish(callRecord('files'));
  publish({ fact: 'auth', method: 'jwt', status: 'failure' });
  publish({ fact: 'disagreement', server: 'files', disagrees: true, detail: '' });
  publish({ fact: 'upstream_request', server: 'files' });
  const names = [...(await scrape(metrics)).keys()];
  expect(
    names.filter((name) => /^mcp_(requests|auth|tokens|gateway|client|active)_/.test(name)),
  ).toEqual([]);
});

test('a server that the gateway does not serve has no series of it', async () => {
  const { metrics, publish } = createTestMetrics({ gateway: true });
  publish({
    fact: 'server_added',
    server: buildServer('private', { gateway: { enabled: false } }),
  });
  publish(callRecord('private'));
  const page = await scrape(metrics);
  expect(page.get('mcp_requests_total')?.samples).toEqual([]);
  expect(page.get('mcp_probe_success')?.samples).toHaveLength(1);
});

test('a server has its zeros before the first call, and few of them', async () => {
  const { metrics, publish } = createTestMetrics({ gateway: true });
  const before = (await metrics.render('text/plain')).body.split('\n').length;
  publish({ fact: 'server_added', server: httpServer('files') });
  const { body } = await metrics.render('text/plain');
  const page = readPage(body);
  const gatewayFamilies = [...page.values()].filter(({ samples }) =>
    samples.some(({ labels }) => labels['server'] === 'files'),
  );
  for (const name of [
    'mcp_requests_total',
    'mcp_request_errors_total',
    'mcp_active_users',
    'mcp_cost_usd_total',
  ])
    expect(gatewayFamilies.map((family) => family.name)).toContain(name);
  for (const outcome of ['tool_error', 'rpc_error', 'transport_error', 'timeout']) {
    const samples = page.get('mcp_requests_total')?.samples ?? [];
    expect(samples.filter(({ labels }) => labels['outcome'] === outcome)).toHaveLength(1);
  }
  expect(body.split('\n').length - before).toBeLessThan(210);
});

test('a removed server takes the series of its calls along, and late calls do not bring them back', async () => {
  const { metrics, publish } = createGatewayMetrics({ otelHistograms: true });
  publish(callRecord('files'));
  publish({ fact: 'session', server: 'files', transport: 'http', durationMs: 10 });
  expect((await metrics.render('text/plain')).body).toContain('server="files"');
  publish({ fact: 'server_removed', server: 'files' });
  publish(callRecord('files'));
  publish({ fact: 'upstream_request', server: 'files' });
  expect((await metrics.render('text/plain')).body).not.toContain('server="files"');
});

test('a request to a name that is not configured counts under no name', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish(
    callRecord('_OTHER', {
      outcome: 'denied',
      status: 404,
      errorType: 'unknown_server',
      operation: '',
    }),
  );
  const page = await scrape(metrics);
  const labels = {
    server: '_OTHER',
    tool: '',
    operation: '_OTHER',
    method: 'POST',
    endpoint: '/_OTHER',
  };
  expect(valueOf(page, 'mcp_requests_total', { ...labels, status: '404', outcome: 'denied' })).toBe(
    1,
  );
  const { method: _, endpoint: __, ...error } = labels;
  expect(
    valueOf(page, 'mcp_request_errors_total', { ...error, error_type: 'unknown_server' }),
  ).toBe(1);
});

test.each([
  ['a tool of the snapshot', 'tools/call', 'read', 'read', 0],
  ['a tool that the snapshot does not have', 'tools/call', 'rm', '_OTHER', 1],
  ['no tool at all', 'tools/call', undefined, '_OTHER', 1],
  ['a tool named like a member of every object', 'tools/call', '__proto__', '_OTHER', 1],
  ['a prompt', 'prompts/get', 'greet', '', 0],
  ['a resource', 'resources/read', 'file:///etc/passwd', '', 0],
])('%s: %s of %s has the tool label "%s"', async (_name, operation, target, tool, unknown) => {
  const { metrics, publish } = createGatewayMetrics();
  const { target: _target, ...call } = callRecord('files', { operation });
  publish(target === undefined ? call : { ...call, target });
  const page = await scrape(metrics);
  const counted = page.get('mcp_requests_total')?.samples.find(({ value }) => value > 0);
  expect(counted?.labels).toMatchObject({ tool, operation });
  expect(valueOf(page, 'mcp_unknown_tool_calls_total', { server: 'files' })).toBe(unknown);
  expect(
    valueOf(page, 'mcp_label_overflow_total', { metric: 'mcp_requests_total', label: 'tool' }),
  ).toBe(unknown);
});

test('before the first snapshot every tool is _OTHER and none is unknown', async () => {
  const { metrics, publish } = createTestMetrics({ gateway: true });
  publish({ fact: 'server_added', server: httpServer('files') });
  publish(callRecord('files'));
  const page = await scrape(metrics);
  const counted = page.get('mcp_requests_total')?.samples.find(({ value }) => value > 0);
  expect(counted?.labels['tool']).toBe('_OTHER');
  expect(valueOf(page, 'mcp_unknown_tool_calls_total', { server: 'files' })).toBe(0);
});

/** Label of a call of each tool, and how many of the calls were of unknown tools. */
async function labelCalls(
  { metrics, publish }: ReturnType<typeof createTestMetrics>,
  names: readonly string[],
) {
  for (const target of names) publish(callRecord('files', { target }));
  const page = await scrape(metrics);
  const labels = page
    .get('mcp_requests_total')
    ?.samples.filter(({ value }) => value > 0)
    .map(({ labels: { tool } }) => tool)
    .toSorted();
  return { labels, unknown: valueOf(page, 'mcp_unknown_tool_calls_total', { server: 'files' }) };
}

test('tools that a client was offered have series of their own, without a check and page by page', async () => {
  const made = createTestMetrics({ gateway: true });
  made.publish({ fact: 'server_added', server: httpServer('files') });
  made.publish({ fact: 'tools_listed', server: 'files', names: ['read'] });
  made.publish({ fact: 'tools_listed', server: 'files', names: ['write'] });
  const counted = await labelCalls(made, ['read', 'write', 'invented']);
  expect(counted).toEqual({ labels: ['_OTHER', 'read', 'write'], unknown: 0 });
});

test('tools that only clients see are known beside those of the checks, whichever comes last', async () => {
  const made = createGatewayMetrics();
  made.publish({ fact: 'tools_listed', server: 'files', names: ['private', 'x'.repeat(200)] });
  made.publish(snapshotOf('files', ['read']));
  const counted = await labelCalls(made, ['read', 'private', 'invented', 'x'.repeat(200)]);
  expect(counted).toEqual({ labels: ['_OTHER', 'private', 'read'], unknown: 1 });
});

test('a tool is not unknown because the server lists none to the checks', async () => {
  const made = createTestMetrics({ gateway: true });
  made.publish({ fact: 'server_added', server: httpServer('files') });
  made.publish(snapshotOf('files', []));
  expect(await labelCalls(made, ['read'])).toEqual({ labels: ['_OTHER'], unknown: 0 });
});

test('names that clients were offered are bounded, and then no tool is unknown', async () => {
  const made = createGatewayMetrics();
  const names = Array.from({ length: 2_000 }, (_, number) => `tool ${number}`);
  made.publish({ fact: 'tools_listed', server: 'files', names });
  const counted = await labelCalls(made, ['tool 0', 'tool 1999']);
  expect(counted).toEqual({ labels: ['_OTHER', 'tool 0'], unknown: 0 });
});

test('a check without a snapshot keeps the tools that are known', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish(observation('files'));
  publish(callRecord('files'));
  const labels = { ...readOk, status: '200', outcome: 'success' };
  expect(valueOf(await scrape(metrics), 'mcp_requests_total', labels)).toBe(1);
});

test.each([
  ['a success', {}, 1],
  ['a tool error', { outcome: 'tool_error', status: 500, errorType: 'tool_error' }, 1],
  ['a timeout', { outcome: 'timeout', status: 504, errorType: 'timeout' }, 1],
  ['a cancelled call', { outcome: 'cancelled', status: 499, errorType: 'cancelled' }, 1],
  ['a child that died', { outcome: 'transport_error', status: 502, errorType: 'child_exit' }, 1],
  [
    'a call without a connection',
    { outcome: 'transport_error', status: 502, errorType: 'connection' },
    0,
  ],
  ['a denied call', { outcome: 'denied', status: 403, errorType: 'forbidden' }, 0],
  ['a rate-limited call', { outcome: 'rate_limited', status: 429, errorType: 'rate_limited' }, 0],
  ['a lasting stream', { operation: 'subscriptions/listen' }, 0],
  [
    'a request of the server to the client',
    { direction: 'server_to_client', operation: 'sampling/createMessage' },
    0,
  ],
] as [string, Partial<CallRecord>, number][])(
  '%s counts as a request, with or without its time',
  async (_name, changes, timed) => {
    const { metrics, publish } = createGatewayMetrics();
    publish(callRecord('files', changes));
    const page = await scrape(metrics);
    const total = (name: string) =>
      (page.get(name.replace(/_count$/, ''))?.samples ?? [])
        .filter((sample) => sample.name === name)
        .reduce((sum, { value }) => sum + value, 0);
    expect(total('mcp_requests_total')).toBe(1);
    expect(total('mcp_request_duration_seconds_count')).toBe(timed);
    expect(total('mcp_gateway_overhead_seconds_count')).toBe(timed);
    expect(total('mcp_request_errors_total')).toBe(changes.errorType ? 1 : 0);
  },
);

test('the tool can be left out of the latency, and only there', async () => {
  const { metrics, publish } = createGatewayMetrics({ toolHistogram: false });
  publish(callRecord('files'));
  publish(callRecord('files', { target: 'write' }));
  const page = await scrape(metrics);
  expect(valueOf(page, 'mcp_request_duration_seconds_count', { ...readOk, tool: '' })).toBe(2);
  expect(
    valueOf(page, 'mcp_requests_total', { ...readOk, status: '200', outcome: 'success' }),
  ).toBe(1);
});

test.each([
  [418, '400'],
  [404, '404'],
  [511, '500'],
  [503, '503'],
])('the unusual status %i becomes %s', async (status, label) => {
  const { metrics, publish } = createGatewayMetrics();
  publish(callRecord('files', { outcome: 'client_error', status, errorType: 'http_4xx' }));
  const counted = (await scrape(metrics))
    .get('mcp_requests_total')
    ?.samples.find(({ value }) => value > 0);
  expect(counted?.labels['status']).toBe(label);
});

test('only OpenMetrics shows the trace of a sampled call, and only in the bucket that it fell into', async () => {
  const { metrics, publish } = createGatewayMetrics();
  const { trace } = callRecord('files');
  publish(callRecord('files', { trace: { ...trace, sampled: true }, durationMs: 40 }));
  publish(callRecord('files', { durationMs: 4_000, trace: { ...trace, traceId: 'f'.repeat(32) } }));
  publish(callRecord('files', { durationMs: 400_000, trace: { ...trace, sampled: true } }));
  const { body } = await metrics.render('application/openmetrics-text');
  const exemplars = body.split('\n').filter((line) => line.includes(' # {'));
  expect(exemplars).toHaveLength(2);
  expect(exemplars[0]).toMatch(
    /^mcp_request_duration_seconds_bucket\{le="0\.05",.*\} 1 # \{trace_id="0af7651916cd43dd8448eb211c80319c"\} 0\.04 \d+\.\d{3}$/,
  );
  expect(exemplars[1]).toMatch(/le="\+Inf".* 3 # \{.*\} 400 /);
  expect((await metrics.render('text/plain')).body).not.toContain(' # {');
});

test('someone who calls two servers is one user of the fleet', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish({ fact: 'server_added', server: stdioServer('search') });
  for (const server of ['files', 'search']) publish(callRecord(server, { user: 'ada' }));
  publish(callRecord('search', { user: 'grace' }));
  const page = await scrape(metrics);
  const of = (server: string) => valueOf(page, 'mcp_active_users', { server, window: '24h' });
  expect([of('files'), of('search')]).toEqual([1, 2]);
  expect(valueOf(page, 'mcp_fleet_active_users', { window: '24h' })).toBe(2);
});

test('failures, cost and invented tools are counted by client too, from zero on', async () => {
  const { metrics, publish } = createGatewayMetrics();
  const by = (name: string) => ({ client: { name, version: '1' } });
  publish(callRecord('files', { ...by('careful'), outcome: 'success' }));
  publish(callRecord('files', { ...by('clumsy'), outcome: 'timeout', costUsd: 0.5 }));
  const page = await scrape(metrics);
  const of = (client: string) =>
    ['failures_total', 'cost_usd_total', 'unknown_tool_calls_total'].map((name) =>
      valueOf(page, `mcp_client_${name}`, { server: 'files', client }),
    );
  expect(of('careful')).toEqual([0, 0, 0]);
  expect(of('clumsy')).toEqual([1, 0.5, 0]);
});

test('clients: 50 names of a server have a series, unknown where there is none, our own checks count nowhere in the use', async () => {
  const { metrics, publish } = createGatewayMetrics();
  for (let number = 0; number < 60; number += 1)
    publish(callRecord('files', { client: { name: `client ${number}`, version: '' } }));
  const { client: _, user: __, ...anonymous } = callRecord('files');
  publish(anonymous);
  publish(callRecord('files', { client: { name: 'mcp-exporter', version: '' }, user: 'probe' }));
  const page = await scrape(metrics);
  const clients = page.get('mcp_client_requests_total')?.samples ?? [];
  expect(clients).toHaveLength(52);
  const of = (client: string) =>
    valueOf(page, 'mcp_client_requests_total', { server: 'files', client });
  expect([
    of('client 49'),
    of('client 50'),
    of('_OTHER'),
    of('unknown'),
    of('mcp-exporter'),
  ]).toEqual([1, undefined, 10, 1, undefined]);
  const folded = { metric: 'mcp_client_requests_total', label: 'client' };
  expect(valueOf(page, 'mcp_label_overflow_total', folded)).toBe(10);
  expect(valueOf(page, 'mcp_active_users', { server: 'files', window: '1h' })).toBe(1);
});

test.each([
  ['2026-07-28', '2026-07-28'],
  ['2030-01-01', '_OTHER'],
  [undefined, ''],
])('the revision %s counts as "%s"', async (protocolVersion, label) => {
  const { metrics, publish } = createGatewayMetrics();
  const { protocolVersion: _, ...call } = callRecord('files');
  publish(protocolVersion === undefined ? call : { ...call, protocolVersion });
  const labels = { server: 'files', protocol_version: label };
  expect(valueOf(await scrape(metrics), 'mcp_protocol_requests_total', labels)).toBe(1);
});

test('users are counted by window; without one, by client', async () => {
  let nowMs = START_MS;
  const clock = {
    nowMs: () => asEpochMs(nowMs),
    monotonicMs: () => asMonotonicMs(0),
    after: () => ({ cancel: () => undefined }),
  };
  const { metrics, publish } = createGatewayMetrics({ clock });
  publish(callRecord('files', { user: 'ada' }));
  publish(callRecord('files', { user: 'ada' }));
  const { user: _, ...anonymous } = callRecord('files');
  publish(anonymous);
  nowMs += 2 * 3_600_000;
  publish(callRecord('files', { user: 'grace', startedAtMs: asEpochMs(nowMs) }));
  const page = await scrape(metrics);
  const of = (window: string) => valueOf(page, 'mcp_active_users', { server: 'files', window });
  expect([of('1h'), of('24h'), of('7d')]).toEqual([1, 3, 3]);
});

test('tokens and cost are told apart by tool and source, and by user without a name', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish(
    callRecord('files', { tokens: { input: 10, output: 20, source: 'reported' }, costUsd: 0.5 }),
  );
  publish(
    callRecord('files', { tokens: { input: 1, output: 2, source: 'estimated' }, costUsd: 0.25 }),
  );
  const { body } = await metrics.render('text/plain');
  const page = readPage(body);
  const own = { server: 'files', tool: 'read' };
  const tokens = (direction: string, source: string) =>
    valueOf(page, 'mcp_tokens_total', { ...own, direction, source });
  expect([tokens('input', 'reported'), tokens('output', 'reported')]).toEqual([10, 20]);
  expect([tokens('input', 'estimated'), tokens('output', 'estimated')]).toEqual([1, 2]);
  expect(valueOf(page, 'mcp_cost_usd_total', { ...own, source: 'reported' })).toBe(0.5);
  expect(valueOf(page, 'mcp_cost_usd_total', { ...own, source: 'estimated' })).toBe(0.25);
  const users = page.get('mcp_user_cost_usd_total')?.samples ?? [];
  expect(users.map(({ value }) => value)).toEqual([0, 0.75]);
  expect(body).not.toContain('ada@example.com');
});

test('50 users have a cost of their own, the others share one', async () => {
  const { metrics, publish } = createGatewayMetrics();
  for (let number = 0; number < 70; number += 1)
    publish(callRecord('files', { user: `user ${number}`, costUsd: 1 }));
  const page = await scrape(metrics);
  expect(page.get('mcp_user_cost_usd_total')?.samples).toHaveLength(51);
  expect(valueOf(page, 'mcp_user_cost_usd_total', { user: '_OTHER' })).toBe(20);
  const folded = { metric: 'mcp_user_cost_usd_total', label: 'user' };
  expect(valueOf(page, 'mcp_label_overflow_total', folded)).toBe(20);
});

test('what is open is read when somebody looks, and is gone when it is', async () => {
  let load = [
    {
      server: 'files',
      transport: 'http' as const,
      sessions: 3,
      streams: 2,
      inFlight: 1,
      connections: 6,
    },
  ];
  const { metrics } = createGatewayMetrics({ views: { gateway: { load: () => load } } });
  const page = await scrape(metrics);
  const labels = { server: 'files', transport: 'http' };
  expect(valueOf(page, 'mcp_active_connections', labels)).toBe(6);
  expect(valueOf(page, 'mcp_active_sessions', labels)).toBe(3);
  expect(valueOf(page, 'mcp_requests_in_flight', labels)).toBe(1);
  expect(valueOf(page, 'mcp_sse_streams_active', labels)).toBe(2);
  load = [];
  expect(valueOf(await scrape(metrics), 'mcp_active_connections', labels)).toBe(0);
});

test('each upstream request counts for its server', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish({ fact: 'upstream_request', server: 'files' });
  publish({ fact: 'upstream_request', server: 'files' });
  publish({ fact: 'upstream_request', server: 'nobody' });
  const samples = (await scrape(metrics)).get('mcp_gateway_upstream_requests_total')?.samples;
  expect(samples?.map(({ value }) => value)).toEqual([2]);
});

test('an answer that asks for input is abandoned when nobody came back in 15 minutes', async () => {
  let nowMs = START_MS;
  const clock = {
    nowMs: () => asEpochMs(nowMs),
    monotonicMs: () => asMonotonicMs(0),
    after: () => ({ cancel: () => undefined }),
  };
  const { metrics, publish } = createGatewayMetrics({ clock });
  const asked = (requestState?: string) =>
    callRecord('files', {
      outcome: 'input_required',
      ...(requestState === undefined ? {} : { requestState }),
    });
  publish(asked('answered'));
  publish(asked('forgotten'));
  publish(asked());
  publish(callRecord('files', { requestState: 'answered' }));
  // A retry that is asked for more: its own state takes the place of the one it brought back.
  publish(asked('first'));
  publish({ ...asked('second'), broughtState: 'first' });
  publish(callRecord('files', { requestState: 'second', outcome: 'cancelled' }));
  const abandoned = async () =>
    valueOf(await scrape(metrics), 'mcp_input_abandoned_total', { server: 'files' });
  expect(await abandoned()).toBe(0);
  nowMs += 15 * 60_000 + 1_000;
  expect(await abandoned()).toBe(1);
  expect(await abandoned()).toBe(1);
  expect(valueOf(await scrape(metrics), 'mcp_input_required_total', { server: 'files' })).toBe(5);
});

test('admission counts by method and status, and refusals for asking too often by bucket', async () => {
  const { metrics, publish } = createGatewayMetrics();
  publish({ fact: 'auth', method: 'bearer', status: 'failure' });
  publish({ fact: 'rate_limit', server: 'files', user: 'ada@example.com' });
  const { body } = await metrics.render('text/plain');
  const page = readPage(body);
  expect(page.get('mcp_auth_attempts_total')?.samples).toHaveLength(6);
  expect(valueOf(page, 'mcp_auth_attempts_total', { method: 'bearer', status: 'failure' })).toBe(1);
  const buckets = page.get('mcp_auth_rate_limit_exceeded_total')?.samples ?? [];
  expect(buckets).toHaveLength(16);
  expect(buckets.filter(({ value }) => value === 1)).toHaveLength(1);
  expect(body).not.toContain('ada@example.com');
});

test('a disagreement of checks and calls is 1 while it lasts', async () => {
  const { metrics, publish } = createGatewayMetrics();
  const now = async () =>
    valueOf(await scrape(metrics), 'mcp_probe_traffic_disagreement', { server: 'files' });
  expect(await now()).toBe(0);
  publish({ fact: 'disagreement', server: 'files', disagrees: true, detail: '' });
  expect(await now()).toBe(1);
  publish({ fact: 'disagreement', server: 'files', disagrees: false, detail: '' });
  expect(await now()).toBe(0);
});

test('failed exports of traces follow the total that the exporter of spans keeps', async () => {
  let failures = 0;
  const { metrics } = createGatewayMetrics({
    views: { traceExports: { failures: () => failures } },
  });
  const now = async () =>
    valueOf(await scrape(metrics), 'mcp_exporter_otlp_export_failures_total', { signal: 'traces' });
  expect(await now()).toBe(0);
  failures = 3;
  expect(await now()).toBe(3);
  expect(await now()).toBe(3);
});

const otelRead = {
  server: 'files',
  mcp_method_name: 'tools/call',
  gen_ai_tool_name: 'read',
  gen_ai_prompt_name: '',
  error_type: '',
  rpc_response_status_code: '',
  mcp_protocol_version: '2025-11-25',
  network_transport: 'tcp',
};

test.each([
  ['a success', {}, {}, {}],
  [
    'a fault of the caller',
    { outcome: 'client_error', status: 400, errorType: 'invalid_params', rpcCode: -32602 },
    { rpc_response_status_code: '-32602' },
    { rpc_response_status_code: '-32602', error_type: '-32602' },
  ],
  [
    'an error of the server',
    { outcome: 'rpc_error', status: 500, errorType: 'internal_error', rpcCode: -32603 },
    { rpc_response_status_code: '-32603', error_type: '-32603' },
    { rpc_response_status_code: '-32603', error_type: '-32603' },
  ],
  [
    'a tool error',
    { outcome: 'tool_error', status: 500, errorType: 'tool_error' },
    { error_type: 'tool_error' },
    { error_type: 'tool_error' },
  ],
  [
    'a refusal, which does not go on to the server',
    { outcome: 'rate_limited', status: 429, errorType: 'rate_limited' },
    { error_type: 'rate_limited' },
    undefined,
  ],
  [
    'a prompt',
    { operation: 'prompts/get', target: 'greet' },
    { mcp_method_name: 'prompts/get', gen_ai_tool_name: '', gen_ai_prompt_name: 'greet' },
    { mcp_method_name: 'prompts/get', gen_ai_tool_name: '', gen_ai_prompt_name: 'greet' },
  ],
  ['a stdio client', { transport: 'stdio', verb: 'stdio' }, { network_transport: 'pipe' }, {}],
] as [string, Partial<CallRecord>, object, object | undefined][])(
  'OpenTelemetry: %s is seen from both sides',
  async (_name, changes, asServer, asClient) => {
    const { metrics, publish } = createGatewayMetrics({ otelHistograms: true });
    publish(callRecord('files', changes));
    const page = await scrape(metrics);
    const count = (side: string, labels: object) =>
      valueOf(page, `mcp_${side}_operation_duration_seconds_count`, { ...otelRead, ...labels });
    expect(count('server', asServer)).toBe(1);
    if (asClient) expect(count('client', asClient)).toBe(1);
    else expect(page.get('mcp_client_operation_duration_seconds')?.samples).toEqual([]);
  },
);

test('OpenTelemetry: a session is one for both sides, each with its transport', async () => {
  const { metrics, publish } = createTestMetrics({ gateway: true, otelHistograms: true });
  publish({ fact: 'server_added', server: stdioServer('files') });
  publish({
    fact: 'session',
    server: 'files',
    transport: 'http',
    protocolVersion: '2025-06-18',
    durationMs: 1_500,
  });
  const page = await scrape(metrics);
  const labels = { server: 'files', mcp_protocol_version: '2025-06-18' };
  const sum = (side: string, transport: string) =>
    valueOf(page, `mcp_${side}_session_duration_seconds_sum`, {
      ...labels,
      network_transport: transport,
    });
  expect([sum('server', 'tcp'), sum('client', 'pipe')]).toEqual([1.5, 1.5]);
});

test('100,000 different names, sessions, methods and codes of clients make no more than a bounded number of series', async () => {
  const { metrics, publish } = createGatewayMetrics({ otelHistograms: true });
  const flood = (from: number, to: number) => {
    for (let number = from; number < to; number += 1) {
      publish(
        callRecord('files', {
          target: `tool ${number}`,
          session: `session ${number}`,
          user: `user ${number}`,
          client: { name: `client ${number}`, version: `${number}` },
          protocolVersion: `version ${number}`,
          ...(number % 2 ? {} : { operation: `method/${number}` }),
          ...(number % 3 ? {} : { operation: 'prompts/get' }),
          outcome: 'rpc_error',
          errorType: `kind ${number}`,
          status: 400 + (number % 200),
          rpcCode: number,
          costUsd: 0.001,
        }),
      );
    }
  };
  const lines = async () => (await metrics.render('text/plain')).body.split('\n').length;
  flood(0, 20_000);
  const linesBefore = await lines();
  collectGarbage();
  const heapBefore = process.memoryUsage().heapUsed;
  flood(20_000, 100_000);
  expect(await lines()).toBe(linesBefore);
  expect(linesBefore).toBeLessThan(6_000);
  collectGarbage();
  expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(3e6);
  const page = await scrape(metrics);
  const total = page.get('mcp_requests_total')?.samples.reduce((sum, { value }) => sum + value, 0);
  expect(total).toBe(100_000);
  const users = valueOf(page, 'mcp_active_users', { server: 'files', window: '24h' }) ?? 0;
  expect(Math.abs(users - 100_000)).toBeLessThan(10_000);
});

test('a server with 1,000 tools, all of them called, has series for 200', async () => {
  const { metrics, publish } = createTestMetrics({ gateway: true });
  const names = Array.from({ length: 1_000 }, (_, number) => `tool ${number}`);
  publish({ fact: 'server_added', server: httpServer('files') });
  publish(snapshotOf('files', names));
  for (const target of names) publish(callRecord('files', { target }));
  const page = await scrape(metrics);
  const tools = new Set(
    page.get('mcp_requests_total')?.samples.map(({ labels }) => labels['tool']),
  );
  expect(tools.size).toBe(202);
  expect(
    valueOf(page, 'mcp_requests_total', {
      ...readOk,
      tool: '_OTHER',
      status: '200',
      outcome: 'success',
    }),
  ).toBe(800);
});
