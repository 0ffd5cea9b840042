import type { DatabaseSync } from 'node:sqlite';
import type { JournalRetention } from '../../facts/service-settings.ts';
import type { JournalKind, RowCounts } from './row-counts.ts';
import { numberOf } from './rows.ts';

/** Rows that one step deletes, so that writers do not wait long. */
const STEP_ROWS = 5_000;
/** Pages that one step returns to the file system. */
const STEP_PAGES = 2_000;
/** Largest size of the write-ahead log beside the database. */
export const LOG_BYTES_MAX = 8 * 1024 * 1024;
/** Share of free pages from which it is worth shrinking the file; fewer are reused anyway. */
const FREE_SHARE_MAX = 0.1;

export interface Pruner {
  /** Deletes rows beyond the age or count limits. @returns whether there is more to delete */
  step(nowMs: number): boolean;
  /** Deletes some of the oldest rows if the database is too large. */
  makeRoom(): boolean;
}

interface Expiry {
  readonly table: JournalKind | 'alert_notifications' | 'marks';
  readonly isOld: string;
  readonly age: 'checksMs' | 'alertsMs';
}

const EXPIRIES: readonly Expiry[] = [
  { table: 'checks', isOld: 'at_ms < ?', age: 'checksMs' },
  { table: 'status_changes', isOld: 'at_ms < ?', age: 'checksMs' },
  // An alert that still fires is kept, unless no notification came for as long.
  { table: 'alerts', isOld: 'ends_at_ms < ?', age: 'alertsMs' },
  { table: 'alerts', isOld: 'ends_at_ms IS NULL AND heard_at_ms < ?', age: 'alertsMs' },
  { table: 'alert_notifications', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'actions', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'marks', isOld: 'at_ms < ?', age: 'alertsMs' },
];

interface Eviction {
  readonly table: JournalKind;
  readonly order: string;
  /** Per step: an alert may be as large as a thousand checks. */
  readonly rows: number;
}

/** The order in which rows are deleted when the database is too large: the most numerous and least important first. */
const LEAST_IMPORTANT_FIRST: readonly Eviction[] = [
  { table: 'checks', order: 'id', rows: STEP_ROWS },
  { table: 'status_changes', order: 'id', rows: 1_000 },
  { table: 'actions', order: 'id', rows: 1_000 },
  { table: 'alerts', order: 'ends_at_ms IS NULL, id', rows: 100 },
];

/** Keeps the database within its age and size limits. */
export function createPruner(
  database: DatabaseSync,
  retention: JournalRetention,
  counts: RowCounts,
): Pruner {
  const bytesMax = Math.max(retention.bytesMax - LOG_BYTES_MAX, retention.bytesMax / 2);

  function pragma(name: string): number {
    return numberOf(database.prepare(`PRAGMA ${name}`).get(), name);
  }

  function isTooLarge(): boolean {
    const pages = pragma('page_count') - pragma('freelist_count');
    return pages * pragma('page_size') > bytesMax;
  }

  function remove(table: Expiry['table'], choice: string, ...values: readonly number[]): boolean {
    const removed = deleteRows(database, table, choice, values);
    if (removed > 0) countRemoved(counts, table, removed);
    return removed > 0;
  }

  function makeRoom(): boolean {
    if (!isTooLarge()) return false;
    return LEAST_IMPORTANT_FIRST.some(({ table, order, rows }) =>
      remove(table, `ORDER BY ${order}`, rows),
    );
  }

  function expire(nowMs: number): boolean {
    return EXPIRIES.some(({ table, isOld, age }) =>
      remove(table, `WHERE ${isOld}`, Math.round(nowMs - retention[age]), STEP_ROWS),
    );
  }

  function shrinkFile(): boolean {
    const free = pragma('freelist_count');
    if (free <= pragma('page_count') * FREE_SHARE_MAX) return false;
    database.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
    return pragma('freelist_count') < free;
  }

  return {
    step(nowMs) {
      if (expire(nowMs) || makeRoom() || shrinkFile()) return true;
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return false;
    },
    makeRoom,
  };
}

function deleteRows(
  database: DatabaseSync,
  table: Expiry['table'],
  choice: string,
  values: readonly number[],
): number {
  const key = table === 'marks' ? 'name' : 'id';
  const { changes } = database
    .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ${choice} LIMIT ?)`)
    .run(...values);
  return Number(changes);
}

function countRemoved(counts: RowCounts, table: Expiry['table'], removed: number): void {
  if (table === 'checks' || table === 'status_changes') counts.add(table, -removed);
  else if (table === 'alerts' || table === 'actions') {
    // Notes are deleted with their alert.
    counts.recount('alerts');
    counts.recount('actions');
  }
}
