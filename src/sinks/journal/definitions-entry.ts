import { CAPABILITY_KINDS } from '../../facts/capability-snapshot.ts';
import type { DefinitionsRead } from '../../facts/server-facts.ts';
import type { DefinitionsEntry, ListedText } from './write-definitions.ts';

/** Characters of all texts of one server; definitions beyond are compared by their hash alone. */
const SERVER_CHARS_MAX = 1024 * 1024;
const NAME_CHARS_MAX = 1_024;

export function definitionsEntry({ server, atMs, snapshot }: DefinitionsRead): DefinitionsEntry {
  let room = SERVER_CHARS_MAX;
  const listed = CAPABILITY_KINDS.flatMap((kind) =>
    (snapshot.lists[kind]?.definitions ?? []).map(({ name, hash, text = '' }): ListedText => {
      room -= text.length;
      return { kind, name: name.slice(0, NAME_CHARS_MAX), hash, text: room < 0 ? '' : text };
    }),
  );
  return { fact: 'definitions', server, atMs, listed };
}

export function sizeOfDefinitions({ listed }: DefinitionsEntry): number {
  return listed.reduce(
    (sum, { name, hash, text }) => sum + name.length + hash.length + text.length,
    0,
  );
}
