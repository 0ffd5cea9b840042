import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AlertFilter, AlertRecord } from '../../facts/ports/alert-store.ts';
import type { ActionTaken } from '../../facts/alert-event.ts';
import type { Disabling } from '../../facts/disabling.ts';
import type { ServerLogFilter, ServerLogPage } from '../../facts/server-log.ts';
import { findDisablings, saveDisablings } from './disablings.ts';
import { findAlerts } from './find-alerts.ts';
import { findServerLog } from './find-server-log.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import { IN_MEMORY, type JournalEntry, type JournalStats } from './messages.ts';
import { MIGRATIONS } from './migrations.ts';
import { createPruner, LOG_BYTES_MAX } from './prune-database.ts';
import { createRowCounts } from './row-counts.ts';
import { knownEpoch, numberOf } from './rows.ts';
import { transact } from './transact.ts';
import { createEntryWriter } from './write-entries.ts';
import type { EpochMs } from '../../facts/time.ts';

export interface JournalDatabase {
  /** All or none of them; committed when it returns. */
  write(entries: readonly JournalEntry[]): void;
  /** @returns whether there is such an alert */
  saveNote(note: ActionTaken & { readonly alertId: number }): boolean;
  findAlerts(filter: AlertFilter): readonly AlertRecord[];
  findServerLog(filter: ServerLogFilter): ServerLogPage;
  findDisablings(): readonly Disabling[];
  saveDisablings(disablings: readonly Disabling[]): void;
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
     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON`,
  );
  migrate(database);
  const counts = createRowCounts(database);
  const pruner = createPruner(database, retention, counts);
  const writeEntry = createEntryWriter(database);
  // A file that cannot be written opens without an error.
  writeEntry({ fact: 'mark', name: 'opened', atMs: Date.now() });
  const hasAlert = database.prepare('SELECT 1 FROM alerts WHERE id = ?');
  const readMark = database.prepare('SELECT at_ms FROM marks WHERE name = ?');

  function write(entries: readonly JournalEntry[]): void {
    transact(database, () => {
      for (const entry of entries) writeEntry(entry);
    });
    counts.add('checks', entries.filter(({ fact }) => fact === 'check').length);
    counts.add('status_changes', entries.filter(({ fact }) => fact === 'status').length);
    counts.add('actions', entries.filter(({ fact }) => fact === 'action').length);
    if (entries.some(({ fact }) => fact === 'alert')) counts.recount('alerts');
    pruner.makeRoom();
  }

  return {
    write,
    saveNote(note) {
      if (!hasAlert.get(note.alertId)) return false;
      write([note]);
      return true;
    },
    findAlerts: (filter) => findAlerts(database, filter),
    findServerLog: (filter) => findServerLog(database, filter),
    findDisablings: () => findDisablings(database),
    saveDisablings: (disablings) => saveDisablings(database, disablings),
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
