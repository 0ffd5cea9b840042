import { expect, test } from 'vitest';
import { createLabelBound, OVERFLOW_LABEL } from '../../../../src/facts/rules/label-bound.ts';

test('the first values are let in and stay in, the others are folded and counted', () => {
  const bound = createLabelBound({ valuesMax: 2 });
  expect(['a', 'b', 'c', 'a', 'b', 'c'].map((value) => bound.fold(value))).toEqual([
    'a',
    'b',
    OVERFLOW_LABEL,
    'a',
    'b',
    OVERFLOW_LABEL,
  ]);
  expect(bound.foldedCount()).toBe(2);
});

test.each<[string, string, boolean]>([
  ['128 ASCII characters', 'x'.repeat(128), true],
  ['129 ASCII characters', 'x'.repeat(129), false],
  ['64 two-byte characters', 'é'.repeat(64), true],
  ['65 two-byte characters', 'é'.repeat(65), false],
  ['43 three-byte characters', '語'.repeat(43), false],
  ['32 four-byte characters', '😀'.repeat(32), true],
  ['33 four-byte characters', '😀'.repeat(33), false],
  ['a megabyte', 'x'.repeat(1_000_000), false],
  ['half a surrogate pair', '\ud800', false],
  ['the overflow value itself', OVERFLOW_LABEL, false],
])('a value of %s: let in is %s', (_sentence, value, isLetIn) => {
  const bound = createLabelBound({ valuesMax: 10 });
  expect(bound.fold(value)).toBe(isLetIn ? value : OVERFLOW_LABEL);
  expect(bound.foldedCount()).toBe(isLetIn ? 0 : 1);
});

test('a value that is too long takes no room', () => {
  const bound = createLabelBound({ valuesMax: 1 });
  bound.fold('x'.repeat(200));
  expect(bound.fold('a')).toBe('a');
});
