import type { DatabaseSync } from 'node:sqlite';
import { EVENTS_COUNTED_MAX } from '../../facts/event-log.ts';
import {
  SERVER_LOG_FACTS,
  type ServerLogEntry,
  type ServerLogFact,
  type ServerLogFilter,
  type ServerLogPage,
} from '../../facts/server-log.ts';
import { toAction } from './find-alerts.ts';
import {
  addChoice,
  addCondition,
  addSearch,
  countRows,
  noConditions,
  whereOf,
} from './page-query.ts';
import { epochOf, numberOf, type Row, textOf } from './rows.ts';

interface Source {
  readonly table: string;
  readonly statusColumn?: string;
  /** The text that a search covers. */
  readonly texts: readonly string[];
  readonly toEntry: (row: Row) => ServerLogEntry;
}

const SOURCES: Readonly<Record<ServerLogFact, Source>> = {
  check: {
    table: 'checks',
    statusColumn: 'status',
    texts: ['outcome', 'detail'],
    toEntry: (row) => ({
      fact: 'check',
      atMs: epochOf(row, 'at_ms'),
      server: textOf(row, 'server'),
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
    toEntry: (row) => ({
      fact: 'status',
      atMs: epochOf(row, 'at_ms'),
      server: textOf(row, 'server'),
      from: textOf(row, 'before'),
      to: textOf(row, 'after'),
      reason: textOf(row, 'reason'),
    }),
  },
  action: {
    table: 'actions',
    texts: ['kind', 'text'],
    toEntry: (row) => ({ fact: 'action', server: textOf(row, 'server'), ...toAction(row) }),
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
  const sources = facts.map((fact) => readSource(database, fact, filter));
  const found = sources
    .flatMap(({ placed }) => placed)
    .toSorted((a, b) => comparePlaces(b.place, a.place));
  const page = found.slice(0, filter.limit);
  const last = page.at(-1);
  return {
    entries: page.map(({ entry, place }) => ({ ...entry, id: printPlace(place) })),
    ...(last && found.length > page.length && { next: printPlace(last.place) }),
    total: sources.reduce((sum, { total }) => sum + total, 0),
  };
}

interface SourcePage {
  readonly placed: readonly Placed[];
  readonly total: number;
}

function readSource(
  database: DatabaseSync,
  fact: ServerLogFact,
  filter: ServerLogFilter,
): SourcePage {
  const { table, statusColumn, texts, toEntry } = SOURCES[fact];
  const { statuses, cursor, limit } = filter;
  const rank = SERVER_LOG_FACTS.indexOf(fact);
  const conditions = noConditions();
  addCondition(conditions, 'server = ?', filter.server);
  if (statuses !== undefined && statuses.length > 0) {
    if (statusColumn === undefined) return { placed: [], total: 0 };
    addChoice(conditions, statusColumn, statuses);
  }
  if (fact === 'check' && filter.onlyFailedChecks === true)
    addCondition(conditions, 'outcome <> ?', 'ok');
  addSearch(conditions, texts, filter.search);
  addCondition(conditions, 'at_ms >= ?', filter.fromMs);
  addCondition(conditions, 'at_ms <= ?', filter.toMs);
  const total = countRows(database, table, conditions, EVENTS_COUNTED_MAX);
  const place = parsePlace(cursor);
  // The first half is what an index can find.
  addCondition(
    conditions,
    `at_ms <= ? AND (at_ms, ${rank}, id) < (?, ?, ?)`,
    place?.atMs,
    place?.atMs,
    place?.rank,
    place?.id,
  );
  // One more than a page holds shows whether there is another page.
  const rows = database
    .prepare(`SELECT * FROM ${table} ${whereOf(conditions)} ORDER BY at_ms DESC, id DESC LIMIT ?`)
    .all(...conditions.values, limit + 1);
  const placed = rows.map((row) => ({
    entry: toEntry(row),
    place: { atMs: epochOf(row, 'at_ms'), rank, id: numberOf(row, 'id') },
  }));
  return { placed, total };
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
