import { expect, test } from 'vitest';
import {
  addResponse,
  EMPTY_RESPONSE_WINDOW,
  meanResponseMs,
  responseOf,
} from '../../../../src/facts/rules/response-time.ts';
import { currentResponseMs } from '../../../../src/facts/rules/health.ts';
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

const KEPT = { wasOpen: true, needsHandshake: false };

test.each<[string, Parameters<typeof responseOf>, number | undefined]>([
  ['a ping in what is kept', [{ outcome: 'ok', responseMs: 12 }, KEPT], 12],
  [
    'the handshake of a server that needs one every time',
    [
      { outcome: 'ok', responseMs: 12 },
      { wasOpen: false, needsHandshake: true },
    ],
    12,
  ],
  [
    'the handshake that opens a session',
    [
      { outcome: 'ok', responseMs: 12 },
      { wasOpen: false, needsHandshake: false },
    ],
    undefined,
  ],
  ['a failure', [{ outcome: 'timeout', responseMs: 12 }, KEPT], undefined],
  [
    'a check while the exporter was a little late',
    [{ outcome: 'ok', responseMs: 12, lateMs: 250 }, KEPT],
    12,
  ],
  [
    'a check while the exporter was late',
    [{ outcome: 'ok', responseMs: 12, lateMs: 251 }, KEPT],
    undefined,
  ],
])('the response of %s', (_what, parameters, expected) => {
  expect(responseOf(...parameters)).toBe(expected);
});

test.each<[string, Parameters<typeof currentResponseMs>[0], number | undefined]>([
  ['a Healthy server', { status: 'healthy', consecutiveFailures: 0, responseTimeMs: 12 }, 12],
  ['a Critical server', { status: 'critical', consecutiveFailures: 0, responseTimeMs: 12 }, 12],
  [
    'a server whose last check failed',
    { status: 'healthy', consecutiveFailures: 1, responseTimeMs: 12 },
    undefined,
  ],
  [
    'an Offline server that answers again',
    { status: 'offline', consecutiveFailures: 0, responseTimeMs: 12 },
    undefined,
  ],
  [
    'a disabled server',
    { status: 'disabled', consecutiveFailures: 0, responseTimeMs: 12 },
    undefined,
  ],
  ['a server without one', { status: 'healthy', consecutiveFailures: 0 }, undefined],
])('the current response time of %s', (_what, health, expected) => {
  expect(currentResponseMs(health)).toBe(expected);
});
