import { expect, test } from 'vitest';
import { createLane } from '../../../../src/sources/probe/lane.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

function setUp(stragglersMax: number) {
  const clock = createFakeClock();
  const lane = createLane({ concurrency: 2, patienceMs: 1_000, stragglersMax, clock });
  const started: string[] = [];
  const run = (name: string, durationMs: number, priority = 0): void =>
    lane.run(() => {
      started.push(name);
      return new Promise((resolve) => clock.after(durationMs, resolve));
    }, priority);
  return { clock, lane, started, run };
}

test('runs no more tasks than there are slots', async () => {
  const { clock, lane, started, run } = setUp(10);
  for (const name of ['a', 'b', 'c']) run(name, 500);
  await clock.advance(400);
  expect([started, lane.size()]).toEqual([['a', 'b'], 1]);
  await clock.advance(200);
  expect([started, lane.size()]).toEqual([['a', 'b', 'c'], 0]);
});

test('gives the slot of a slow task to the next one', async () => {
  const { clock, started, run } = setUp(10);
  for (const name of ['a', 'b', 'c', 'd']) run(name, 60_000);
  await clock.advance(900);
  expect(started).toEqual(['a', 'b']);
  await clock.advance(200);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

test('lets slow tasks keep their slots when there are too many stragglers', async () => {
  const { clock, started, run } = setUp(1);
  for (const name of ['a', 'b', 'c', 'd', 'e']) run(name, 60_000);
  await clock.advance(59_000);
  expect(started).toEqual(['a', 'b', 'c']);
});

test('makes room for another straggler when one ends', async () => {
  const { clock, started, run } = setUp(1);
  run('a', 3_000);
  run('b', 60_000);
  await clock.advance(2_000);
  run('c', 60_000);
  run('d', 60_000);
  await clock.advance(500);
  expect(started).toEqual(['a', 'b', 'c']);
  await clock.advance(3_000);
  expect(started).toEqual(['a', 'b', 'c', 'd']);
});

test('runs higher priorities first, and equal ones in order', async () => {
  const { clock, started, run } = setUp(0);
  for (const name of ['a', 'b', 'c', 'd']) run(name, 100);
  run('urgent', 100, 1);
  await clock.advance(150);
  expect(started).toEqual(['a', 'b', 'urgent', 'c']);
});
