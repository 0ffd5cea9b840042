import { structuredPatch } from 'diff';
import type { DatabaseSync } from 'node:sqlite';
import { DEFINITION_CHANGES_MAX, type DefinitionChange } from '../../facts/capability-snapshot.ts';
import { type Row, textOf } from './rows.ts';

/** One definition that a server lists. */
export interface ListedText {
  readonly kind: string;
  readonly name: string;
  readonly hash: string;
  /** JSON text of several lines; empty if it was too large. */
  readonly text: string;
}

/** Everything that a server lists now. */
export interface DefinitionsEntry {
  readonly fact: 'definitions';
  readonly server: string;
  readonly atMs: number;
  readonly listed: readonly ListedText[];
}

/** Of one change. */
const DIFFERENCE_CHARS_MAX = 16_384;
/** Two texts that have nothing in common are compared in quadratic time. */
const EDIT_LENGTH_MAX = 1_000;
const CONTEXT_LINES = 2;

interface FoundChange {
  readonly change: DefinitionChange['change'];
  readonly definition: ListedText;
  readonly difference: string;
}

/**
 * Compares what a server lists with what it listed when it was last read, also before a restart, and writes what changed, within
 * a transaction of the caller.
 */
export function createDefinitionsWriter(database: DatabaseSync): (entry: DefinitionsEntry) => void {
  const find = database.prepare('SELECT * FROM definitions WHERE server = ?');
  const set = database.prepare(`
    INSERT INTO definitions (server, kind, name, hash, text) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (server, kind, name) DO UPDATE SET hash = excluded.hash, text = excluded.text`);
  const remove = database.prepare(
    'DELETE FROM definitions WHERE server = ? AND kind = ? AND name = ?',
  );
  const insert = database.prepare(
    'INSERT INTO definition_changes (at_ms, server, kind, change, name, difference) VALUES (?, ?, ?, ?, ?, ?)',
  );
  return ({ server, atMs, listed }) => {
    const known = new Map(find.all(server).map(toKnown));
    const changes = findChanges(known, listed);
    for (const { change, definition } of changes) {
      const { kind, name, hash, text } = definition;
      if (change === 'removed') remove.run(server, kind, name);
      else set.run(server, kind, name, hash, text);
    }
    // What is listed for the first time has not changed.
    if (known.size === 0) return;
    for (const { change, definition, difference } of changes.slice(0, DEFINITION_CHANGES_MAX))
      insert.run(atMs, server, definition.kind, change, definition.name, difference);
  };
}

function keyOf({ kind, name }: Pick<ListedText, 'kind' | 'name'>): string {
  return `${kind} ${name}`;
}

function toKnown(row: Row): readonly [key: string, definition: ListedText] {
  const definition = {
    kind: textOf(row, 'kind'),
    name: textOf(row, 'name'),
    hash: textOf(row, 'hash'),
    text: textOf(row, 'text'),
  };
  return [keyOf(definition), definition];
}

function findChanges(
  known: ReadonlyMap<string, ListedText>,
  listed: readonly ListedText[],
): readonly FoundChange[] {
  const current = new Map(listed.map((definition) => [keyOf(definition), definition]));
  const changes: FoundChange[] = [];
  for (const [key, definition] of current) {
    const before = known.get(key);
    if (before?.hash === definition.hash) continue;
    const change = before ? 'changed' : 'added';
    changes.push({ change, definition, difference: compare(before?.text ?? '', definition.text) });
  }
  for (const [key, definition] of known)
    if (!current.has(key))
      changes.push({ change: 'removed', definition, difference: compare(definition.text, '') });
  return changes;
}

/** The lines that differ, with some that do not around them. */
function compare(before: string, after: string): string {
  const patch = structuredPatch('', '', before, after, undefined, undefined, {
    context: CONTEXT_LINES,
    maxEditLength: EDIT_LENGTH_MAX,
  });
  const lines = patch
    ? patch.hunks.flatMap((hunk) => hunk.lines)
    : [...signed('-', before), ...signed('+', after)];
  const text = lines.filter((line) => !line.startsWith('\\')).join('\n');
  return text.length > DIFFERENCE_CHARS_MAX
    ? `${text.slice(0, DIFFERENCE_CHARS_MAX).toWellFormed()}…`
    : text;
}

function signed(sign: string, text: string): readonly string[] {
  return text.split('\n').map((line) => sign + line);
}
