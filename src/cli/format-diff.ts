import { styleText } from 'node:util';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

const CONTEXT_LINES = 3;
const COLOURS = new Map<string, 'red' | 'green' | 'cyan'>([
  ['-', 'red'],
  ['+', 'green'],
  ['@', 'cyan'],
]);

export interface DiffOptions {
  readonly file: string;
  readonly hasColours: boolean;
}

/** The difference between two texts as `diff -u` prints it; empty if they are equal. Line endings are ignored. */
export function formatDiff(
  before: string,
  after: string,
  { file, hasColours }: DiffOptions,
): string {
  const patch = createTwoFilesPatch(file, file, unifyLines(before), unifyLines(after), '', '', {
    context: CONTEXT_LINES,
    headerOptions: FILE_HEADERS_ONLY,
  });
  const [from = '', to = '', ...lines] = patch.split('\n');
  if (lines.every((line) => line === '')) return '';
  const paint = (line: string): string => {
    const colour = hasColours ? COLOURS.get(line.charAt(0)) : undefined;
    return colour === undefined ? line : styleText(colour, line, { validateStream: false });
  };
  return [from, to, ...lines.map(paint)].join('\n');
}

/** With line feeds only, and one at the end of the text. */
function unifyLines(text: string): string {
  const unified = text.replaceAll('\r\n', '\n');
  return unified === '' || unified.endsWith('\n') ? unified : `${unified}\n`;
}
