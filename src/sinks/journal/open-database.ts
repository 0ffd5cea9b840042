import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ActionTaken } from '../../facts/alert-event.ts';
import type { Disabling } from '../../facts/disabling.ts';
import type { Marker } from '../../facts/event-log.ts';
import type { MaintenanceWindow } from '../../facts/maintenance.ts';
import type { CallRow } from './call-row.ts';
import type { CallSumRow } from './sum-calls.ts';
import { saveDisablings } from './disablings.ts';
import { createFinders, type Finders } from './find-any.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import { addMaintenance, removeMaintenance } from './maintenance.ts';
import { IN_MEMORY, type JournalEntry, type JournalStats, type SaveName } from './messages.ts';
import { MIGRATIONS } from './migrations.ts';
import { createNames, type Names } from './names.ts';
import { createPruner, LOG_BYTES_MAX, type Pruner } from './prune-database.ts';
import { createRowCounts, type JournalKind, type RowCounts } from './row-counts.ts';
import { knownEpoch, numberOf } from './rows.ts';
import { transact } from './transact.ts';
import { createCallWriter } from './write-calls.ts';
import { createEntryWriter } from './write-entries.ts';
import type { EpochMs } from '../../facts/time.ts';

/** The ends of all indexes, where new rows go, and what a page reads of a million calls. */
const CACHE_KIB = 16 * 1024;

export interface JournalDatabase extends Finders {
  /** All or none of them; committed when it returns. */
  write(entries: readonly JournalEntry[]): void;
  /** All or none of them; committed when it returns. */
  writeCalls(calls: readonly CallRow[], errorsOnly?: boolean): void;
  /** All or none of them; committed when it returns. */
  writeSums(rows: readonly CallSumRow[]): void;
  /** @returns whether there is such an alert */
  saveNote(note: ActionTaken & { readonly alertId: number }): boolean;
  /** @returns its id */
  saveMarker(marker: Marker): number;
  saveDisablings(disablings: readonly Disabling[]): void;
  addMaintenance(window: MaintenanceWindow): void;
  removeMaintenance(ids: readonly string[]): void;
  watchdogAtMs(): EpochMs | undefined;
  stats(): JournalStats;
  /** One step. @returns whether there is more to take away */
  prune(nowMs: number): boolean;
  close(): void;
}

/**
 * Opens or makes the database and brings its schema up to date. Blocks, as all of `node:sqlite` does: for a worker.
 * Throws where the file is no database, is newer than this program, is in use, or cannot be written.
 */
export function openDatabase(path: string, retention: JournalRetention): JournalDatabase {
  const database = new DatabaseSync(path);
  try {
    return prepareDatabase(database, path, retention);
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepareDatabase(
  database: DatabaseSync,
  path: string,
  retention: JournalRetention,
): JournalDatabase {
  // One process alone: no shared memory is needed, which some network disks lack, and nobody else can move the file.
  database.exec('PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE');
  checkVersion(database);
  // A write-ahead log survives the end of the process at any moment (sqlite.org/wal.html); FULL also that of the machine.
  database.exec(
    `PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_BYTES_MAX};
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -${CACHE_KIB}`,
  );
  migrate(database);
  const counts = createRowCounts(database);
  const names = createNames(database);
  const pruner = createPruner(database, retention, counts, names);
  const readMark = database.prepare('SELECT at_ms FROM marks WHERE name = ?');
  return {
    ...createFinders(database),
    ...createSavers(database, { counts, names, pruner }),
    watchdogAtMs: () => knownEpoch(readMark.get('watchdog') ?? {}, 'at_ms'),
    stats: () => ({
      rows: counts.read(),
      sizeBytes: sizeOf(path) + sizeOf(`${path}-wal`),
      ...(path === IN_MEMORY ? {} : freeSpaceAt(path)),
    }),
    prune: (nowMs) => pruner.step(nowMs),
    close: () => database.close(),
  };
}

type Savers = Pick<JournalDatabase, SaveName>;

interface SaverParts {
  readonly counts: RowCounts;
  readonly names: Names;
  readonly pruner: Pruner;
}

function createSavers(database: DatabaseSync, parts: SaverParts): Savers {
  const { counts, pruner } = parts;
  const writeEntry = createEntryWriter(database);
  // A file that cannot be written opens without an error.
  writeEntry({ fact: 'mark', name: 'opened', atMs: Date.now() });
  const hasAlert = database.prepare('SELECT 1 FROM alerts WHERE id = ?');
  const lastId = database.prepare('SELECT last_insert_rowid() AS id');

  function write(entries: readonly JournalEntry[]): void {
    transact(database, () => {
      for (const entry of entries) writeEntry(entry);
    });
    countWritten(counts, entries);
    pruner.makeRoom();
  }

  return {
    write,
    ...createCallSavers(database, parts),
    saveNote(note) {
      if (!hasAlert.get(note.alertId)) return false;
      write([note]);
      return true;
    },
    saveMarker(marker) {
      write([{ fact: 'marker', marker }]);
      return numberOf(lastId.get(), 'id');
    },
    saveDisablings: (disablings) => saveDisablings(database, disablings),
    addMaintenance: (window) => addMaintenance(database, window),
    removeMaintenance: (ids) => removeMaintenance(database, ids),
  };
}

function createCallSavers(
  database: DatabaseSync,
  { counts, names, pruner }: SaverParts,
): Pick<Savers, 'writeCalls' | 'writeSums'> {
  const calls = createCallWriter(database, names);

  /** Nobody waits for calls: they survive the end of the process, and not each one that of the machine. */
  function transactCalls(run: () => void): void {
    database.exec('PRAGMA synchronous = NORMAL');
    try {
      transact(database, run);
    } catch (error) {
      calls.forget();
      throw error;
    } finally {
      database.exec('PRAGMA synchronous = FULL');
    }
  }

  return {
    writeCalls(rows, errorsOnly = false) {
      transactCalls(() => calls.write(rows, errorsOnly));
      if (!errorsOnly) counts.add('calls', rows.length);
      counts.recount('errors');
      pruner.makeRoom();
    },
    writeSums(rows) {
      transactCalls(() => calls.writeSums(rows));
      pruner.makeRoom();
    },
  };
}

/** The kinds that are counted by their facts. */
const KIND_OF_FACT: Readonly<Partial<Record<JournalEntry['fact'], JournalKind>>> = {
  check: 'checks',
  status: 'status_changes',
  action: 'actions',
  marker: 'markers',
};

function countWritten(counts: RowCounts, entries: readonly JournalEntry[]): void {
  for (const { fact } of entries) {
    const kind = KIND_OF_FACT[fact];
    if (kind !== undefined) counts.add(kind, 1);
  }
  // A notification may belong to an alert that is there already.
  if (entries.some(({ fact }) => fact === 'alert')) counts.recount('alerts');
  if (entries.some(({ fact }) => fact === 'definitions')) counts.recount('definition_changes');
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** As far as an ordinary user may fill the disk. */
function freeSpaceAt(path: string): { freeBytes?: number } {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return { freeBytes: bavail * bsize };
  } catch {
    return {};
  }
}

function readVersion(database: DatabaseSync): number {
  return numberOf(database.prepare('PRAGMA user_version').get(), 'user_version');
}

/** Before anything is changed in it. */
function checkVersion(database: DatabaseSync): void {
  const version = readVersion(database);
  if (version <= MIGRATIONS.length) return;
  throw new Error(
    `a newer version of mcp-exporter wrote it (schema ${version}, this one knows ${MIGRATIONS.length})`,
  );
}

function migrate(database: DatabaseSync): void {
  const version = readVersion(database);
  for (const [index, step] of MIGRATIONS.entries()) {
    if (index < version) continue;
    transact(database, () => database.exec(`${step}; PRAGMA user_version = ${index + 1}`));
  }
}
