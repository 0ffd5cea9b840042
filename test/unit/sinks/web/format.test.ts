import { expect, test } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatInstant,
  formatRate,
  formatRatio,
  formatSpan,
  formatUsd,
} from '../../../../src/sinks/web/format.ts';

test.each([
  [-5, '0 s'],
  [0, '0 s'],
  [89_999, '89 s'],
  [90_000, '1 min'],
  [5_399_999, '89 min'],
  [5_400_000, '1 h'],
  [129_599_999, '35 h'],
  [129_600_000, '1 d'],
])('a span of %i ms reads %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test.each([
  [0.04, '0.0 ms'],
  [4.21, '4.2 ms'],
  [12.4, '12 ms'],
  [999.4, '999 ms'],
  [1_240, '1.24 s'],
  [12_345, '12.3 s'],
])('a duration of %d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [1, '100 %'],
  [0.999999, '99.99 %'],
  [0.5, '50.00 %'],
  [0, '0.00 %'],
])('a share of %d reads %s and is never rounded up to all', (ratio, text) => {
  expect(formatRatio(ratio)).toBe(text);
});

test.each([
  [812, '812 B'],
  [1_630, '1.6 KiB'],
  [5_242_880, '5.0 MiB'],
])('%i bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('an instant is shown to the second in UTC', () => {
  expect(formatInstant(Date.UTC(2026, 10, 21, 9, 5, 3, 999))).toBe('2026-11-21 09:05:03 UTC');
});

test.each([
  [0, '$0'],
  [0.00002, '< $0.0001'],
  [0.00312, '$0.0031'],
  [0.5, '$0.50'],
  [1_234.567, '$1,234.57'],
])('a cost of %d reads %s', (amount, text) => {
  expect(formatUsd(amount)).toBe(text);
});

test.each([
  [0, '0'],
  [0.04, '< 0.1'],
  [0.44, '0.4'],
  [12.6, '13'],
  [1_240, '1,240'],
])('a rate of %d reads %s', (rate, text) => {
  expect(formatRate(rate)).toBe(text);
});
