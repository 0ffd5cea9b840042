import type { DatabaseSync } from 'node:sqlite';
import type { JournalRows } from './messages.ts';
import { numberOf } from './rows.ts';

export type JournalKind = keyof JournalRows;
/** The table of each kind. */
const TABLES: Readonly<Record<JournalKind, string>> = {
  checks: 'checks',
  status_changes: 'status_changes',
  alerts: 'alerts',
  actions: 'actions',
  calls: 'calls',
  errors: 'error_groups',
  definition_changes: 'definition_changes',
  markers: 'markers',
};
const KINDS = Object.keys(TABLES) as readonly JournalKind[];

export interface RowCounts {
  read(): JournalRows;
  add(kind: JournalKind, count: number): void;
  recount(kind: JournalKind): void;
}

/** Keeps count, since counting millions of rows for each look would take longer than writing them. */
export function createRowCounts(database: DatabaseSync): RowCounts {
  const counts = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Record<JournalKind, number>;
  function recount(kind: JournalKind): void {
    counts[kind] = numberOf(
      database.prepare(`SELECT count(*) AS count FROM ${TABLES[kind]}`).get(),
      'count',
    );
  }
  for (const kind of KINDS) recount(kind);
  return {
    read: () => ({ ...counts }),
    add(kind, count) {
      counts[kind] += count;
    },
    recount,
  };
}
