import { expect, test } from 'vitest';
import {
  addResponse,
  EMPTY_RESPONSE_WINDOW,
  meanResponseMs,
} from '../../../../src/facts/rules/response-time.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

test('an empty window has no mean', () => {
  expect(meanResponseMs(EMPTY_RESPONSE_WINDOW)).toBeUndefined();
});

test('the mean is over all durations of the last minute', () => {
  const window = [10, 20, 60].reduce(
    (sums, ms, index) => addResponse(sums, asMonotonicMs(index * 20_000), ms),
    EMPTY_RESPONSE_WINDOW,
  );
  expect(meanResponseMs(window)).toBe(30);
});

test('durations older than the minute and its last bucket are forgotten', () => {
  expect(
    meanResponseMs(
      addResponse(
        addResponse(EMPTY_RESPONSE_WINDOW, asMonotonicMs(0), 1_000),
        asMonotonicMs(65_000),
        10,
      ),
    ),
  ).toBe(10);
});

test('a duration of the last minute is still in', () => {
  expect(
    meanResponseMs(
      addResponse(
        addResponse(EMPTY_RESPONSE_WINDOW, asMonotonicMs(0), 30),
        asMonotonicMs(59_000),
        10,
      ),
    ),
  ).toBe(20);
});

test('ten thousand checks in a row take at most thirteen buckets', () => {
  let window = EMPTY_RESPONSE_WINDOW;
  for (let index = 0; index < 10_000; index += 1)
    window = addResponse(window, asMonotonicMs(index * 97), 5);
  expect(window.length).toBeLessThanOrEqual(13);
  expect(meanResponseMs(window)).toBe(5);
});
