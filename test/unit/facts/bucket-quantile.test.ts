import { expect, test } from 'vitest';
import { bucketQuantile } from '../../../src/facts/rules/bucket-quantile.ts';

const BOUNDS = [10, 20, 40];

test.each<[number, number[], number]>([
  [0.5, [10, 0, 0, 0], 5],
  [0.5, [0, 10, 0, 0], 15],
  [0.25, [2, 2, 4, 0], 10],
  [0.75, [2, 2, 4, 0], 30],
  [1, [2, 2, 4, 0], 40],
  [0.99, [1, 0, 0, 99], 40],
])('the quantile %d of %j is %d', (share, counts, value) => {
  expect(bucketQuantile(share, BOUNDS, counts)).toBeCloseTo(value, 10);
});

test('there is none of nothing', () => {
  expect(bucketQuantile(0.5, BOUNDS, [0, 0, 0, 0])).toBeNaN();
});
