import { expect, test } from 'vitest';
import { Secret } from '../../../../src/facts/secret.ts';
import type { HttpTarget } from '../../../../src/facts/server.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

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

test('removes, adds and checks a server at once when its credential changes', async () => {
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
