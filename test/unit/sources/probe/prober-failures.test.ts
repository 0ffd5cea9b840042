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

test('checks with refused credentials less and less often, until somebody asks or they change', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('auth_required'));
  const withToken = (token: string) =>
    buildServer('a', {
      hasCredentials: true,
      target: {
        kind: 'http',
        url: 'http://127.0.0.1:9/',
        transport: 'http',
        headers: { authorization: new Secret(token) },
        tlsSkipVerify: false,
      },
    });
  prober.apply([withToken('wrong')]);
  await clock.advance(1_000_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 30, 90, 210, 450, 930]);
  expect(prober.detail('a')?.nextCheckAtMs).toBe(clock.nowMs() + 890_000);
  await prober.checkNow('a', { deep: false });
  await clock.advance(90_000);
  expect(seconds(connector.startsOf('a')).slice(6)).toEqual([1000, 1030, 1090]);
  prober.apply([withToken('also wrong')]);
  await clock.advance(35_000);
  expect(seconds(connector.startsOf('a')).slice(9)).toEqual([1090, 1120]);
});

test('calls do not bring a check with refused credentials forward', async () => {
  const { clock, connector, prober, call } = setUpProber();
  connector.script('a', () => failing('forbidden'));
  prober.apply([buildServer('a', { hasCredentials: true })]);
  await clock.advance(100_000);
  call('a', { outcome: 'transport_error' });
  await clock.advance(100_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 30, 90]);
});

const SAME = 'http://127.0.0.1:9/';

test('entries of one origin share a limit of its rate, Retry-After and a refused connection', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([
    buildServer('a', { url: `${SAME}a` }),
    buildServer('b', { url: `${SAME}b` }),
    buildServer('other', { url: 'http://127.0.0.1:10/' }),
  ]);
  await clock.advance(10_000);
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  await prober.checkNow('a', { deep: false });
  await clock.advance(90_000);
  const startsAfter = (server: string): number =>
    connector.startsOf(server, 'steady').filter((ms) => ms > 10_000).length;
  expect([startsAfter('b'), startsAfter('other')]).toEqual([0, 3]);
  await clock.advance(20_000);
  // The limit goes on, but may be one of the other entry's own.
  expect(startsAfter('b')).toBe(1);
});

test('a person may check a server in a pause that another entry learned of', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a', { url: `${SAME}a` }), buildServer('b', { url: `${SAME}b` })]);
  await clock.advance(10_000);
  connector.script('a', () => failing('rate_limited', { retryAfterMs: 100_000 }));
  await prober.checkNow('a', { deep: false });
  await clock.advance(1_000);
  expect(await prober.checkNow('b', { deep: false })).toMatchObject({ outcome: 'ok' });
});

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
