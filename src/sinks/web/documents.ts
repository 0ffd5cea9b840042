import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Html } from './html.ts';

/** A document of `docs/` that is served at `/docs/NAME`. */
export interface DocumentEntry {
  readonly name: string;
  readonly title: string;
  /** Its first sentence. */
  readonly summary: string;
}

export interface Documents {
  readonly entries: readonly DocumentEntry[];
  /** @returns the content; `undefined` if there is no such document */
  read(name: string): Promise<Html | undefined>;
}

/** The documents as `npm run generate` rendered them. Throws if the installation lacks them. */
export function loadDocuments(): Documents {
  const folder = new URL('./assets/docs/', import.meta.url);
  const index = readFileSync(new URL('index.json', folder), 'utf8');
  const entries = JSON.parse(index) as readonly DocumentEntry[];
  return {
    entries,
    async read(name) {
      if (!entries.some((entry) => entry.name === name)) return undefined;
      // Markup of our own: it is as safe as a page.
      return new Html(await readFile(new URL(`${name}.html`, folder), 'utf8'));
    },
  };
}
