import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { setUpProber } from '../../../fakes/set-up-prober.ts';

test('aborts a running check, closes every connection and leaves no timer on stop', async () => {
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

test('returns from stop although checks ignore their signal and connections do not close', async () => {
  const { clock, connector, prober } = setUpProber({ closeMs: Infinity });
  connector.script('a', () => 'deaf');
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(500);
  const stopped = prober.stop();
  await clock.advance(15_000);
  await expect(stopped).resolves.toBeUndefined();
});

test('ignores a new configuration after stop', async () => {
  const { clock, connector, prober } = setUpProber();
  await prober.stop();
  prober.apply([buildServer('a')]);
  await clock.advance(1_000);
  expect(connector.checks).toEqual([]);
});
