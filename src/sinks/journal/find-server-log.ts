import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  SERVER_LOG_FACTS,
  type ServerLogEntry,
  type ServerLogFact,
  type ServerLogFilter,
  type ServerLogPage,
} from '../../facts/server-log.ts';
import { toAction } from './find-alerts.ts';
import { epochOf, numberOf, type Row, textOf } from './rows.ts';

interface Source {
  readonly table: string;
  readonly statusColumn?: string;
  /** The text that a search covers. */
  readonly texts: readonly string[];
  readonly toEntry: (row: Row, server: string) => ServerLogEntry;
}

const SOURCES: Readonly<Record<ServerLogFact, Source>> = {
  check: {
    table: 'checks',
    statusColumn: 'status',
    texts: ['outcome', 'detail'],
    toEntry: (row, server) => ({
      fact: 'check',
      atMs: epochOf(row, 'at_ms'),
      server,
      kind: textOf(row, 'kind'),
      outcome: textOf(row, 'outcome'),
      detail: textOf(row, 'detail'),
      durationMs: numberOf(row, 'duration_ms'),
      status: textOf(row, 'status'),
    }),
  },
  status: {
    table: 'status_changes',
    statusColumn: 'after',
    texts: ['reason'],
    toEntry: (row, server) => ({
      fact: 'status',
      atMs: epochOf(row, 'at_ms'),
      server,
      from: textOf(row, 'before'),
      to: textOf(row, 'after'),
      reason: textOf(row, 'reason'),
    }),
  },
  action: {
    table: 'actions',
    texts: ['kind', 'text'],
    toEntry: (row, server) => ({ fact: 'action', server, ...toAction(row) }),
  },
};

/** Where an entry is in the order of all: by time, then kind, then id. */
interface Place {
  readonly atMs: number;
  readonly rank: number;
  readonly id: number;
}

interface Placed {
  readonly entry: ServerLogEntry;
  readonly place: Place;
}

/**
 * One page of a server's log. As many as a page holds are read of each kind, along its index, and merged.
 * @param filter a cursor that is none of ours begins anew
 */
export function findServerLog(database: DatabaseSync, filter: ServerLogFilter): ServerLogPage {
  const facts = filter.facts ?? SERVER_LOG_FACTS;
  const found = facts
    .flatMap((fact) => readSource(database, fact, filter))
    .toSorted((a, b) => comparePlaces(b.place, a.place));
  const page = found.slice(0, filter.limit);
  const last = page.at(-1);
  return {
    entries: page.map(({ entry }) => entry),
    ...(last && found.length > page.length && { next: printPlace(last.place) }),
  };
}

function readSource(
  database: DatabaseSync,
  fact: ServerLogFact,
  { server, statuses, search, fromMs, toMs, cursor, limit }: ServerLogFilter,
): readonly Placed[] {
  const { table, statusColumn, texts, toEntry } = SOURCES[fact];
  const rank = SERVER_LOG_FACTS.indexOf(fact);
  const conditions = ['server = ?'];
  const values: SQLInputValue[] = [server];
  const add = (condition: string, ...more: readonly SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  if (statuses !== undefined && statuses.length > 0) {
    if (statusColumn === undefined) return [];
    add(`${statusColumn} IN (${statuses.map(() => '?').join(', ')})`, ...statuses);
  }
  if (search !== undefined && search !== '') {
    const pattern = `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    const any = texts.map((text) => String.raw`${text} LIKE ? ESCAPE '\'`).join(' OR ');
    add(`(${any})`, ...texts.map(() => pattern));
  }
  if (fromMs !== undefined) add('at_ms >= ?', fromMs);
  if (toMs !== undefined) add('at_ms <= ?', toMs);
  const place = parsePlace(cursor);
  // The first half is what an index can find.
  if (place)
    add(
      `at_ms <= ? AND (at_ms, ${rank}, id) < (?, ?, ?)`,
      place.atMs,
      place.atMs,
      place.rank,
      place.id,
    );
  // One more than a page holds shows whether there is another page.
  const rows = database
    .prepare(
      `SELECT * FROM ${table} WHERE ${conditions.join(' AND ')} ORDER BY at_ms DESC, id DESC LIMIT ?`,
    )
    .all(...values, limit + 1);
  return rows.map((row) => ({
    entry: toEntry(row, server),
    place: { atMs: epochOf(row, 'at_ms'), rank, id: numberOf(row, 'id') },
  }));
}

function comparePlaces(a: Place, b: Place): number {
  return a.atMs - b.atMs || a.rank - b.rank || a.id - b.id;
}

function printPlace({ atMs, rank, id }: Place): string {
  return `${atMs}-${rank}-${id}`;
}

function parsePlace(cursor: string | undefined): Place | undefined {
  const match = /^(\d{1,15})-(\d)-(\d{1,15})$/.exec(cursor ?? '');
  return match
    ? { atMs: Number(match[1]), rank: Number(match[2]), id: Number(match[3]) }
    : undefined;
}
