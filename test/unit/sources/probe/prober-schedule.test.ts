import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

test('checks a new server at once, again soon in the open session, and then on its interval', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 33, 63, 93]);
  expect(connector.openCount('a')).toBe(1);
});

test('publishes that a server was added before anything else about it', async () => {
  const { clock, prober, sink } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(1);
  expect(sink.facts.slice(0, 3).map(({ fact }) => fact)).toEqual([
    'server_added',
    'probe',
    'status',
  ]);
});

test('publishes a status change from Unknown to Healthy after the first success', async () => {
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

test('publishes status, failures in a row, lag and the time to the next check', async () => {
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

test('does not stretch the interval by the duration of a check', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ durationMs: 400 }));
  prober.apply([buildServer('a')]);
  await clock.advance(70_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3.4, 33.4, 63.4]);
});

test('leaves the handshake of the first check out of the response time', async () => {
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

test('gives no response time while a server does not answer, but the last one that was known', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count > 1 ? failing('refused') : { durationMs: 20 },
  );
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const { responseTimeMs, lastResponse } = prober.detail('a') ?? {};
  expect([responseTimeMs, lastResponse?.timeMs]).toEqual([20, 20]);
  await clock.advance(60_000);
  expect(prober.detail('a')).toMatchObject({ status: 'offline', lastResponse });
  expect(prober.detail('a')).not.toHaveProperty('responseTimeMs');
  const counted = sink.of('probe').map((fact) => fact.responseMs);
  expect(counted.filter((ms) => ms !== undefined)).toEqual([20]);
});

test('does not judge a server by checks that were measured while the exporter was late', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => ({ responseMs: 5_000, lateMs: 4_900 }));
  prober.apply([buildServer('a')]);
  await clock.advance(120_000);
  expect(prober.detail('a')).toMatchObject({ status: 'healthy' });
  expect(prober.detail('a')).not.toHaveProperty('responseTimeMs');
});

test('checks a slow server on the unhealthy interval and says why', async () => {
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
