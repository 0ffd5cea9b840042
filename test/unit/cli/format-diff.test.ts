import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDiff } from '../../../src/cli/format-diff.ts';

const PLAIN = { file: 'f', hasColours: false };

test('the difference reads as diff -u prints it', () => {
  const before = 'a\nb\nc\nd\ne\nf\ng\nh\ni\n';
  expect(formatDiff(before, before.replace('e\n', 'E\nEE\n'), PLAIN)).toBe(
    '--- f\n+++ f\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n+EE\n f\n g\n h\n',
  );
});

test('a new file is all additions, and two equal texts have no difference', () => {
  expect(formatDiff('', 'a\nb\n', PLAIN)).toBe('--- f\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n');
  expect(formatDiff('a\n', 'a\n', PLAIN)).toBe('');
});

test('colours are for terminals', () => {
  expect(formatDiff('a\n', 'b\n', { file: 'f', hasColours: true })).toContain('\u001b[31m-a');
});

/** Takes a difference for what it says. */
function apply(before: readonly string[], diff: string): string[] {
  const lines = [...before];
  let shift = 0;
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const hunk = /^@@ -(\d+),(\d+) \+\d+,\d+ @@$/.exec(line);
    if (hunk) {
      at = Number(hunk[1]) - (Number(hunk[2]) === 0 ? 0 : 1) + shift;
    } else if (line.startsWith('+')) {
      lines.splice(at++, 0, line.slice(1));
      shift++;
    } else {
      expect(lines[at]).toBe(line.slice(1));
      if (line.startsWith('-')) {
        lines.splice(at, 1);
        shift--;
      } else at++;
    }
  }
  return lines;
}

test('applied to the one text, a difference gives the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '{'), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const print = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
      expect(apply(before, formatDiff(print(before), print(after), PLAIN))).toEqual(after);
    }),
  );
});
