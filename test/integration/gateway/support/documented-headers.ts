import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../../../docs/transparency.md');

/** The headers that docs/transparency.md says may differ: names in backticks at the start of a list item, before its colon. */
export async function readDocumentedHeaders(): Promise<{
  readonly request: ReadonlySet<string>;
  readonly response: ReadonlySet<string>;
}> {
  const text = await readFile(PAGE, 'utf8');
  return {
    request: namesBelow(text, 'Request headers'),
    response: namesBelow(text, 'Response headers'),
  };
}

function namesBelow(text: string, heading: string): ReadonlySet<string> {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/transparency.md has no section "${heading}"`);
  const items = section.split(/^- /m).slice(1);
  return new Set(
    items.flatMap((item) =>
      [...item.slice(0, item.indexOf(':')).matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
    ),
  );
}
