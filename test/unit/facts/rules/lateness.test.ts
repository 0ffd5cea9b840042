import { expect, test } from 'vitest';
import {
  describeLateness,
  type LatenessState,
  ON_TIME,
  weighLateness,
} from '../../../../src/facts/rules/lateness.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

type Check = readonly [atSeconds: number, lagMs: number, lateMs?: number];

function weighAll(checks: readonly Check[], from: LatenessState = ON_TIME): LatenessState {
  return checks.reduce(
    (state, [atSeconds, lagMs, lateMs = 0]) =>
      weighLateness(state, { atMs: asMonotonicMs(atSeconds * 1_000), lagMs, lateMs }),
    from,
  );
}

const many = (count: number, lagMs: number, atSeconds = 0): Check[] =>
  Array.from({ length: count }, () => [atSeconds, lagMs] as const);

test.each<[string, readonly Check[], boolean]>([
  ['one check that started late', [[0, 60_000]], false],
  [
    'two that started late',
    [
      [0, 501],
      [30, 501],
    ],
    true,
  ],
  [
    'two whose answers waited for the event loop',
    [
      [0, 0, 501],
      [30, 0, 501],
    ],
    true,
  ],
  [
    'two that started half a second late',
    [
      [0, 500],
      [30, 500],
    ],
    false,
  ],
  [
    'two late checks two minutes apart',
    [
      [0, 900],
      [121, 900],
    ],
    false,
  ],
  ['a tenth of many', [...many(18, 0), ...many(2, 900)], true],
  ['less than a tenth of many', [...many(19, 0), ...many(2, 900)], false],
])('the exporter is late or not by %s', (_what, checks, isLate) => {
  expect(weighAll(checks).isLate).toBe(isLate);
});

test('it is on time again when less than a twentieth was late', () => {
  const late = weighAll([...many(10, 0), ...many(10, 900)]);
  expect(late.isLate).toBe(true);
  expect(weighAll(many(180, 0), late).isLate).toBe(true);
  expect(weighAll(many(181, 0), late).isLate).toBe(false);
});

test('it is on time again by itself once the late checks are two minutes old', () => {
  const late = weighAll([
    [0, 900],
    [1, 900],
  ]);
  expect(weighAll([[60, 0]], late).isLate).toBe(true);
  expect(weighAll([[121, 0]], late).isLate).toBe(false);
});

test('the state is bounded, whatever the number of checks', () => {
  const checks = Array.from({ length: 5_000 }, (_, index) => [index, 0] as const);
  expect(weighAll(checks).counts.length).toBeLessThanOrEqual(12);
});

test('says how many checks were late', () => {
  expect(describeLateness(weighAll([...many(3, 900), ...many(7, 0)]))).toBe(
    '3 of 10 checks were late in the last two minutes',
  );
});
