import { expect, test } from 'vitest';
import type { CapabilitySnapshot } from '../../../../src/facts/capability-snapshot.ts';
import type { ProbeOutcome } from '../../../../src/facts/probe-outcome.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpTarget } from '../../../../src/facts/server.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

// A healthy server.

test('a newcomer is checked at once, again soon in the open session, and then on its interval', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 63, 93]);
  expect(connector.openCount('a')).toBe(1);
});

test('a server is told added before anything is told of it', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(1);
  expect(sink.facts.slice(0, 3).map(({ fact }) => fact)).toEqual([
    'server_added',
    'probe',
    'status',
  ]);
});

test('the first success is a status change from Unknown to Healthy with its reason', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(1);
  expect(sink.of('status')).toEqual([
    {
      fact: 'status',
      server: 'a',
      atMs: clock.nowMs() - 1,
      from: 'unknown',
      to: 'healthy',
      reason: 'answered',
    },
  ]);
});

test('an observation tells status, failures in a row, lag and the time to the next check', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(3_500);
  expect(
    sink
      .of('probe')
      .filter(({ report }) => report.kind === 'steady')
      .at(-1),
  ).toMatchObject({
    server: 'a',
    status: 'healthy',
    consecutiveFailures: 0,
    nextInMs: 30_000,
    lagMs: 0,
  });
});

test('a check that takes long does not stretch the interval', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ durationMs: 400 }));
  prober.apply([buildServer('a')]);
  await clock.advance(70_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3.4, 33.4, 63.4]);
});

test('the response time leaves out the handshake of the first check', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) => ({
    durationMs: kind === 'steady' && count === 0 ? 4_000 : 20,
  }));
  prober.apply([buildServer('a')]);
  await clock.advance(4_500);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy' });
  expect(prober.detail('a')).not.toHaveProperty('responseTimeMs');
  await clock.advance(4_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy', responseTimeMs: 20 });
});

test('a slow server is checked on the unhealthy interval and says why', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ durationMs: 700 }));
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  expect(prober.detail('a')).toMatchObject({
    status: 'warning',
    reason: 'slow: one-minute mean 700 ms, limit 500 ms',
    intervalMs: 15_000,
  });
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3.7, 18.7, 33.7]);
});

// A dead server.

test('three strikes take one interval and two retries', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (_kind, count) => (count < 2 ? {} : failing('refused')));
  prober.apply([buildServer('a')]);
  await clock.advance(39_500);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 36, 39]);
  expect(sink.of('status').at(-1)).toMatchObject({
    from: 'healthy',
    to: 'offline',
    reason: '3 checks in a row failed: it was refused',
  });
});

test('an Offline server is checked less and less often, down to the bound', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  await clock.advance(1_000_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96, 216, 456, 756]);
});

test('a server that comes back is Healthy after two answers in quick succession', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count < 3 ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 39]);
  expect(sink.of('status').map(({ to }) => to)).toEqual(['offline', 'healthy']);
});

test('a hung server is aborted after the timeout of an open session, and after the longer one before it is open', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (_kind, count) => (count < 1 ? {} : 'hang'));
  prober.apply([buildServer('a')]);
  await clock.advance(30_000);
  const timeouts = sink
    .of('probe')
    .filter(({ report }) => report.outcome === 'timeout' && report.kind === 'steady');
  expect(timeouts.map(({ report }) => report.durationMs)).toEqual([5_000, 10_000]);
});

test('a connection that ignores its signal is given up, closed and replaced', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (_kind, count) => (count === 0 ? 'deaf' : {}));
  prober.apply([buildServer('a')]);
  await clock.advance(20_000);
  expect(sink.of('probe')[0]?.report).toMatchObject({
    outcome: 'timeout',
    detail: 'no answer within 10000 ms, not even to being stopped',
    durationMs: 11_000,
  });
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([2, 1]);
  expect(prober.detail('a')?.status).toBe('healthy');
});

test.each<ProbeOutcome>(['auth_required', 'forbidden', 'rate_limited', 'rpc_error'])(
  'a server that always ends in %s is never Offline and not hurried',
  async (outcome) => {
    const { clock, connector, prober, sink } = setUpProber();
    connector.script('a', () => failing(outcome));
    prober.apply([buildServer('a')]);
    await clock.advance(61_000);
    expect(sink.of('status').map(({ to }) => to)).toEqual([
      outcome === 'rpc_error' ? 'critical' : 'warning',
    ]);
    expect(seconds(connector.startsOf('a'))).toEqual([0, 15, 30, 45, 60]);
  },
);

test('Retry-After is waited for', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  prober.apply([buildServer('a')]);
  await clock.advance(150_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 100]);
});

test('a check that throws is a failed check with its secrets masked', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', () => {
    throw new Error('cannot read token-1234');
  });
  prober.apply([buildServer('a', { secrets: [new Secret('token-1234')] })]);
  await clock.advance(1);
  expect(sink.of('probe')[0]?.report).toMatchObject({
    outcome: 'protocol',
    detail: 'the check itself failed: cannot read ***',
  });
});

// Many servers.

test('500 servers that hang at once leave the others on schedule', async () => {
  const { clock, connector, prober, sink } = setUpProber({ concurrency: 64 });
  const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
  let isHanging = false;
  for (const name of names.filter((_, index) => index % 2 === 0))
    connector.script(name, () => (isHanging ? 'hang' : {}));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(30_000);
  expect(new Set(sink.of('probe').map(({ server }) => server)).size).toBe(1_000);
  isHanging = true;
  sink.clear();
  await clock.advance(60_000);
  const wellLags = sink
    .of('probe')
    .filter(({ report }) => report.outcome === 'ok')
    .map(({ lagMs }) => lagMs);
  expect(wellLags.length).toBeGreaterThan(900);
  expect(Math.max(...wellLags)).toBeLessThan(1_000);
  expect(sink.of('status').filter(({ to }) => to === 'offline')).toHaveLength(500);
}, 30_000);

test('servers that hang from the first check on do not keep the others from being known within 30 seconds', async () => {
  const { clock, connector, prober } = setUpProber({ concurrency: 16 });
  const names = Array.from({ length: 400 }, (_, index) => `s${index}`);
  for (const name of names.slice(0, 200)) connector.script(name, () => 'hang');
  prober.apply(names.map((name) => buildServer(name, { monitor: { startTimeoutMs: 30_000 } })));
  await clock.advance(30_000);
  expect(
    prober
      .views()
      .slice(200)
      .filter(({ status }) => status !== 'healthy'),
  ).toEqual([]);
});

test('only so many checks work at the same time, and the others wait in the queue', async () => {
  const { clock, connector, prober } = setUpProber({ concurrency: 10 });
  const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
  for (const name of names) connector.script(name, () => ({ durationMs: 900 }));
  prober.apply(names.map((name) => buildServer(name, { monitor: { deepIntervalMs: 9_000_000 } })));
  const forced = names.map((name) => prober.checkNow(name, { deep: false }));
  await clock.advance(100);
  expect(connector.peakRunning()).toBe(10);
  expect(prober.queueSize()).toBe(30);
  await clock.advance(4_000);
  expect((await Promise.all(forced)).map((report) => report?.outcome)).toEqual(
    names.map(() => 'ok'),
  );
});

test('a forced check overtakes those that wait', async () => {
  const { clock, connector, prober } = setUpProber({ concurrency: 1 });
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) connector.script(name, () => ({ durationMs: 500 }));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(100);
  void prober.checkNow('d', { deep: false });
  await clock.advance(2_000);
  expect(
    connector.checks
      .filter(({ kind }) => kind === 'steady')
      .slice(0, 4)
      .map(({ server }) => server),
  ).toEqual(['a', 'd', 'b', 'c']);
});

test('children are started at most eight at a time', async () => {
  const { clock, connector, prober } = setUpProber();
  const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
  for (const name of names)
    connector.script(name, (kind) => ({ durationMs: kind === 'steady' ? 2_000 : 1 }));
  prober.apply(
    names.map((name) =>
      buildServer(name, { target: { kind: 'stdio', command: 'node', args: [], env: {} } }),
    ),
  );
  await clock.advance(1_900);
  expect(connector.checks).toHaveLength(8);
});

test('what is late is told as lag', async () => {
  const { clock, connector, prober, sink } = setUpProber({ concurrency: 1 });
  connector.script('a', () => ({ durationMs: 800 }));
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(1_000);
  const lagMs = sink.of('probe').find(({ server }) => server === 'b')?.lagMs;
  expect(lagMs).toBeCloseTo(775);
});

test('a deep check tells neither a lag nor another time to the next steady check', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  const names = Array.from({ length: 9 }, (_, index) => `s${index}`);
  for (const name of names)
    connector.script(name, (kind) => ({ durationMs: kind === 'deep' ? 900 : 0 }));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(2_900);
  const deep = sink.of('probe').filter(({ report }) => report.kind === 'deep');
  expect(deep.map(({ lagMs, nextInMs }) => [lagMs, nextInMs])).toEqual(names.map(() => [0, 3_000]));
});

// Requests.

test('a forced check runs now and its report is handed back; the schedule goes on from there', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const forced = prober.checkNow('a', { deep: false });
  await clock.advance(31_000);
  expect((await forced)?.outcome).toBe('ok');
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10, 40]);
});

test('a scheduled check that falls due during a forced one is not run as well', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => ({ durationMs: count === 2 ? 4_000 : 0 }));
  prober.apply([buildServer('a')]);
  await clock.advance(31_000);
  void prober.checkNow('a', { deep: false });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 31]);
});

test('requests for the same server share one check', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ durationMs: 300 }));
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const forced = Array.from({ length: 50 }, () => prober.checkNow('a', { deep: false }));
  await clock.advance(150);
  forced.push(prober.checkNow('a', { deep: false }));
  await clock.advance(1_000);
  expect(new Set(await Promise.all(forced)).size).toBe(1);
  expect(connector.startsOf('a')).toHaveLength(3);
});

test.each([false, true])(
  'a request that follows a report at once gets a check of its own (deep: %s)',
  async (deep) => {
    const { clock, connector, prober } = setUpProber();
    prober.apply([buildServer('a')]);
    await clock.advance(10_000);
    const before = connector.checks.length;
    const second = prober.checkNow('a', { deep: false }).then(() => prober.checkNow('a', { deep }));
    await clock.advance(1_000);
    await second;
    const kinds = connector.checks.slice(before).map(({ kind }) => kind);
    expect(kinds).toEqual(['steady', 'steady', ...(deep ? ['deep'] : [])]);
  },
);

test('a request for a deep check runs the steady one first and hands back the deep report', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const before = connector.checks.length;
  const forced = prober.checkNow('a', { deep: true });
  await clock.advance(100);
  expect((await forced)?.kind).toBe('deep');
  expect(connector.checks.slice(before).map(({ kind }) => kind)).toEqual(['steady', 'deep']);
});

test('a request for a deep check of a server that does not answer hands back the steady report', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  const forced = prober.checkNow('a', { deep: true });
  await clock.advance(100);
  expect(await forced).toMatchObject({ kind: 'steady', outcome: 'refused' });
});

test('a request for a server that does not exist, is disabled or cannot be checked is answered by nothing', async () => {
  const { prober, connector } = setUpProber();
  prober.apply([
    buildServer('off', { monitor: { enabled: false } }),
    buildServer('open', { unresolved: 'no value for ${input:token}' }),
  ]);
  for (const name of ['nobody', 'off', 'open'])
    expect(await prober.checkNow(name, { deep: true })).toBeUndefined();
  expect(connector.checks).toEqual([]);
});

test('disabled and unresolved servers are shown with their reason and never checked', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([
    buildServer('off', { monitor: { enabled: false } }),
    buildServer('open', { unresolved: 'no value for ${input:token}' }),
  ]);
  await clock.advance(120_000);
  expect(prober.views().map(({ status, reason }) => [status, reason])).toEqual([
    ['disabled', 'disabled in the configuration'],
    ['unknown', 'no value for ${input:token}'],
  ]);
  expect(connector.checks).toEqual([]);
  expect(sink.facts.map(({ fact }) => fact)).toEqual(['server_added', 'server_added']);
});

// Deep checks.

const snapshotOf = (hashes: Record<string, string>): CapabilitySnapshot => ({
  takenAtMs: asEpochMs(0),
  lists: {
    tools: {
      definitions: Object.entries(hashes).map(([name, hash]) => ({ name, hash, description: '' })),
      bytes: 10,
    },
  },
});

test('a deep check follows the first success and comes again on its own interval', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(1_250_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 600, 1_200]);
});

test('a deep check of a server that never answers does not take place', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  await clock.advance(2_000_000);
  expect(connector.startsOf('a', 'deep')).toEqual([]);
});

test('a deep check that falls due while the server is Offline waits for its recovery', async () => {
  const { clock, connector, prober } = setUpProber();
  let isDown = false;
  connector.script('a', () => (isDown ? failing('refused') : {}));
  prober.apply([buildServer('a', { monitor: { offlineIntervalMsMax: 30_000 } })]);
  await clock.advance(300_000);
  isDown = true;
  await clock.advance(600_000);
  expect(connector.startsOf('a', 'deep')).toHaveLength(1);
  isDown = false;
  await clock.advance(60_000);
  expect(connector.startsOf('a', 'deep')).toHaveLength(2);
});

test('one answer of an Offline server does not bring a deep check yet', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && (count < 3 || count === 4) ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(45_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 39]);
  expect(connector.startsOf('a', 'deep')).toEqual([]);
});

test('recovery from Offline brings a deep check, since the server may have been replaced', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count >= 2 && count < 5 ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 72]);
});

test('another version brings a deep check', async () => {
  const { clock, connector, prober } = setUpProber();
  const identity = {
    transport: 'http',
    era: 'legacy',
    protocolVersion: '2025-06-18',
    implementation: 'files',
  } as const;
  connector.script('a', (kind, count) => {
    const isNew = count >= (kind === 'steady' ? 4 : 1);
    return { identity: { ...identity, version: isNew ? '1.1.0' : '1.0.0' } };
  });
  prober.apply([buildServer('a')]);
  await clock.advance(200_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 93]);
});

test('a server whose version alternates is inspected at most once a minute for it', async () => {
  const { clock, connector, prober } = setUpProber();
  const identity = {
    transport: 'http',
    era: 'legacy',
    protocolVersion: '2025-06-18',
    implementation: 'files',
  } as const;
  connector.script('a', (_kind, count) => ({ identity: { ...identity, version: `${count % 2}` } }));
  prober.apply([buildServer('a', { monitor: { intervalMs: 5_000 } })]);
  await clock.advance(150_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 60, 120]);
});

test('definitions that changed between two deep checks are told', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'deep'
      ? { snapshot: snapshotOf(count === 0 ? { read: '1' } : { read: '2', write: '3' }) }
      : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(500_000);
  expect(sink.of('definitions')).toEqual([]);
  await clock.advance(200_000);
  expect(sink.of('definitions')).toMatchObject([
    {
      server: 'a',
      changes: [
        { kind: 'tools', change: 'changed', name: 'read' },
        { kind: 'tools', change: 'added', name: 'write' },
      ],
    },
  ]);
});

test('a deep check that failed to list keeps the last snapshot and reports no removal', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) => {
    if (kind === 'steady') return {};
    return count === 0 ? { snapshot: snapshotOf({ read: '1' }) } : failing('rpc_error');
  });
  prober.apply([buildServer('a')]);
  await clock.advance(700_000);
  expect(prober.detail('a')?.snapshot?.lists.tools?.definitions).toHaveLength(1);
  expect(sink.of('definitions')).toEqual([]);
});

test('a failed deep check makes a server Critical and is repeated sooner than its interval', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'deep' && count < 2 ? failing('rpc_error') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(60_000);
  expect(seconds(connector.startsOf('a', 'deep'))).toEqual([0, 15, 45]);
  expect(sink.of('status').map(({ to, reason }) => [to, reason])).toEqual([
    ['healthy', 'answered'],
    ['critical', 'deep check failed: it was rpc_error'],
    ['healthy', 'answered'],
  ]);
});

test('a deep check whose turn comes while a steady check runs waits for its end', async () => {
  const { clock, connector, prober } = setUpProber();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) {
    connector.script(name, (kind, count) => {
      if (kind === 'deep') return { durationMs: 3_500 };
      return { durationMs: name === 'e' && count === 1 ? 2_000 : 0 };
    });
  }
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('e'))).toEqual([0.1, 3.1]);
  expect(seconds(connector.startsOf('e', 'deep'))).toEqual([5.1]);
});

test('deep checks run at most four at a time', async () => {
  const { clock, connector, prober } = setUpProber();
  const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
  for (const name of names)
    connector.script(name, (kind) => (kind === 'deep' ? { durationMs: 3_000 } : {}));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(2_900);
  expect(connector.checks.filter(({ kind }) => kind === 'deep')).toHaveLength(4);
});

// Configuration.

test('a server that stayed the same keeps its state and connection, even if it is written elsewhere', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  const secret = (): HttpTarget => ({
    kind: 'http',
    url: 'http://127.0.0.1:9/',
    transport: 'auto',
    headers: { a: new Secret('token') },
    tlsSkipVerify: false,
  });
  prober.apply([buildServer('a', { target: secret() })]);
  await clock.advance(10_000);
  sink.clear();
  prober.apply([
    buildServer('a', { target: secret(), source: 'mcp-exporter.yml:42' }),
    buildServer('b'),
  ]);
  await clock.advance(1_000);
  expect(sink.of('server_added').map(({ server }) => server.name)).toEqual(['b']);
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([1, 0]);
  expect(prober.detail('a')).toMatchObject({
    status: 'healthy',
    source: 'mcp-exporter.yml:42',
    checks: 2,
  });
});

test('a changed credential removes and adds the server, closes its connection, and checks it at once', async () => {
  const { clock, connector, prober, sink } = setUpProber({ closeMs: 200 });
  const withToken = (token: string): HttpTarget => ({
    kind: 'http',
    url: 'http://127.0.0.1:9/',
    transport: 'auto',
    headers: { a: new Secret(token) },
    tlsSkipVerify: false,
  });
  prober.apply([buildServer('a', { target: withToken('old') })]);
  await clock.advance(10_000);
  sink.clear();
  prober.apply([buildServer('a', { target: withToken('new') })]);
  await clock.advance(300);
  expect(sink.facts.slice(0, 3).map(({ fact }) => fact)).toEqual([
    'server_removed',
    'server_added',
    'probe',
  ]);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10.2]);
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([2, 1]);
});

test('a server that left the configuration is closed, forgotten and never checked again', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(10_000);
  prober.apply([buildServer('b')]);
  const checks = connector.startsOf('a').length;
  await clock.advance(100_000);
  expect(connector.startsOf('a')).toHaveLength(checks);
  expect(connector.closedCount('a')).toBe(1);
  expect(prober.detail('a')).toBeUndefined();
  expect(sink.of('server_removed')).toEqual([{ fact: 'server_removed', server: 'a' }]);
});

test('nothing is told of a server after it was removed, not even of the check in flight or the end of its child', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', () => ({ durationMs: 2_000 }));
  prober.apply([buildServer('a')]);
  await clock.advance(500);
  const forced = prober.checkNow('a', { deep: false });
  prober.apply([]);
  sink.clear();
  connector.emitChild('a', {
    fact: 'child_exit',
    server: 'a',
    reason: 'stopped',
    code: 0,
    signal: null,
    stderrTail: '',
  });
  await clock.advance(5_000);
  expect(await forced).toBeUndefined();
  expect(sink.facts).toEqual([]);
});

test('views come in the order of the configuration', () => {
  const { prober } = setUpProber();
  prober.apply([buildServer('b'), buildServer('a')]);
  prober.apply([buildServer('c'), buildServer('a'), buildServer('b')]);
  expect(prober.views().map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});

// Own connectivity.

const REMOTE = ['alpha.example', 'beta.example', 'gamma.example', 'delta.example'];
const remotes = (): ReturnType<typeof buildServer>[] =>
  REMOTE.map((host) => buildServer(host, { url: `https://${host}/mcp` }));

test('when every remote host fails by dns or timeout at once, our own network is suspected and no status changes', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  for (const host of REMOTE) connector.script(host, () => (isCut ? failing('dns') : {}));
  prober.apply([...remotes(), buildServer('local')]);
  await clock.advance(20_000);
  isCut = true;
  sink.clear();
  await clock.advance(300_000);
  expect(sink.of('status')).toEqual([]);
  expect(sink.of('connectivity')).toMatchObject([
    { suspected: true, servers: expect.arrayContaining(REMOTE.slice(0, 3)) },
  ]);
  expect(prober.connectivitySuspected()).toBe(true);
  expect(prober.detail('beta.example')).toMatchObject({
    status: 'healthy',
    reason: 'own connectivity suspected, verdict held: it was dns',
  });
  expect(prober.detail('local')?.consecutiveFailures).toBe(0);
});

test('the suspicion comes before the first verdict although the checks lie an interval apart', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  const intervals = [20_000, 290_000, 290_000, 290_000];
  for (const host of REMOTE) connector.script(host, () => (isCut ? failing('timeout') : {}));
  prober.apply(
    remotes().map((server, index) => ({
      ...server,
      monitor: { ...server.monitor, intervalMs: intervals[index] ?? 0 },
    })),
  );
  await clock.advance(5_000);
  isCut = true;
  sink.clear();
  await clock.advance(60_000);
  expect(sink.of('connectivity')).toHaveLength(1);
  expect(sink.of('status')).toEqual([]);
});

test('an answer of one remote host lifts the suspicion, and those that still fail get their verdict', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  let isCut = false;
  let isAlphaBack = false;
  for (const host of REMOTE)
    connector.script(host, () =>
      isCut && !(isAlphaBack && host === REMOTE[0]) ? failing('dns') : {},
    );
  prober.apply(remotes());
  await clock.advance(20_000);
  isCut = true;
  await clock.advance(100_000);
  isAlphaBack = true;
  await clock.advance(100_000);
  expect(sink.of('connectivity').map(({ suspected }) => suspected)).toEqual([true, false]);
  expect(prober.views().map(({ status }) => status)).toEqual([
    'healthy',
    'offline',
    'offline',
    'offline',
  ]);
});

test('a removed server no longer counts for the suspicion', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  for (const host of REMOTE) connector.script(host, () => failing('dns'));
  prober.apply(remotes().slice(0, 3));
  await clock.advance(20_000);
  expect(prober.connectivitySuspected()).toBe(true);
  prober.apply(remotes().slice(0, 2));
  expect(prober.connectivitySuspected()).toBe(false);
  expect(sink.of('connectivity').map(({ suspected }) => suspected)).toEqual([true, false]);
});

test('three remote hosts that refuse are Offline: nothing points at us', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  for (const host of REMOTE) connector.script(host, () => failing('refused'));
  prober.apply(remotes());
  await clock.advance(20_000);
  expect(prober.views().map(({ status }) => status)).toEqual(REMOTE.map(() => 'offline'));
  expect(sink.of('connectivity')).toEqual([]);
});

test('any number of servers on loopback that time out raise no suspicion', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  const names = Array.from({ length: 10 }, (_, index) => `s${index}`);
  for (const name of names) connector.script(name, () => failing('timeout'));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(20_000);
  expect(sink.of('connectivity')).toEqual([]);
  expect(new Set(prober.views().map(({ status }) => status))).toEqual(new Set(['offline']));
});

// Views.

test('a view counts checks and failures, and a detail keeps failures longer than successes', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count === 1 ? failing('reset') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(30_000 * 150);
  const detail = prober.detail('a');
  expect(detail?.checks).toBeGreaterThan(145);
  expect(detail?.failures).toBe(1);
  expect(detail?.recentChecks).toHaveLength(100);
  expect(detail?.recentChecks.some(({ outcome }) => outcome === 'reset')).toBe(false);
  expect(detail?.recentFailures.map(({ outcome }) => outcome)).toEqual(['reset']);
  expect(detail?.recentChecks[0]?.startedAtMs).toBeGreaterThan(
    detail?.recentChecks[1]?.startedAtMs ?? Infinity,
  );
});

test('with many servers each keeps a shorter history', async () => {
  const { clock, prober } = setUpProber();
  const names = Array.from({ length: 1_000 }, (_, index) => `s${index}`);
  prober.apply(names.map((name) => buildServer(name, { monitor: { enabled: name === 's0' } })));
  await clock.advance(30_000 * 30);
  expect(prober.detail('s0')?.recentChecks).toHaveLength(20);
});

test('the uptime is the share of the time in which the server was not Offline', async () => {
  const { clock, connector, prober } = setUpProber();
  let isDown = false;
  connector.script('a', () => (isDown ? failing('refused') : {}));
  prober.apply([buildServer('a')]);
  expect(prober.detail('a')).not.toHaveProperty('uptimeRatio');
  await clock.advance(87_000);
  expect(prober.detail('a')?.uptimeRatio).toBe(1);
  isDown = true;
  await clock.advance(99_000 - 87_000);
  expect(prober.detail('a')).toMatchObject({ status: 'offline', uptimeRatio: 1 });
  await clock.advance(99_000);
  expect(prober.detail('a')?.uptimeRatio).toBeCloseTo(0.5);
});

test('process usage is told per child', async () => {
  const { clock, prober } = setUpProber();
  prober.apply([
    buildServer('a'),
    buildServer('child', { target: { kind: 'stdio', command: 'node', args: [], env: {} } }),
  ]);
  await clock.advance(100);
  expect(prober.processUsage()).toEqual([
    { server: 'child', usage: { pid: 4_242, cpuSeconds: 1, residentBytes: 2 } },
  ]);
});

const EXIT = {
  fact: 'child_exit',
  server: 'a',
  reason: 'exit_nonzero',
  code: 1,
  signal: null,
  stderrTail: '',
} as const;

test('a child that ends between checks brings the next check forward to the end of its back-off', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 1_000 });
  await clock.advance(35_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 11.1, 41.1]);
});

test('a call that fails within the back-off of a child brings no check before its end', async () => {
  const { clock, connector, prober, call } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 2_000 });
  call('a', { outcome: 'transport_error' });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 12.1]);
});

test('a child that ends again and again brings a check forward once per retry interval at most', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let exit = 0; exit < 10; exit += 1) {
    connector.emitChild('a', { ...EXIT, restartInMs: 0 });
    await clock.advance(1_000);
  }
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10.1, 13.1, 16.1, 19.1]);
});

test('a child that we ended, or that ends while the server is Offline, brings no check forward', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => (count < 3 ? failing('exit') : {}));
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(20_000);
  connector.emitChild('a', { ...EXIT, restartInMs: 0 });
  connector.emitChild('b', { ...EXIT, server: 'b', reason: 'stopped' });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6]);
  expect(connector.startsOf('b')).toHaveLength(2);
});

test('what becomes of a child is passed on', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(100);
  connector.emitChild('a', { fact: 'child_start', server: 'a', pid: 1, startMs: 20 });
  expect(sink.of('child_start')).toHaveLength(1);
});

test('no fact holds a secret of the configuration in clear', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a', { secrets: [new Secret('hunter-2-hunter')] })]);
  await clock.advance(40_000);
  prober.apply([]);
  expect(JSON.stringify(sink.facts)).not.toContain('hunter');
});

// Disabling by hand.

test('a server that is disabled loses its connection, is checked no more, and keeps its histories', async () => {
  const { clock, connector, prober, sink, disabled } = setUpProber();
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(40_000);
  const checks = connector.startsOf('a').length;

  disabled.set('a', 'disabled by ann: moves');
  prober.reconsider('a');
  prober.reconsider('a');
  await clock.advance(700_000);

  expect(connector.startsOf('a')).toHaveLength(checks);
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([1, 1]);
  expect(connector.startsOf('b').length).toBeGreaterThan(10);
  expect(sink.of('status').at(-1)).toMatchObject({
    server: 'a',
    from: 'healthy',
    to: 'disabled',
    reason: 'disabled by ann: moves',
  });
  expect(sink.of('server_removed')).toEqual([]);
  const detail = prober.detail('a');
  expect(detail).toMatchObject({ status: 'disabled', consecutiveFailures: 0 });
  expect(detail?.recentChecks.length).toBeGreaterThan(1);
  expect(detail).not.toHaveProperty('nextCheckAtMs');
  expect(prober.views().map(({ name }) => name)).toEqual(['a', 'b']);
  expect(await prober.checkNow('a', { deep: true })).toBeUndefined();
});

test('one that is enabled again is checked at once, as soon as its old connection is gone', async () => {
  const { clock, connector, prober, sink, disabled } = setUpProber({ closeMs: 500 });
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);

  disabled.set('a', 'for a moment');
  prober.reconsider('a');
  disabled.delete('a');
  prober.reconsider('a');
  expect(prober.detail('a')?.status).toBe('unknown');
  const enabledAtMs = clock.monotonicMs();
  await clock.advance(5_000);

  const [first] = connector.startsOf('a').filter((atMs) => atMs >= enabledAtMs);
  expect(first).toBe(enabledAtMs + 500);
  expect(connector.openCount('a')).toBe(2);
  expect(sink.of('status').map(({ to }) => to)).toEqual([
    'healthy',
    'disabled',
    'unknown',
    'healthy',
  ]);
});

test('a check that runs when its server is disabled is aborted and weighed no more', async () => {
  const { clock, connector, prober, sink, disabled } = setUpProber();
  connector.script('a', () => 'hang');
  prober.apply([buildServer('a')]);
  await clock.advance(1_000);
  const forced = prober.checkNow('a', { deep: false });

  disabled.set('a', 'it hangs');
  prober.reconsider('a');
  await clock.advance(30_000);

  expect(await forced).toBeUndefined();
  expect(sink.of('probe')).toEqual([]);
  expect(prober.detail('a')).toMatchObject({ status: 'disabled', checks: 0 });
});

test('it stays disabled over a reload, also a changed one, and from the start on', async () => {
  const { clock, connector, prober, sink, disabled } = setUpProber();
  disabled.set('a', 'as before the restart');
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  prober.apply([buildServer('a', { monitor: { intervalMs: 1_000 } }), buildServer('b')]);
  await clock.advance(10_000);

  expect(connector.startsOf('a')).toEqual([]);
  expect(prober.detail('a')).toMatchObject({ status: 'disabled', reason: 'as before the restart' });
  expect(sink.of('server_added').map(({ isDisabled }) => isDisabled)).toEqual([
    true,
    true,
    undefined,
  ]);
  expect(sink.of('status').map(({ server }) => server)).toEqual(['b']);
});

test('calls that end after their server was disabled change nothing, and a disagreement is over', async () => {
  const { clock, connector, prober, sink, disabled, call } = setUpProber();
  connector.script('a', () => ({}));
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  for (let second = 0; second < 90; second += 1) {
    call('a', { outcome: 'transport_error' }, 2);
    await clock.advance(1_000);
  }
  expect(sink.of('disagreement').at(-1)?.disagrees).toBe(true);

  disabled.set('a', 'enough');
  prober.reconsider('a');
  call('a', { outcome: 'transport_error' }, 50);
  await clock.advance(60_000);

  expect(sink.of('disagreement').at(-1)).toMatchObject({ server: 'a', disagrees: false });
  expect(prober.detail('a')?.status).toBe('disabled');
});

// The end.

test('stop in the middle of a check aborts it, closes every connection and leaves nothing', async () => {
  const { clock, connector, prober, sink } = setUpProber({ closeMs: 300 });
  connector.script('a', () => ({ durationMs: 4_000 }));
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(1_000);
  const forced = prober.checkNow('a', { deep: false });
  const before = sink.of('probe').length;
  const stopped = prober.stop();
  await clock.advance(300);
  await stopped;
  expect(await forced).toBeUndefined();
  expect([connector.closedCount('a'), connector.closedCount('b')]).toEqual([1, 1]);
  expect(sink.of('probe')).toHaveLength(before);
  await clock.advance(1_000);
  expect(clock.pendingCount()).toBe(0);
  const checks = connector.checks.length;
  await clock.advance(120_000);
  expect(connector.checks).toHaveLength(checks);
});

test('stop comes back although checks ignore their signal and connections do not close', async () => {
  const { clock, connector, prober } = setUpProber({ closeMs: Infinity });
  connector.script('a', () => 'deaf');
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(500);
  const stopped = prober.stop();
  await clock.advance(15_000);
  await expect(stopped).resolves.toBeUndefined();
});

test('after stop a new configuration is not taken', async () => {
  const { clock, connector, prober } = setUpProber();
  await prober.stop();
  prober.apply([buildServer('a')]);
  await clock.advance(1_000);
  expect(connector.checks).toEqual([]);
});
