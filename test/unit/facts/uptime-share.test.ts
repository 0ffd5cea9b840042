import { expect, test } from 'vitest';
import {
  describeUptime,
  type UptimeSpan,
  uptimeStateOf,
} from '../../../src/facts/rules/uptime-share.ts';
import type { Status } from '../../../src/facts/rules/health.ts';
import { asEpochMs } from '../../../src/facts/time.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** 2026-11-28T12:30:00Z */
const NOW = asEpochMs(Date.UTC(2026, 10, 28, 12, 30));

function up(fromMs: number, toMs: number): UptimeSpan {
  return { fromMs, toMs, isUp: true };
}

function down(fromMs: number, toMs: number): UptimeSpan {
  return { fromMs, toMs, isUp: false };
}

test.each<[Status, boolean, string]>([
  ['healthy', false, 'up'],
  ['warning', false, 'up'],
  ['critical', false, 'up'],
  ['offline', false, 'down'],
  ['disabled', false, 'unknown'],
  ['unknown', false, 'unknown'],
  ['healthy', true, 'unknown'],
  ['offline', true, 'unknown'],
])('%s, in maintenance %s, is %s', (status, isInMaintenance, state) => {
  expect(uptimeStateOf(status, isInMaintenance)).toBe(state);
});

test('the ratio is that of the known time, within each window', () => {
  const spans = [
    down(NOW - 20 * DAY, NOW - 19 * DAY),
    up(NOW - 19 * DAY, NOW - 18 * DAY),
    // Nothing is known in between.
    up(NOW - 3 * HOUR, NOW - 1 * HOUR),
    down(NOW - 1 * HOUR, NOW),
  ];
  const uptime = describeUptime('search', spans, NOW, false);
  expect(uptime.dayRatio).toBeCloseTo(2 / 3, 10);
  expect(uptime.weekRatio).toBeCloseTo(2 / 3, 10);
  expect(uptime.monthRatio).toBeCloseTo(26 / 51, 10);
  expect(uptime.knownSinceMs).toBe(NOW - 20 * DAY);
  expect(uptime.days).toEqual([]);
});

test('a span is cut at the beginning of a window', () => {
  const uptime = describeUptime(
    's',
    [down(0, NOW - 12 * HOUR), up(NOW - 12 * HOUR, NOW)],
    NOW,
    false,
  );
  expect(uptime.dayRatio).toBe(0.5);
  expect(uptime.monthRatio).toBeCloseTo(0.5 / 30, 10);
  expect(uptime.knownSinceMs).toBe(NOW - 30 * DAY);
});

test('where nothing is known there is no ratio', () => {
  expect(describeUptime('s', [], NOW, false)).toMatchObject({ server: 's', days: [] });
  expect(describeUptime('s', [], NOW, false)).not.toHaveProperty('dayRatio');
  expect(describeUptime('s', [up(NOW - 40 * DAY, NOW - 31 * DAY)], NOW, false)).not.toHaveProperty(
    'knownSinceMs',
  );
});

test('hours and days end with the current one of UTC, and add up to what is known', () => {
  const spans = [up(NOW - 26 * HOUR, NOW - 90 * MINUTE), down(NOW - 90 * MINUTE, NOW)];
  const { hours, days } = describeUptime('s', spans, NOW, true);
  expect(hours).toHaveLength(24);
  expect(hours.at(-1)).toEqual({
    fromMs: Date.UTC(2026, 10, 28, 12),
    toMs: NOW,
    upMs: 0,
    downMs: 30 * MINUTE,
  });
  expect(hours.at(-2)).toMatchObject({ upMs: 0, downMs: HOUR });
  expect(hours.at(-3)).toMatchObject({ upMs: HOUR, downMs: 0 });
  expect(hours[0]?.fromMs).toBe(Date.UTC(2026, 10, 27, 13));
  expect(days).toHaveLength(30);
  expect(days.at(-1)).toMatchObject({
    fromMs: Date.UTC(2026, 10, 28),
    upMs: 11 * HOUR,
    downMs: 90 * MINUTE,
  });
  expect(days.at(-2)).toMatchObject({ toMs: Date.UTC(2026, 10, 28), upMs: 13.5 * HOUR });
  expect(days.at(-3)).toMatchObject({ upMs: 0, downMs: 0 });
});
