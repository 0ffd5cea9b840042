import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STATUSES } from '../../src/facts/rules/health.ts';
import {
  firstDelayMs,
  type LastCheck,
  nextDeepDelayMs,
  nextDelayMs,
  RETRY_AFTER_MS_MAX,
  type ScheduleSettings,
} from '../../src/sources/probe/schedule.ts';

const durationMs = fc.integer({ min: 1, max: 86_400_000 });
const settings: fc.Arbitrary<ScheduleSettings> = fc.record({
  intervalMs: durationMs,
  unhealthyIntervalMs: durationMs,
  retryIntervalMs: durationMs,
  offlineIntervalMsMax: durationMs,
  deepIntervalMs: durationMs,
  offlineAfter: fc.integer({ min: 1, max: 20 }),
});
const last: fc.Arbitrary<LastCheck> = fc.record({
  status: fc.constantFrom(...STATUSES),
  consecutiveDown: fc.nat({ max: 1_000_000 }),
  isConnectivitySuspected: fc.boolean(),
  isFirstSuccess: fc.boolean(),
  durationMs: fc.nat({ max: 600_000 }),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is positive, finite and never longer than the longest interval of the settings plus jitter', () => {
  fc.assert(
    fc.property(settings, last, random, (limits, check, at) => {
      const delayMs = nextDelayMs(limits, check, at);
      const longestMs = Math.max(limits.intervalMs, limits.unhealthyIntervalMs) * 1.1;
      const boundMs =
        check.status === 'offline'
          ? Math.max(limits.offlineIntervalMsMax, limits.intervalMs, limits.intervalMs * 1.1)
          : longestMs;
      expect(delayMs).toBeGreaterThan(0);
      expect(delayMs).toBeLessThanOrEqual(boundMs + 1e-6);
    }),
  );
});

test('nothing is repeated sooner than nine tenths of its shortest interval after it ended', () => {
  fc.assert(
    fc.property(settings, last, random, (limits, check, at) => {
      const shortestMs = Math.min(
        limits.intervalMs,
        limits.unhealthyIntervalMs,
        limits.retryIntervalMs,
      );
      expect(nextDelayMs(limits, check, at)).toBeGreaterThanOrEqual(shortestMs * 0.9 - 1e-6);
    }),
  );
});

test('while a server stays Offline the back-off never exceeds its bound and never shrinks', () => {
  fc.assert(
    fc.property(settings, fc.integer({ min: 1, max: 10_000 }), random, (limits, down, at) => {
      const offline = {
        status: 'offline',
        isConnectivitySuspected: false,
        isFirstSuccess: false,
        durationMs: 0,
      } as const;
      const delayMs = nextDelayMs(limits, { ...offline, consecutiveDown: down }, at);
      const laterMs = nextDelayMs(limits, { ...offline, consecutiveDown: down + 1 }, at);
      expect(laterMs).toBeGreaterThanOrEqual(delayMs);
      expect(laterMs).toBeLessThanOrEqual(Math.max(limits.offlineIntervalMsMax, limits.intervalMs));
    }),
  );
});

test('Retry-After is honoured up to its bound and never shortens a delay', () => {
  fc.assert(
    fc.property(
      settings,
      last,
      random,
      fc.nat({ max: 10_000_000 }),
      (limits, check, at, retryAfterMs) => {
        const delayMs = nextDelayMs(limits, { ...check, retryAfterMs }, at);
        expect(delayMs).toBe(
          Math.max(nextDelayMs(limits, check, at), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX)),
        );
      },
    ),
  );
});

test('deep checks come at most one deep interval plus jitter apart', () => {
  fc.assert(
    fc.property(settings, fc.nat({ max: 1_000_000 }), random, (limits, consecutiveFailures, at) => {
      const delayMs = nextDeepDelayMs(limits, { consecutiveFailures }, at);
      expect(delayMs).toBeGreaterThan(0);
      expect(delayMs).toBeLessThanOrEqual(limits.deepIntervalMs * 1.1 + 1e-6);
    }),
  );
});

test('first checks start within 25 seconds, in order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (count, seed) => {
      const index = seed % count;
      expect(firstDelayMs(index, count)).toBeLessThan(25_000);
      expect(firstDelayMs(index + 1, count)).toBeGreaterThan(firstDelayMs(index, count));
    }),
  );
});
