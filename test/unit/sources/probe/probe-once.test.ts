import { expect, test } from 'vitest';
import { probeOnce } from '../../../../src/sources/probe/probe-once.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { createFakeConnector } from '../../../fakes/fake-connector.ts';

const never = (): AbortSignal => new AbortController().signal;

test('opens a connection of its own, checks, inspects and closes it', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock });
  const reports = await probeOnce(connector, buildServer('a'), clock, {
    signal: never(),
    deep: true,
  });
  expect(reports.map(({ kind, outcome }) => [kind, outcome])).toEqual([
    ['steady', 'ok'],
    ['deep', 'ok'],
  ]);
  expect([connector.openCount('a'), connector.closedCount('a'), clock.pendingCount()]).toEqual([
    1, 1, 0,
  ]);
});

test('does not inspect when no deep check is asked for', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock });
  expect(
    await probeOnce(connector, buildServer('a'), clock, { signal: never(), deep: false }),
  ).toHaveLength(1);
});

test('closes the connection without a deep check when the steady check fails', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock });
  connector.script('a', () => ({ outcome: 'refused' }));
  const reports = await probeOnce(connector, buildServer('a'), clock, {
    signal: never(),
    deep: true,
  });
  expect(reports.map(({ outcome }) => outcome)).toEqual(['refused']);
  expect(connector.closedCount('a')).toBe(1);
});

test('ends a hung probe before its timeout when the caller aborts', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock });
  connector.script('a', () => 'hang');
  const controller = new AbortController();
  const probing = probeOnce(connector, buildServer('a'), clock, {
    signal: controller.signal,
    deep: false,
  });
  await clock.advance(100);
  controller.abort();
  expect((await probing)[0]).toMatchObject({ outcome: 'timeout', durationMs: 100 });
  expect(clock.pendingCount()).toBe(0);
});

test('reports even when the signal is aborted already', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock });
  connector.script('a', () => 'hang');
  expect(
    (
      await probeOnce(connector, buildServer('a'), clock, {
        signal: AbortSignal.abort(),
        deep: true,
      })
    )[0]?.outcome,
  ).toBe('timeout');
});

test('returns even when the connection never closes', async () => {
  const clock = createFakeClock();
  const connector = createFakeConnector({ clock, closeMs: Infinity });
  const probing = probeOnce(connector, buildServer('a'), clock, { signal: never(), deep: false });
  await clock.advance(10_000);
  expect(await probing).toHaveLength(1);
});
