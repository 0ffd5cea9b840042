import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { setUpProber } from '../../../fakes/set-up-prober.ts';

test('closes the connection of a disabled server, stops its checks and keeps its histories', async () => {
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

test('checks an enabled server as soon as its old connection is closed', async () => {
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

test('aborts and ignores a running check when its server is disabled', async () => {
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

test('keeps a server disabled from the start and over a reload that changes it', async () => {
  const { clock, connector, prober, sink, disabled } = setUpProber();
  disabled.set('a', 'as before the restart');
  prober.apply([buildServer('a')]);
  await clock.advance(10_000);
  prober.apply([buildServer('a', { monitor: { intervalMs: 1_000 } }), buildServer('b')]);
  await clock.advance(10_000);

  expect(connector.startsOf('a')).toEqual([]);
  expect(prober.detail('a')).toMatchObject({ status: 'disabled', reason: 'as before the restart' });
  expect(sink.of('server_added').map(({ isDisabled }) => isDisabled)).toEqual([true, undefined]);
  expect(sink.of('status').map(({ server }) => server)).toEqual(['b']);
});

test('ignores calls of a disabled server and ends its disagreement', async () => {
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
