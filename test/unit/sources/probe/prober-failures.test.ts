import { expect, test } from 'vitest';
import type { ProbeOutcome } from '../../../../src/facts/probe-outcome.ts';
import { Secret } from '../../../../src/facts/secret.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

test('finds a server Offline after one interval and two retries', async () => {
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

test('checks an Offline server less and less often, down to a bound', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  await clock.advance(1_000_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 96, 216, 456, 756]);
});

test('finds a server Healthy after two answers in quick succession', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (kind, count) =>
    kind === 'steady' && count < 3 ? failing('refused') : {},
  );
  prober.apply([buildServer('a')]);
  await clock.advance(40_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 6, 36, 39]);
  expect(sink.of('status').map(({ to }) => to)).toEqual(['offline', 'healthy']);
});

test('aborts a hung check after the timeout of an open session, or the longer one before it is open', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  connector.script('a', (_kind, count) => (count < 1 ? {} : 'hang'));
  prober.apply([buildServer('a')]);
  await clock.advance(30_000);
  const timeouts = sink
    .of('probe')
    .filter(({ report }) => report.outcome === 'timeout' && report.kind === 'steady');
  expect(timeouts.map(({ report }) => report.durationMs)).toEqual([5_000, 10_000]);
});

test('closes and replaces a connection that ignores its signal', async () => {
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
  'never finds a server Offline and does not retry early when checks end in %s',
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

test('waits for Retry-After', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  prober.apply([buildServer('a')]);
  await clock.advance(150_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 100]);
});

test('reports a check that throws as failed, with secrets masked', async () => {
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
