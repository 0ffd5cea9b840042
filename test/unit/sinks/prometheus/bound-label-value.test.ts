import { expect, test } from 'vitest';
import { boundLabelValue } from '../../../../src/sinks/prometheus/bound-label-value.ts';

test.each([
  ['a short value stays', 'everything 1.0 "beta" \\ x', 'everything 1.0 "beta" \\ x'],
  ['128 bytes stay', 'x'.repeat(128), 'x'.repeat(128)],
  ['the 129th byte goes', 'x'.repeat(129), 'x'.repeat(128)],
  ['bytes count, not characters', 'ü'.repeat(100), 'ü'.repeat(64)],
  ['a character is not split', `${'x'.repeat(126)}€`, 'x'.repeat(126)],
  ['a surrogate pair is not split', `${'x'.repeat(127)}😀`, 'x'.repeat(127)],
  ['a lone surrogate becomes the replacement character', 'a\ud800b', 'a\ufffdb'],
  [
    'line breaks and controls become spaces',
    'a\nb\u0000c\u001b[31m\u2028d\u0085e',
    'a b c [31m d e',
  ],
])('%s', (_name, value, expected) => {
  expect(boundLabelValue(value)).toBe(expected);
});
