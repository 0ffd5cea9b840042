import { styleText } from 'node:util';

const CONTEXT_LINES = 3;
/** Past this many cells of the table the changed part is shown as replaced whole. */
const TABLE_CELLS_MAX = 4_000_000;

type Line = readonly [mark: ' ' | '-' | '+', text: string];

export interface DiffOptions {
  readonly file: string;
  readonly hasColours: boolean;
}

/** The difference of two texts as `diff -u` shows it; empty where there is none. */
export function formatDiff(
  before: string,
  after: string,
  { file, hasColours }: DiffOptions,
): string {
  const lines = compare(splitLines(before), splitLines(after));
  const hunks = cutHunks(lines);
  if (hunks.length === 0) return '';
  const paint = (colour: 'red' | 'green' | 'cyan', text: string): string =>
    hasColours ? styleText(colour, text, { validateStream: false }) : text;
  const body = hunks.flatMap(({ header, lines: shown }) => [
    paint('cyan', header),
    ...shown.map(([mark, text]) => {
      const line = `${mark}${text}`;
      return mark === ' ' ? line : paint(mark === '-' ? 'red' : 'green', line);
    }),
  ]);
  return `${[`--- ${file}`, `+++ ${file}`, ...body].join('\n')}\n`;
}

function splitLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end++;
  const keep = (lines: readonly string[]): Line[] => lines.map((text) => [' ', text]);
  return [
    ...keep(before.slice(0, start)),
    ...compareMiddle(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ),
    ...keep(before.slice(before.length - end)),
  ];
}

/** By the longest common subsequence. */
function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  if (before.length * width > TABLE_CELLS_MAX)
    return [...before.map((text): Line => ['-', text]), ...after.map((text): Line => ['+', text])];
  const table = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      table[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const [old = '', fresh = ''] = [before[i], after[j]];
    if (i < before.length && j < after.length && old === fresh) {
      lines.push([' ', old]);
      i++;
      j++;
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(['-', old]);
      i++;
    } else {
      lines.push(['+', fresh]);
      j++;
    }
  }
  return lines;
}

function cutHunks(lines: readonly Line[]): { header: string; lines: readonly Line[] }[] {
  const changed = lines.flatMap(([mark], index) => (mark === ' ' ? [] : [index]));
  const ranges: [from: number, to: number][] = [];
  for (const index of changed) {
    const from = Math.max(0, index - CONTEXT_LINES);
    const to = Math.min(lines.length, index + CONTEXT_LINES + 1);
    const last = ranges.at(-1);
    if (last && from <= last[1]) last[1] = to;
    else ranges.push([from, to]);
  }
  return ranges.map(([from, to]) => {
    const shown = lines.slice(from, to);
    const count = (list: readonly Line[], mark: '-' | '+'): number =>
      list.filter(([each]) => each === ' ' || each === mark).length;
    const head = lines.slice(0, from);
    const place = (mark: '-' | '+'): string => {
      const length = count(shown, mark);
      return `${count(head, mark) + (length === 0 ? 0 : 1)},${length}`;
    };
    return { header: `@@ -${place('-')} +${place('+')} @@`, lines: shown };
  });
}
