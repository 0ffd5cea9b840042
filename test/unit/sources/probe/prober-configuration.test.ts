import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpTarget, MonitorSettings } from '../../../../src/facts/server.ts';
import { buildServer, MONITOR } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

test('keeps state and connection of an unchanged server, even if it is defined elsewhere', async () => {
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

test('opens the connection anew, checks at once and keeps the state when a credential changes', async () => {
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
  expect(sink.facts.slice(0, 2).map(({ fact }) => fact)).toEqual(['server_changed', 'probe']);
  expect(sink.of('server_changed')).toMatchObject([{ keys: ['headers'], reopens: 'all' }]);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10.2]);
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([2, 1]);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy', checks: 3, uptimeRatio: 1 });
  expect(prober.detail('a')?.recentChecks.length).toBeGreaterThanOrEqual(3);
});

const IN_PLACE: readonly Partial<MonitorSettings>[] = [
  { intervalMs: 31_000 },
  { unhealthyIntervalMs: 10_000 },
  { retryIntervalMs: 1_000 },
  { offlineIntervalMsMax: 40_000 },
  { timeoutMs: 4_000 },
  { startTimeoutMs: 9_000 },
  { deepIntervalMs: 300_000 },
  { offlineAfter: 5 },
  { healthyAfter: 1 },
  { responseTime: { warningMs: 5, criticalMs: 10 } },
  { errorRate: { ...MONITOR.errorRate, windowMs: 60_000 } },
  { callLatency: true },
  { call: { tool: 'echo', arguments: {}, expect: {} } },
];

test.each(IN_PLACE)('applies %j in place', async (monitor) => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const before = prober.detail('a');
  sink.clear();
  prober.apply([buildServer('a', { monitor })]);
  await clock.advance(1_000);
  expect(sink.facts.map(({ fact }) => fact)).toEqual(['server_changed']);
  expect(sink.of('server_changed')).toMatchObject([{ reopens: 'none' }]);
  expect([connector.openCount('a'), connector.closedCount('a')]).toEqual([1, 0]);
  const { checks, status, statusSinceMs, recentChecks } = before ?? {};
  expect(prober.detail('a')).toMatchObject({ checks, status, statusSinceMs, recentChecks });
});

test('a shorter interval brings the next check forward, a longer one puts it off', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  prober.apply([buildServer('a', { monitor: { intervalMs: 20_000 } })]);
  await clock.advance(20_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 23]);
  prober.apply([buildServer('a', { monitor: { intervalMs: 60_000 } })]);
  await clock.advance(60_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 23, 83]);
});

test('a failure that is being verified is not put off by another interval', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => (count === 0 ? {} : failing('refused')));
  prober.apply([buildServer('a')]);
  await clock.advance(4_000);
  prober.apply([buildServer('a', { monitor: { intervalMs: 60_000 } })]);
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 9]);
  expect(prober.detail('a')?.status).toBe('offline');
});

test('thresholds are those of the next check', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ durationMs: 100 }));
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  expect(prober.detail('a')?.status).toBe('healthy');
  const responseTime = { warningMs: 50, criticalMs: 1_000 };
  prober.apply([buildServer('a', { monitor: { responseTime } })]);
  await clock.advance(30_000);
  expect(prober.detail('a')).toMatchObject({ status: 'warning' });
});

test('a server that is disabled in the configuration, and enabled again, keeps its histories', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  prober.apply([buildServer('a', { monitor: { enabled: false } })]);
  await clock.advance(60_000);
  expect(prober.detail('a')).toMatchObject({ status: 'disabled', checks: 2 });
  expect(connector.closedCount('a')).toBe(1);
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy', checks: 4 });
  expect(sink.of('status').map(({ to }) => to)).toEqual([
    'healthy',
    'disabled',
    'unknown',
    'healthy',
  ]);
  expect(sink.of('server_removed')).toEqual([]);
});

test('another era opens only the connection of the checks anew', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  prober.apply([buildServer('a', { monitor: { era: 'legacy' } })]);
  await clock.advance(1_000);
  expect(sink.of('server_changed')).toMatchObject([{ keys: ['monitor.era'], reopens: 'checks' }]);
  expect(connector.openCount('a')).toBe(2);
  expect(prober.detail('a')?.status).toBe('healthy');
});

test('closes, forgets and no longer checks a server that left the configuration', async () => {
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

test('publishes nothing about a removed server, not even a running check or the end of its child', async () => {
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

test('returns views in the order of the configuration', () => {
  const { prober } = setUpProber();
  prober.apply([buildServer('b'), buildServer('a')]);
  prober.apply([buildServer('c'), buildServer('a'), buildServer('b')]);
  expect(prober.views().map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});
