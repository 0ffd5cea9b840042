import { expect, test } from 'vitest';
import {
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
} from '../../../src/settings/units.ts';

test.each([
  ['0s', 0],
  ['500ms', 500],
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['2m', 120_000],
  ['1.5h', 5_400_000],
  ['1.1s', 1_100],
  ['1.005s', 1_005],
  ['1d2h3m4s5ms', 93_784_005],
])('%s is %d milliseconds', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each([
  '',
  '30',
  's',
  '30 s',
  '-1s',
  '1.s',
  '.5s',
  '30sec',
  '1e3s',
  '0.5ms',
  '1s ',
  '9'.repeat(20) + 's',
  '1s'.repeat(40),
])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, '0s'],
  [90_000, '1m30s'],
  [1_100, '1s100ms'],
  [86_400_000, '1d'],
])('%d milliseconds are written %s', (durationMs, expected) => {
  expect(formatDuration(durationMs)).toBe(expected);
});

test.each([
  ['0B', 0],
  ['10MB', 10_000_000],
  ['10 MiB', 10_485_760],
  ['1.5KiB', 1_536],
  ['2GB', 2_000_000_000],
])('%s is %d bytes', (text, expected) => {
  expect(parseSize(text)).toBe(expected);
});

test.each(['', '10', '10mb', '10M', 'MB', '-1MB', '1e3KB', '99999999999999GB'])(
  '%j is no size',
  (text) => {
    expect(parseSize(text)).toBeUndefined();
  },
);

test.each([
  [0, '0B'],
  [999, '999B'],
  [10_000, '10KB'],
  [16e6, '16MB'],
  [1_000e9, '1000GB'],
  [1_024, '1024B'],
])('%d bytes are %s in the reference, which is read back', (bytes, expected) => {
  expect(formatSize(bytes)).toBe(expected);
  expect(parseSize(expected)).toBe(bytes);
});
