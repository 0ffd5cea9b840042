import { expect, test } from 'vitest';
import { createLoopWatch } from '../../../src/protocol/loop-watch.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';

test('a loop on time is never late, and no timer runs between checks', async () => {
  const clock = createFakeClock();
  const watch = createLoopWatch(clock);
  expect(clock.pendingCount()).toBe(0);
  watch.begin();
  watch.begin();
  const from = clock.monotonicMs();
  await clock.advance(10_000);
  expect(watch.lateMs(from, clock.monotonicMs())).toBe(0);
  watch.end();
  expect(clock.pendingCount()).toBe(1);
  watch.end();
  expect(clock.pendingCount()).toBe(0);
});
