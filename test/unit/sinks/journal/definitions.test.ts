import { expect, test } from 'vitest';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { definitionsEntry } from '../../../../src/sinks/journal/definitions-entry.ts';
import type { JournalDatabase } from '../../../../src/sinks/journal/open-database.ts';
import { openInMemory } from './open-in-folder.ts';

const T = asEpochMs(1_000);

/** The texts of a server's tools by name. */
function list(
  database: JournalDatabase,
  tools: Readonly<Record<string, unknown>>,
  server = 's',
): void {
  const definitions = Object.entries(tools).map(([name, value]) => {
    const text = JSON.stringify(value, null, 2);
    return { name, description: '', hash: text, text };
  });
  const lists = { tools: { definitions, bytes: 0 } };
  const snapshot = { takenAtMs: T, lists };
  database.write([definitionsEntry({ fact: 'definitions_read', server, atMs: T, snapshot })]);
}

function changesOf(database: JournalDatabase): readonly string[] {
  return database
    .findDefinitionChanges({ limit: 500 })
    .entries.map(({ server, change, name }) => `${server} ${change} ${name}`)
    .toReversed();
}

test('what a server lists first is no change, and neither is the same again', () => {
  const database = openInMemory();
  list(database, { find: { a: 1 }, get: { a: 1 } });
  list(database, { get: { a: 1 }, find: { a: 1 } });
  list(database, { find: { a: 2 } }, 'other');
  expect(changesOf(database)).toEqual([]);
});

test('what was added, changed and removed is kept as lines', () => {
  const database = openInMemory();
  list(database, { find: { description: 'Finds.', schema: { type: 'object' } }, old: { b: 1 } });
  list(database, { find: { description: 'Sends.', schema: { type: 'object' } }, new: { c: 1 } });
  expect(changesOf(database)).toEqual(['s changed find', 's added new', 's removed old']);
  const { entries, total } = database.findDefinitionChanges({ server: 's', limit: 2 });
  expect(total).toBe(3);
  expect(entries).toMatchObject([
    { kind: 'tools', change: 'removed', name: 'old', difference: '-{\n-  "b": 1\n-}', atMs: T },
    { kind: 'tools', change: 'added', name: 'new', difference: '+{\n+  "c": 1\n+}' },
  ]);
  const [changed] = database.findDefinitionChanges({ changes: ['changed'], limit: 1 }).entries;
  expect(changed?.difference.split('\n')).toEqual([
    ' {',
    '-  "description": "Finds.",',
    '+  "description": "Sends.",',
    '   "schema": {',
    '     "type": "object"',
  ]);
  expect(database.findDefinitionChanges({ search: 'sends', limit: 9 }).total).toBe(1);
  expect(database.findDefinitionChanges({ kinds: ['prompts'], limit: 9 }).total).toBe(0);
  expect(database.stats().rows.definition_changes).toBe(3);
  // What is known is the newest.
  list(database, { find: { description: 'Sends.', schema: { type: 'object' } }, new: { c: 1 } });
  expect(changesOf(database)).toHaveLength(3);
});

test('texts that have nothing in common cost no time, and what is shown of them is short', () => {
  const database = openInMemory();
  const lines = (word: string) => Array.from({ length: 3_000 }, (_, index) => `${word}${index}`);
  list(database, { find: lines('a') });
  const startedMs = performance.now();
  list(database, { find: lines('b') });
  // Ten times what a slow machine takes.
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  const [entry] = database.findDefinitionChanges({ limit: 1 }).entries;
  expect(entry?.difference.startsWith('-[\n-  "a0",')).toBe(true);
  expect(entry?.difference).toHaveLength(16_385);
});

test('beyond a megabyte, definitions are compared without their lines', () => {
  const database = openInMemory();
  const large = (last: string) =>
    Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`tool-${index}`, 'x'.repeat(20_000) + last]),
    );
  list(database, large('a'));
  list(database, { ...large('a'), 'tool-59': 'short' });
  expect(changesOf(database)).toEqual(['s changed tool-59']);
});
