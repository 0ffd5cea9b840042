import type { DatabaseSync } from 'node:sqlite';
import type { JournalRetention } from '../../facts/service-settings.ts';
import type { JournalRows } from './messages.ts';
import { NAME_USE_GRAIN_MS, type Names } from './names.ts';
import type { JournalKind, RowCounts } from './row-counts.ts';
import { numberOf } from './rows.ts';
import { createCheckThinner, SOME_CHECKS_MS } from './thin-checks.ts';

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

type Table =
  | Exclude<JournalKind, 'errors'>
  | 'error_groups'
  | 'call_sums'
  | 'calls_summed_only'
  | 'definitions'
  | 'uptime_spans'
  | 'alert_notifications'
  | 'marks';

/** The key of tables that have no `id`. */
const KEYS: Readonly<Partial<Record<Table, string>>> = {
  marks: 'name',
  call_sums: 'at_ms',
  calls_summed_only: 'at_ms',
  definitions: 'server',
};

interface Expiry {
  readonly table: Table;
  readonly isOld: string;
  readonly age: Exclude<keyof JournalRetention, 'bytesMax'>;
  /** Whatever the configuration says. */
  readonly ageMax?: number;
}

const EXPIRIES: readonly Expiry[] = [
  { table: 'checks', isOld: 'at_ms < ?', age: 'checksMs', ageMax: SOME_CHECKS_MS },
  { table: 'status_changes', isOld: 'at_ms < ?', age: 'checksMs' },
  // One that lasts is kept.
  { table: 'uptime_spans', isOld: 'to_ms < ?', age: 'checksMs' },
  { table: 'calls', isOld: 'at_ms < ?', age: 'callsMs' },
  { table: 'call_sums', isOld: 'at_ms < ?', age: 'callsMs' },
  { table: 'calls_summed_only', isOld: 'at_ms < ?', age: 'callsMs' },
  { table: 'error_groups', isOld: 'last_at_ms < ?', age: 'errorsMs' },
  // An alert that still fires is kept, unless no notification came for as long.
  { table: 'alerts', isOld: 'ends_at_ms < ?', age: 'alertsMs' },
  { table: 'alerts', isOld: 'ends_at_ms IS NULL AND heard_at_ms < ?', age: 'alertsMs' },
  { table: 'alert_notifications', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'actions', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'definition_changes', isOld: 'at_ms < ?', age: 'alertsMs' },
  { table: 'markers', isOld: 'at_ms < ?', age: 'alertsMs' },
  {
    table: 'marks',
    isOld: "name NOT IN ('run', 'alive', 'thinned') AND at_ms < ?",
    age: 'alertsMs',
  },
];

interface Eviction {
  readonly table: Table;
  readonly order: string;
  /** Per step: an alert may be as large as a thousand checks. */
  readonly rows: number;
}

const CHECKS: Eviction = { table: 'checks', order: 'id', rows: STEP_ROWS };
const CALLS: Eviction = { table: 'calls', order: 'id', rows: STEP_ROWS };
/** All sums of the same time. */
const SUMS: Eviction = { table: 'call_sums', order: 'at_ms', rows: STEP_ROWS };
/** The order in which rows are deleted after these, if the database is too large: the least important first. */
const LEAST_IMPORTANT_FIRST: readonly Eviction[] = [
  { table: 'error_groups', order: 'last_at_ms', rows: 100 },
  { table: 'status_changes', order: 'id', rows: 1_000 },
  { table: 'definition_changes', order: 'id', rows: 100 },
  // All of one server: what it lists next is compared with nothing.
  { table: 'definitions', order: 'server', rows: 1 },
  { table: 'actions', order: 'id', rows: 1_000 },
  { table: 'markers', order: 'id', rows: 1_000 },
  { table: 'alerts', order: 'ends_at_ms IS NULL, id', rows: 100 },
];
/** Bytes of a row with its index entries, about. */
const CHECK_BYTES = 200;
const CALL_BYTES = 350;
const SUM_BYTES = 200;
/** Steps of one writing: the rows that it wrote may be larger than those that a step deletes. */
const ROOM_STEPS_MAX = 4;
/** Counting the sums takes as long as deleting some, and their number hardly changes from step to step. */
const STEPS_PER_COUNT = 50;
/** Groups of errors that are kept, whatever their age: messages may differ in ways that no pattern removes. */
const ERROR_GROUPS_MAX = 10_000;

/** Calls, their sums and checks must not displace each other: whichever takes most space makes room. */
function evictionsOf({ calls, checks }: JournalRows, sums: number): readonly Eviction[] {
  const largestFirst = [
    { eviction: CHECKS, bytes: checks * CHECK_BYTES },
    { eviction: CALLS, bytes: calls * CALL_BYTES },
    { eviction: SUMS, bytes: sums * SUM_BYTES },
  ].toSorted((a, b) => b.bytes - a.bytes);
  return [...largestFirst.map(({ eviction }) => eviction), ...LEAST_IMPORTANT_FIRST];
}

type Remove = (table: Table, choice: string, ...values: readonly number[]) => boolean;

/** @param bytesMax of the database and its log */
function createRoomMaker(
  database: DatabaseSync,
  bytesMax: number,
  counts: RowCounts,
  remove: Remove,
): () => boolean {
  const ownBytesMax = Math.max(bytesMax - LOG_BYTES_MAX, bytesMax / 2);
  const countSums = createSumCount(database);

  function isTooLarge(): boolean {
    const pages = pragma(database, 'page_count') - pragma(database, 'freelist_count');
    return pages * pragma(database, 'page_size') > ownBytesMax;
  }

  function evict(): boolean {
    return evictionsOf(counts.read(), countSums()).some(({ table, order, rows }) =>
      remove(table, `ORDER BY ${order}`, rows),
    );
  }

  return () => {
    let steps = 0;
    while (steps < ROOM_STEPS_MAX && isTooLarge() && evict()) steps += 1;
    return steps > 0;
  };
}

function createSumCount(database: DatabaseSync): () => number {
  const count = database.prepare('SELECT count(*) AS count FROM call_sums');
  let known = 0;
  let stepsLeft = 0;
  return () => {
    if (stepsLeft === 0) {
      known = numberOf(count.get(), 'count');
      stepsLeft = STEPS_PER_COUNT;
    }
    stepsLeft -= 1;
    return known;
  };
}

/** Keeps the database within its age and size limits. */
export function createPruner(
  database: DatabaseSync,
  retention: JournalRetention,
  counts: RowCounts,
  names: Pick<Names, 'forget'>,
): Pruner {
  const thinChecks = createCheckThinner(database, counts);

  function remove(table: Table, choice: string, ...values: readonly number[]): boolean {
    const removed = deleteRows(database, table, choice, values);
    if (removed > 0) countRemoved(counts, table, removed);
    return removed > 0;
  }

  const makeRoom = createRoomMaker(database, retention.bytesMax, counts, remove);

  function limitErrorGroups(): boolean {
    return (
      counts.read().errors > ERROR_GROUPS_MAX &&
      remove('error_groups', 'ORDER BY last_at_ms', STEP_ROWS / 10)
    );
  }

  function expire(nowMs: number): boolean {
    return EXPIRIES.some(({ table, isOld, age, ageMax = Infinity }) => {
      const ageMs = Math.min(retention[age], ageMax);
      return remove(table, `WHERE ${isOld}`, Math.round(nowMs - ageMs), STEP_ROWS);
    });
  }

  return {
    step(nowMs) {
      const hasDeleted =
        expire(nowMs) ||
        thinChecks(nowMs) ||
        limitErrorGroups() ||
        makeRoom() ||
        removeNames(database, names);
      if (hasDeleted || shrinkFile(database)) return true;
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return false;
    },
    makeRoom,
  };
}

function pragma(database: DatabaseSync, name: string): number {
  return numberOf(database.prepare(`PRAGMA ${name}`).get(), name);
}

function shrinkFile(database: DatabaseSync): boolean {
  const free = pragma(database, 'freelist_count');
  if (free <= pragma(database, 'page_count') * FREE_SHARE_MAX) return false;
  database.exec(`PRAGMA incremental_vacuum(${STEP_PAGES})`);
  return pragma(database, 'freelist_count') < free;
}

/** A text was last used by the newest of the calls that refer to it, less what `names.ts` may be late. */
function removeNames(database: DatabaseSync, names: Pick<Names, 'forget'>): boolean {
  const { changes } = database
    .prepare(
      `DELETE FROM names WHERE id IN (SELECT id FROM names WHERE used_at_ms + ${2 * NAME_USE_GRAIN_MS} < (
         SELECT min(at_ms) FROM (SELECT min(at_ms) AS at_ms FROM calls UNION ALL SELECT min(at_ms) FROM call_sums)
       ) LIMIT ${STEP_ROWS})`,
    )
    .run();
  if (changes === 0) return false;
  names.forget();
  return true;
}

function deleteRows(
  database: DatabaseSync,
  table: Table,
  choice: string,
  values: readonly number[],
): number {
  const key = KEYS[table] ?? 'id';
  const { changes } = database
    .prepare(`DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} ${choice} LIMIT ?)`)
    .run(...values);
  return Number(changes);
}

/** The kind that a table holds, if it is counted. */
const KIND_OF_TABLE: Readonly<Partial<Record<Table, JournalKind>>> = {
  checks: 'checks',
  status_changes: 'status_changes',
  calls: 'calls',
  error_groups: 'errors',
  definition_changes: 'definition_changes',
  markers: 'markers',
};

function countRemoved(counts: RowCounts, table: Table, removed: number): void {
  const kind = KIND_OF_TABLE[table];
  if (kind !== undefined) counts.add(kind, -removed);
  if (table !== 'alerts' && table !== 'actions') return;
  // Notes are deleted with their alert.
  counts.recount('alerts');
  counts.recount('actions');
}
