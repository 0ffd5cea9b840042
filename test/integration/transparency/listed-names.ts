import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../../docs/transparency.md');

/** The names that docs/transparency.md lists under a heading: in backticks at the start of a list item. */
export async function readListedNames(heading: string): Promise<readonly string[]> {
  const text = await readFile(PAGE, 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/transparency.md has no section "${heading}"`);
  return [...section.matchAll(/^- `([a-z-]+)`: /gm)].map(([, name = '']) => name);
}
