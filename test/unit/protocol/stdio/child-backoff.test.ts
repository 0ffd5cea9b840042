import { expect, test } from 'vitest';
import {
  NO_RESTARTS,
  rememberEnd,
  restartDelayMs,
} from '../../../../src/protocol/stdio/child-backoff.ts';

function afterFailures(count: number, livedMs = 10) {
  let history = NO_RESTARTS;
  for (let index = 0; index < count; index += 1)
    history = rememberEnd(history, { livedMs, atMs: 1000 });
  return history;
}

test.each([
  [0, 0],
  [1, 1_000],
  [2, 2_000],
  [3, 4_000],
  [6, 32_000],
  [7, 60_000],
  [5_000, 60_000],
])('after %i failed starts the next child waits %i ms', (failures, delayMs) => {
  expect(restartDelayMs(afterFailures(failures), 1000)).toBe(delayMs);
});

test('the delay runs from the end of the child', () => {
  expect(restartDelayMs(afterFailures(2), 2500)).toBe(500);
  expect(restartDelayMs(afterFailures(2), 3000)).toBe(0);
  expect(restartDelayMs(afterFailures(2), 99_000)).toBe(0);
});

test('a child that lived for a minute begins the back-off anew', () => {
  const history = rememberEnd(afterFailures(9), { livedMs: 60_000, atMs: 5000 });
  expect(restartDelayMs(history, 5000)).toBe(1000);
});

test('a shorter limit of the delay is kept', () => {
  expect(restartDelayMs(afterFailures(9), 1000, 7_500)).toBe(7_500);
  expect(restartDelayMs(afterFailures(2), 1000, 7_500)).toBe(2_000);
});
