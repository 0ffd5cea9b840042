import { expect, test } from 'vitest';
import {
  type ExpediteCircumstances,
  expeditedAtMs,
  type ExpediteReason,
  firstDelayMs,
  intervalFor,
  type LastCheck,
  nextDeepDelayMs,
  nextDelayMs,
  RETRY_AFTER_MS_MAX,
  sharedPauseMs,
} from '../../../../src/sources/probe/schedule.ts';
import { completeMonitor } from '../../../../src/settings/monitor.ts';
import type { ProbeOutcome } from '../../../../src/facts/probe-outcome.ts';
import { MONITOR } from '../../../fakes/build-server.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

/** Leaves jitter out. */
const MIDDLE = 0.5;
const LAST: LastCheck = {
  status: 'healthy',
  consecutiveDown: 0,
  isConnectivitySuspected: false,
  isFirstSuccess: false,
  durationMs: 0,
};

test.each<[string, Partial<LastCheck>, number]>([
  ['a Healthy server comes again after its interval', {}, 30_000],
  ['a server in Warning comes again after its unhealthy interval', { status: 'warning' }, 15_000],
  ['a Critical server comes again after its unhealthy interval', { status: 'critical' }, 15_000],
  [
    'an Unknown server that answered nothing yet is retried',
    { status: 'unknown', consecutiveDown: 1 },
    3_000,
  ],
  ['a first failure is retried', { consecutiveDown: 1 }, 3_000],
  ['a second failure is retried', { consecutiveDown: 2 }, 3_000],
  ['a first success is followed up soon', { isFirstSuccess: true }, 3_000],
  ['the verdict brings the interval back', { status: 'offline', consecutiveDown: 3 }, 30_000],
  ['Offline backs off if that is configured', { status: 'offline', consecutiveDown: 4 }, 60_000],
  ['Offline backs off further', { status: 'offline', consecutiveDown: 6 }, 240_000],
  ['the back-off is bounded', { status: 'offline', consecutiveDown: 2_000 }, 300_000],
  [
    'a first answer while Offline is followed up soon',
    { status: 'offline', consecutiveDown: 0 },
    3_000,
  ],
  [
    'a failure that may be ours is not hurried',
    { consecutiveDown: 1, isConnectivitySuspected: true },
    30_000,
  ],
  ['the duration of a check does not stretch the interval', { durationMs: 4_000 }, 26_000],
  ['a retry waits after a check that took long', { consecutiveDown: 1, durationMs: 5_000 }, 3_000],
  ['a check longer than the interval is followed by a pause', { durationMs: 40_000 }, 3_000],
  ['refused credentials wait for an interval', { status: 'critical', refusals: 1 }, 30_000],
  ['the time doubles', { status: 'critical', refusals: 2 }, 60_000],
  ['and doubles again', { status: 'critical', refusals: 5 }, 480_000],
  ['up to four hours', { status: 'critical', refusals: 2_000 }, 14_400_000],
  [
    'a longer Retry-After is honoured for refused credentials too',
    { status: 'critical', refusals: 1, retryAfterMs: 60_000 },
    60_000,
  ],
  ['Retry-After is honoured', { status: 'warning', retryAfterMs: 120_000 }, 120_000],
  ['Retry-After does not hurry', { status: 'warning', retryAfterMs: 1 }, 15_000],
  ['Retry-After is bounded', { status: 'warning', retryAfterMs: 86_400_000 }, RETRY_AFTER_MS_MAX],
  ['Retry-After is honoured for a retry too', { consecutiveDown: 1, retryAfterMs: 20_000 }, 20_000],
])('%s', (_sentence, last, expected) => {
  expect(nextDelayMs(MONITOR, { ...LAST, ...last }, MIDDLE)).toBe(expected);
});

test('jitters by ten per cent either way', () => {
  expect(nextDelayMs(MONITOR, LAST, 0)).toBeCloseTo(27_000);
  expect(nextDelayMs(MONITOR, LAST, 1 - 1e-12)).toBeCloseTo(33_000);
});

test.each([100, 1_000, 15_000, 30_000, 300_000, 86_400_000])(
  'with an interval of %i ms and no other setting the next check of an Offline server is never later',
  (interval) => {
    const { settings } = completeMonitor({ interval }, {}, false);
    for (const consecutiveDown of [0, 1, 3, 4, 5, 10, 1_000, 1_000_000])
      for (const at of [0, 0.5, 0.999])
        expect(
          nextDelayMs(settings, { ...LAST, status: 'offline', consecutiveDown }, at),
        ).toBeLessThanOrEqual(interval);
  },
);

test('does not jitter beyond the bound of the back-off', () => {
  expect(nextDelayMs(MONITOR, { ...LAST, status: 'offline', consecutiveDown: 50 }, 0.99)).toBe(
    300_000,
  );
});

test('never retries later than the interval', () => {
  expect(
    nextDelayMs({ ...MONITOR, retryIntervalMs: 90_000 }, { ...LAST, consecutiveDown: 1 }, MIDDLE),
  ).toBe(30_000);
});

test.each<[string, ProbeOutcome, number | undefined, number]>([
  ['a limited rate', 'rate_limited', undefined, 15_000],
  ['a limited rate with a longer Retry-After', 'rate_limited', 60_000, 60_000],
  ['a limited rate with a shorter Retry-After', 'rate_limited', 1_000, 15_000],
  ['Retry-After of a 503', 'http_5xx', 20_000, 20_000],
  ['Retry-After of a day', 'http_5xx', 86_400_000, RETRY_AFTER_MS_MAX],
  ['a refused connection', 'refused', undefined, 3_000],
  ['a failure of this entry only', 'auth_required', undefined, 0],
  ['a success', 'ok', undefined, 0],
])('after %s all entries of the origin wait', (_, outcome, retryAfterMs, expected) => {
  const report = { outcome, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  expect(sharedPauseMs(MONITOR, report)).toBe(expected);
});

test('returns the interval in force without jitter', () => {
  expect(intervalFor(MONITOR, { status: 'offline', consecutiveDown: 5 })).toBe(120_000);
});

test.each([
  [0, 600_000],
  [1, 15_000],
  [2, 30_000],
  [3, 60_000],
  [100, 600_000],
])(
  'after %i failed deep checks in a row schedules the next in %i ms',
  (consecutiveFailures, expected) => {
    expect(nextDeepDelayMs(MONITOR, { consecutiveFailures }, MIDDLE)).toBe(expected);
  },
);

test('delays a deep check by Retry-After', () => {
  expect(nextDeepDelayMs(MONITOR, { consecutiveFailures: 1, retryAfterMs: 50_000 }, MIDDLE)).toBe(
    50_000,
  );
});

test('checks a single new server at once', () => {
  expect(firstDelayMs(0, 1)).toBe(0);
});

test.each([10, 1_000, 10_000])(
  'spreads the first checks of %i new servers evenly below 25 seconds',
  (count) => {
    const delays = Array.from({ length: count }, (_, index) => firstDelayMs(index, count));
    expect(delays.at(-1)).toBeLessThan(25_000);
    const gaps = delays.slice(1).map((delay, index) => delay - (delays[index] ?? 0));
    expect(Math.max(...gaps)).toBeCloseTo(Math.min(...gaps));
    expect(Math.min(...gaps)).toBeGreaterThan(0);
  },
);

const QUIET: ExpediteCircumstances = {
  status: 'healthy',
  consecutiveDown: 0,
  lastCheckAtMs: asMonotonicMs(100_000),
  lastExpeditedAtMs: asMonotonicMs(Number.NEGATIVE_INFINITY),
  notBeforeMs: asMonotonicMs(Number.NEGATIVE_INFINITY),
};

test.each<[string, ExpediteReason, Partial<ExpediteCircumstances>, number | undefined]>([
  ['a first failed call asks for a check at once', 'failed', {}, Number.NEGATIVE_INFINITY],
  [
    'failed calls ask for one check per retry interval',
    'failed',
    { lastExpeditedAtMs: asMonotonicMs(110_000) },
    113_000,
  ],
  [
    'a failed call waits for Retry-After',
    'failed',
    { notBeforeMs: asMonotonicMs(150_000) },
    150_000,
  ],
  [
    'a failed call is no news once a strike is counted',
    'failed',
    { consecutiveDown: 1 },
    undefined,
  ],
  ['a failed call is no news of an Offline server', 'failed', { status: 'offline' }, undefined],
  ['a call answered after a failed one asks for a check', 'recovered', {}, 103_000],
  [
    'a call answered after a failed one asks for a check of an Offline server',
    'recovered',
    { status: 'offline', consecutiveDown: 7 },
    103_000,
  ],
  [
    'calls answered after failed ones ask for one check per retry interval',
    'recovered',
    { lastExpeditedAtMs: asMonotonicMs(110_000) },
    113_000,
  ],
  [
    'a call answered after a failed one waits for Retry-After',
    'recovered',
    { notBeforeMs: asMonotonicMs(150_000) },
    150_000,
  ],
  ['a call answered as ever asks for nothing', 'answered', {}, undefined],
  [
    'calls that a server answers although it is Offline ask for one check per interval',
    'answered',
    { status: 'offline', consecutiveDown: 7 },
    130_000,
  ],
])('%s', (_sentence, cause, circumstances, atMs) => {
  expect(expeditedAtMs(MONITOR, cause, { ...QUIET, ...circumstances })).toBe(atMs);
});
