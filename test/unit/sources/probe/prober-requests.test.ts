import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { failing, seconds, setUpProber } from '../../../fakes/set-up-prober.ts';

test('runs a forced check now, returns its report and schedules the next check from there', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const forced = prober.checkNow('a', { deep: false });
  await clock.advance(31_000);
  expect((await forced)?.outcome).toBe('ok');
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 10, 40]);
});

test('does not run a scheduled check that falls due during a forced one', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', (_kind, count) => ({ durationMs: count === 2 ? 4_000 : 0 }));
  prober.apply([buildServer('a')]);
  await clock.advance(31_000);
  void prober.checkNow('a', { deep: false });
  await clock.advance(10_000);
  expect(seconds(connector.startsOf('a'))).toEqual([0, 3, 31]);
});

test('shares one check among requests for the same server', async () => {
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
  'runs another check for a request right after a report (deep: %s)',
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

test('runs the steady check first for a deep request and returns the deep report', async () => {
  const { clock, connector, prober } = setUpProber();
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  const before = connector.checks.length;
  const forced = prober.checkNow('a', { deep: true });
  await clock.advance(100);
  expect((await forced)?.kind).toBe('deep');
  expect(connector.checks.slice(before).map(({ kind }) => kind)).toEqual(['steady', 'deep']);
});

test('returns the steady report for a deep request when the server does not answer', async () => {
  const { clock, connector, prober } = setUpProber();
  connector.script('a', () => failing('refused'));
  prober.apply([buildServer('a')]);
  const forced = prober.checkNow('a', { deep: true });
  await clock.advance(100);
  expect(await forced).toMatchObject({ kind: 'steady', outcome: 'refused' });
});

test('returns undefined for a server that is unknown, disabled or cannot be checked', async () => {
  const { prober, connector } = setUpProber();
  prober.apply([
    buildServer('off', { monitor: { enabled: false } }),
    buildServer('open', { unresolved: 'no value for ${input:token}' }),
  ]);
  for (const name of ['nobody', 'off', 'open'])
    expect(await prober.checkNow(name, { deep: true })).toBeUndefined();
  expect(connector.checks).toEqual([]);
});

test('shows disabled and unresolved servers with their reason and never checks them', async () => {
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
