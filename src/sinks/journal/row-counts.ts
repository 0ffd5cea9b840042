import type { DatabaseSync } from 'node:sqlite';
import type { JournalRows } from './messages.ts';
import { numberOf } from './rows.ts';

export type JournalKind = keyof JournalRows;
const KINDS: readonly JournalKind[] = ['checks', 'status_changes', 'alerts', 'actions'];

export interface RowCounts {
  read(): JournalRows;
  add(kind: JournalKind, count: number): void;
  recount(kind: JournalKind): void;
}

/** Keeps count, since counting millions of rows for each look would take longer than writing them. The tables are called as the kinds. */
export function createRowCounts(database: DatabaseSync): RowCounts {
  const counts = { checks: 0, status_changes: 0, alerts: 0, actions: 0 };
  function recount(kind: JournalKind): void {
    counts[kind] = numberOf(
      database.prepare(`SELECT count(*) AS count FROM ${kind}`).get(),
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
