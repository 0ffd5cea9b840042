import type { DatabaseSync } from 'node:sqlite';
import type { Retention } from './messages.ts';
import type { JournalKind, RowCounts } from './row-counts.ts';
import { numberOf } from './rows.ts';

/** Rows that one step takes away, so that writers do not wait long. */
const STEP_ROWS = 5_000;
/** Pages that one step gives back to the disk. */
const STEP_PAGES = 2_000;
/** What the write-ahead log may take beside the database. */
export const LOG_BYTES_MAX = 8 * 1024 * 1024;
/** Room inside of the file that is worth the work of giving it back; less is used again anyway. */
const FREE_SHARE_MAX = 0.1;

export interface Pruner {
  /** Takes away what is too old or too much. @returns whether there is more to do */
  step(nowMs: number): boolean;
  /** Takes away some of the oldest where there is too much. */
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
  // What still fires is no history yet – unless nothing was heard of it for as long.
  { table: 'alerts', isOld: 'ends_at_ms < ?', age: 'alertsMs' },
  { table: 'alerts', isOld: 'ends_at_ms IS NULL AND heard_at_ms < ?', age: 'alertsMs' },
  { table: 'alert_notifications', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'actions', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'marks', isOld: 'at_ms < ?', age: 'alertsMs' },
];

interface Sacrifice {
  readonly table: JournalKind;
  readonly order: string;
  /** Of one step: an alert may be as large as a thousand checks. */
  readonly rows: number;
}

/** In which order things go where there is too much: what there is most of and means least first. */
const LEAST_DEAR_FIRST: readonly Sacrifice[] = [
  { table: 'checks', order: 'id', rows: STEP_ROWS },
  { table: 'status_changes', order: 'id', rows: 1_000 },
  { table: 'actions', order: 'id', rows: 1_000 },
  { table: 'alerts', order: 'ends_at_ms IS NULL, id', rows: 100 },
];

/** Keeps the database within its age and size. */
export function createPruner(
  database: DatabaseSync,
  retention: Retention,
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
    const key = table === 'marks' ? 'name' : 'id';
    const { changes } = database
      .prepare(
        `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ${choice} LIMIT ?)`,
      )
      .run(...values);
    if (Number(changes) === 0) return false;
    if (table === 'checks' || table === 'status_changes') counts.add(table, -Number(changes));
    else if (table === 'alerts' || table === 'actions') {
      // With an alert go the notes on it.
      counts.recount('alerts');
      counts.recount('actions');
    }
    return true;
  }

  function makeRoom(): boolean {
    if (!isTooLarge()) return false;
    return LEAST_DEAR_FIRST.some(({ table, order, rows }) =>
      remove(table, `ORDER BY ${order}`, rows),
    );
  }

  function expire(nowMs: number): boolean {
    return EXPIRIES.some(({ table, isOld, age }) =>
      remove(table, `WHERE ${isOld}`, Math.round(nowMs - retention[age]), STEP_ROWS),
    );
  }

  function giveBack(): boolean {
    const free = pragma('freelist_count');
    if (free <= pragma('page_count') * FREE_SHARE_MAX) return false;
    database.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
    return pragma('freelist_count') < free;
  }

  return {
    step(nowMs) {
      if (expire(nowMs) || makeRoom() || giveBack()) return true;
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return false;
    },
    makeRoom,
  };
}
