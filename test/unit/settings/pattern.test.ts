import { expect, test } from 'vitest';
import { whyNoPattern } from '../../../src/settings/pattern.ts';

test.each([
  '^\\d+ documents$',
  '"status":"ok"',
  '[\\w.-]+@\\p{L}+',
  '(?<name>x)|y{2,1000}?',
  '\\bfoo\\b',
  '\\u0041\\x41\\cA',
  '(?<!not )ready',
  '[^]',
  '^(a+)+$',
])('%s is a pattern', (source) => {
  expect(whyNoPattern(source)).toBeUndefined();
});

test.each([
  ['(', 'must be a regular expression (JavaScript)'],
  ['(?=a)b', 'without lookahead'],
  ['(?!a)b', 'without lookahead'],
  ['(a)\\1', 'without back-references'],
  ['(?<n>a)\\k<n>', 'without back-references'],
  ['a{1001}', 'without repetitions of more than 1000 times'],
  ['((a{100}){100}){100}', 'that RE2 supports: invalid repeat count'],
])('%s is none: %s', (source, message) => {
  expect(whyNoPattern(source)).toContain(message);
});
