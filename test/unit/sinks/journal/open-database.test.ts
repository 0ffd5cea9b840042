import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { IN_MEMORY } from '../../../../src/sinks/journal/messages.ts';
import { MIGRATIONS } from '../../../../src/sinks/journal/migrations.ts';
import { openDatabase } from '../../../../src/sinks/journal/open-database.ts';
import { openOrReplace } from '../../../../src/sinks/journal/open-or-replace.ts';
import { explainFailure, isDamage } from '../../../../src/sinks/journal/database-failure.ts';
import { ALERT_START_MS as T, buildAlert } from '../../../fakes/build-alert.ts';
import { makeFolder, openInFolder, RETENTION } from './open-in-folder.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it did not throw');
}

function inspect<T>(path: string, run: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return run(database);
  } finally {
    database.close();
  }
}

test('a new file has the whole schema and passes the integrity check', () => {
  const { database, path } = openInFolder();
  database.close();
  inspect(path, (raw) => {
    expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
    expect(raw.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(raw.prepare('PRAGMA auto_vacuum').get()).toEqual({ auto_vacuum: 2 });
  });
});

test('what was written is there after the next opening, and steps of the schema are not done twice', () => {
  const { database, path } = openInFolder();
  database.write([buildAlert(), { fact: 'mark', name: 'watchdog', atMs: T }]);
  const before = database.stats().rows;
  database.close();
  const again = openInFolder({}, path).database;
  expect(again.findAlerts({ limit: 10 })).toHaveLength(1);
  expect(again.watchdogAtMs()).toBe(T);
  expect(again.stats().rows).toEqual(before);
});

test.each(MIGRATIONS.map((_, steps) => steps))(
  'a database with %i steps gets those that it lacks, and keeps what it has',
  (steps) => {
    const path = join(makeFolder(), 'journal.sqlite');
    inspect(path, (raw) => {
      raw.exec(`${MIGRATIONS.slice(0, steps).join(';')}; PRAGMA user_version = ${steps}`);
      if (steps > 0) raw.exec("INSERT INTO marks (name, at_ms) VALUES ('watchdog', 7)");
    });
    const { database } = openInFolder({}, path);
    expect(database.watchdogAtMs()).toBe(steps > 0 ? 7 : undefined);
    database.write([{ fact: 'alive', startedAtMs: 1, atMs: 1 }]);
    expect(database.findCalls({ limit: 1 }).total).toBe(0);
    database.close();
    inspect(path, (raw) =>
      expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length }),
    );
  },
);

test('an older database gets the steps that it lacks', () => {
  const path = join(makeFolder(), 'journal.sqlite');
  inspect(path, (raw) => raw.exec('PRAGMA user_version = 0'));
  const { database } = openInFolder({}, path);
  database.write([buildAlert()]);
  expect(database.stats().rows.alerts).toBe(1);
});

test('a database of a newer version is refused and left as it is', () => {
  const { database, path } = openInFolder();
  database.write([buildAlert()]);
  database.close();
  inspect(path, (raw) => raw.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`));
  const bytes = readFileSync(path);
  const error = thrownBy(() => openOrReplace(path, RETENTION));
  expect(String(error)).toContain('a newer version of mcp-exporter wrote it');
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(readdirSync(join(path, '..'))).toEqual(['journal.sqlite']);
});

test('a second process is refused, and neither moves nor changes the file', () => {
  const { database, path } = openInFolder();
  database.write([buildAlert()]);
  const error = thrownBy(() => openOrReplace(path, RETENTION));
  expect(explainFailure(error)).toContain('another process uses it');
  expect(isDamage(error)).toBe(false);
  database.write([buildAlert({ fingerprint: 'beef' })]);
  expect(database.findAlerts({ limit: 10 })).toHaveLength(2);
});

test('a batch is written whole or not at all', () => {
  const { database } = openInFolder();
  const bad = { ...buildAlert(), fingerprint: 'bad', alertname: undefined as unknown as string };
  expect(() => database.write([buildAlert(), bad])).toThrow(/./);
  expect(database.findAlerts({ limit: 10 })).toEqual([]);
  expect(database.stats().rows.alerts).toBe(0);
  database.write([buildAlert()]);
  expect(database.stats().rows.alerts).toBe(1);
});

test('numbers that are none do not keep a check from being written', () => {
  const { database } = openInFolder();
  const check = { fact: 'check', server: 's', kind: 'steady', outcome: 'ok', detail: '' } as const;
  database.write([
    { ...check, atMs: asEpochMs(T + 0.7), durationMs: Number.NaN, status: 'healthy' },
  ]);
  const { entries } = database.findServerLog({ server: 's', limit: 1 });
  expect(entries).toMatchObject([{ atMs: T + 1, durationMs: 0 }]);
});

test.each([
  ['text', () => 'this is no database, but it is long enough to be taken for one'.repeat(20)],
  ['zeros in the place of its header', (good: Buffer) => Buffer.alloc(good.length)],
  ['the first half of itself', (good: Buffer) => good.subarray(0, good.length / 2)],
  ['noise in its schema', (good: Buffer) => Buffer.from(good).fill(0xa5, 100, 4_000)],
])('a file that holds %s is moved aside, and a new one is begun', (_what, damage) => {
  const { database, path } = openInFolder();
  database.write([buildAlert()]);
  database.prune(T);
  database.close();
  const bytes = damage(readFileSync(path));
  writeFileSync(path, bytes);
  const opened = openOrReplace(path, RETENTION);
  opened.database.write([buildAlert({ fingerprint: 'new' })]);
  expect(opened.database.findAlerts({ limit: 10 })).toHaveLength(1);
  expect(opened.movedTo).toContain('journal.sqlite.damaged-');
  expect(readFileSync(opened.movedTo ?? '').equals(Buffer.from(bytes))).toBe(true);
  opened.database.close();
});

test('of files that were moved aside the last two stay', () => {
  const folder = makeFolder();
  const path = join(folder, 'journal.sqlite');
  for (const day of [1, 2, 3]) {
    writeFileSync(`${path}.damaged-2026-01-0${day}T00-00-00-000Z`, 'x');
    writeFileSync(`${path}.damaged-2026-01-0${day}T00-00-00-000Z-wal`, 'x');
  }
  writeFileSync(path, 'no database at all'.repeat(100));
  const { database, movedTo = '' } = openOrReplace(path, RETENTION);
  database.close();
  const aside = readdirSync(folder).filter((name) => name.includes('damaged'));
  expect(aside).toEqual([
    'journal.sqlite.damaged-2026-01-03T00-00-00-000Z',
    'journal.sqlite.damaged-2026-01-03T00-00-00-000Z-wal',
    basename(movedTo),
  ]);
});

test('the folder is made where it is missing, for nobody else to read', () => {
  const folder = join(makeFolder(), 'a', 'b');
  const { database } = openOrReplace(join(folder, 'journal.sqlite'), RETENTION);
  database.close();
  expect(existsSync(join(folder, 'journal.sqlite'))).toBe(true);
});

test('a folder that cannot be is a failure with a reason', () => {
  const file = join(makeFolder(), 'file');
  writeFileSync(file, '');
  const error = thrownBy(() => openOrReplace(join(file, 'journal.sqlite'), RETENTION));
  expect(explainFailure(error)).toMatch(/EEXIST|ENOTDIR/);
  expect(isDamage(error)).toBe(false);
});

// Whoever is root may write anywhere, so that the file cannot be made read only for the test.
test.skipIf(process.getuid?.() === 0)('a file that may only be read is a failure', () => {
  const { database, path } = openInFolder();
  database.close();
  chmodSync(path, 0o400);
  const error = thrownBy(() => openDatabase(path, RETENTION));
  expect(explainFailure(error)).toContain('it may only be read');
});

test('who is disabled is there after the next opening, as it was saved last, whatever is tidied up', () => {
  const { database, path } = openInFolder();
  const disabling = (server: string) => ({
    server,
    atMs: asEpochMs(1.5),
    by: 'ann',
    reason: 'moves',
  });
  database.saveDisablings([disabling('files'), disabling('search')]);
  database.saveDisablings([disabling('search'), disabling('new')]);
  while (database.prune(Date.now() + 1e12));
  database.close();

  const again = openInFolder({}, path).database;

  expect(again.findDisablings(null)).toEqual([
    { server: 'new', atMs: 2, by: 'ann', reason: 'moves' },
    { server: 'search', atMs: 2, by: 'ann', reason: 'moves' },
  ]);
});

test('a database in a file says what is left on its disk, one in memory does not', () => {
  const { database, path } = openInFolder();
  const { bavail, bsize } = statfsSync(dirname(path));
  const { freeBytes = 0 } = database.stats();
  // Others write to the same disk.
  expect(freeBytes).toBeGreaterThan((bavail * bsize) / 2);
  expect(freeBytes).toBeLessThan(bavail * bsize * 2);
  const { database: inMemory } = openInFolder({}, IN_MEMORY);
  expect(inMemory.stats()).not.toHaveProperty('freeBytes');
});
