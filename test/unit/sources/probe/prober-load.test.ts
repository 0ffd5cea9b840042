import { expect, test } from 'vitest';
import { buildServer } from '../../../fakes/build-server.ts';
import { setUpProber } from '../../../fakes/set-up-prober.ts';

test('keeps other servers on schedule when 500 hang at once', async () => {
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

test('knows the other servers within 30 seconds when some hang from their first check on', async () => {
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

test('runs a limited number of checks at a time and queues the others', async () => {
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

test('runs a forced check before those that wait', async () => {
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

test('starts at most eight children at a time', async () => {
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

test('publishes the lag of a late check', async () => {
  const { clock, connector, prober, sink } = setUpProber({ concurrency: 1 });
  connector.script('a', () => ({ durationMs: 800 }));
  prober.apply([buildServer('a'), buildServer('b')]);
  await clock.advance(1_000);
  const lagMs = sink.of('probe').find(({ server }) => server === 'b')?.lagMs;
  expect(lagMs).toBeCloseTo(775);
});

test('publishes no lag and an unchanged time to the next check with a deep check', async () => {
  const { clock, connector, prober, sink } = setUpProber();
  const names = Array.from({ length: 9 }, (_, index) => `s${index}`);
  for (const name of names)
    connector.script(name, (kind) => ({ durationMs: kind === 'deep' ? 900 : 0 }));
  prober.apply(names.map((name) => buildServer(name)));
  await clock.advance(2_900);
  const deep = sink.of('probe').filter(({ report }) => report.kind === 'deep');
  expect(deep.map(({ lagMs, nextInMs }) => [lagMs, nextInMs])).toEqual(names.map(() => [0, 3_000]));
});
