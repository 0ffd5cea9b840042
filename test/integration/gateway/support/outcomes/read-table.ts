import { readFile } from 'node:fs/promises';

/** What an error type means in metrics, log and spans. */
export interface Verdict {
  readonly errorType: string | undefined;
  readonly outcome: string;
  readonly status: string;
  readonly channels: readonly string[];
  readonly spanError: string | undefined;
}

export type When = 'before' | 'during' | 'after';

export interface Cell {
  /** As a server's name. */
  readonly name: string;
  readonly route: string;
  readonly who: string;
  readonly when: When;
  /** Of the exchanges in their order: usually one. */
  readonly expected: readonly Verdict[];
}

const OUTCOMES = new URL('../../../../../docs/outcomes.md', import.meta.url);
const WHENS: readonly string[] = ['before', 'during', 'after'] satisfies When[];

/** The cells of docs/outcomes.md that can happen. */
export async function readCells(): Promise<readonly Cell[]> {
  const [verdictRows, cellRows] = tablesOf(await readFile(OUTCOMES, 'utf8'));
  if (!verdictRows || !cellRows) throw new Error('docs/outcomes.md has two tables');
  const verdicts = new Map(verdictRows.slice(1).map((row) => [row[0], verdictOf(row)]));
  const [head = [], ...rows] = cellRows;
  const routes = head.slice(2);
  return rows.flatMap(([who = '', when = '', ...texts], rowIndex) =>
    texts.flatMap((text, column) => {
      if (text === '–') return [];
      const expected = text.split(', ').map((errorType) => verdicts.get(errorType));
      const route = routes[column];
      if (route === undefined || !isWhen(when) || !expected.every((each) => each !== undefined))
        throw new Error(`docs/outcomes.md: ${who}, ${when}, ${route}: ${text}`);
      return [{ name: `${rowIndex}-${column}`, route, who, when, expected }];
    }),
  );
}

function isWhen(text: string): text is When {
  return WHENS.includes(text);
}

function verdictOf([
  errorType,
  outcome = '',
  status = '',
  channels = '',
  span,
]: readonly string[]): Verdict {
  return {
    errorType: errorType === 'success' ? undefined : errorType,
    outcome,
    status,
    channels: channels.split(', '),
    spanError: span === 'no error' ? undefined : span,
  };
}

/** Rows of cells, without the line under the head. */
function tablesOf(markdown: string): readonly (readonly (readonly string[])[])[] {
  const blocks = markdown
    .split(/\n(?!\|)/)
    .filter((block) => block.includes('\n|') || block.startsWith('|'));
  return blocks.map((block) =>
    block
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^\|[\s|-]+$/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim().replaceAll('`', '')),
      ),
  );
}
