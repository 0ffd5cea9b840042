import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { epochOf, numberOf, type Row } from './rows.ts';

/** Conditions of a query with their values, joined by AND. */
export interface Conditions {
  readonly texts: string[];
  readonly values: SQLInputValue[];
}

export function noConditions(): Conditions {
  return { texts: [], values: [] };
}

/** Adds a condition, unless one of its values is missing. */
export function addCondition(
  { texts, values }: Conditions,
  text: string,
  ...given: readonly (SQLInputValue | undefined)[]
): void {
  const known = given.filter((value) => value !== undefined);
  if (known.length < given.length) return;
  texts.push(text);
  values.push(...known);
}

/** One of several values; all if there are none. */
export function addChoice(
  conditions: Conditions,
  column: string,
  choice: readonly string[] | undefined,
): void {
  if (choice === undefined || choice.length === 0) return;
  addCondition(conditions, `${column} IN (${choice.map(() => '?').join(', ')})`, ...choice);
}

/** Part of one of the columns. */
export function addSearch(
  conditions: Conditions,
  columns: readonly string[],
  search: string | undefined,
): void {
  if (search === undefined || search === '') return;
  const pattern = likePattern(search);
  const any = columns.map((column) => String.raw`${column} LIKE ? ESCAPE '\'`).join(' OR ');
  addCondition(conditions, `(${any})`, ...columns.map(() => pattern));
}

/** For `LIKE ? ESCAPE '\'`: any text that contains this one. */
export function likePattern(search: string): string {
  return `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

export function whereOf({ texts }: Conditions): string {
  return texts.length === 0 ? '' : `WHERE ${texts.join(' AND ')}`;
}

/** Where a row is in the order of its table: by time, then by id. */
export interface RowPlace {
  readonly atMs: number;
  readonly id: number;
}

export function placeOf(row: Row, timeColumn = 'at_ms'): RowPlace {
  return { atMs: epochOf(row, timeColumn), id: numberOf(row, 'id') };
}

export function printPlace({ atMs, id }: RowPlace): string {
  return `${atMs}-${id}`;
}

/** @returns `undefined` for a cursor that is none of ours: a page then begins anew */
export function parsePlace(cursor: string | undefined): RowPlace | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(cursor ?? '');
  return match ? { atMs: Number(match[1]), id: Number(match[2]) } : undefined;
}

/** Only what comes after a place. The first half is what an index can find. */
export function addPlace(
  conditions: Conditions,
  place: RowPlace | undefined,
  timeColumn = 'at_ms',
): void {
  addCondition(
    conditions,
    `${timeColumn} <= ? AND (${timeColumn}, id) < (?, ?)`,
    place?.atMs,
    place?.atMs,
    place?.id,
  );
}

/** Rows that pass the conditions, up to a maximum. */
export function countRows(
  database: DatabaseSync,
  table: string,
  conditions: Conditions,
  max: number,
): number {
  const row = database
    .prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM ${table} ${whereOf(conditions)} LIMIT ?)`,
    )
    .get(...conditions.values, max);
  return numberOf(row, 'count');
}

/** One page of a table, newest first, and how many rows pass the filter, up to `countedMax`. */
export function readPage(
  database: DatabaseSync,
  table: string,
  filter: Conditions,
  {
    cursor,
    limit,
    countedMax,
    timeColumn = 'at_ms',
  }: {
    readonly cursor: string | undefined;
    readonly limit: number;
    readonly countedMax: number;
    readonly timeColumn?: string;
  },
): { readonly rows: readonly Row[]; readonly next?: string; readonly total: number } {
  const total = countRows(database, table, filter, countedMax);
  const paged = { texts: [...filter.texts], values: [...filter.values] };
  addPlace(paged, parsePlace(cursor), timeColumn);
  // One more than a page holds shows whether there is another page.
  const found = database
    .prepare(
      `SELECT * FROM ${table} ${whereOf(paged)} ORDER BY ${timeColumn} DESC, id DESC LIMIT ?`,
    )
    .all(...paged.values, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    ...(last && found.length > limit && { next: printPlace(placeOf(last, timeColumn)) }),
    total,
  };
}
