import type { DatabaseSync } from 'node:sqlite';
import type { Disabling } from '../../facts/disabling.ts';
import { epochOf, textOf } from './rows.ts';
import { transact } from './transact.ts';

export function findDisablings(database: DatabaseSync): readonly Disabling[] {
  return database
    .prepare('SELECT * FROM disablings ORDER BY server')
    .all()
    .map((row) => ({
      server: textOf(row, 'server'),
      atMs: epochOf(row, 'at_ms'),
      by: textOf(row, 'by'),
      reason: textOf(row, 'reason'),
      ...(row['until_ms'] !== null && { untilMs: epochOf(row, 'until_ms') }),
      ...(row['is_automatic'] === 1 && { isAutomatic: true }),
    }));
}

/** Replaces all that are stored: there are never more than configured servers. */
export function saveDisablings(database: DatabaseSync, disablings: readonly Disabling[]): void {
  transact(database, () => {
    database.exec('DELETE FROM disablings');
    const insert = database.prepare(
      'INSERT INTO disablings (server, at_ms, by, reason, until_ms, is_automatic) VALUES (?, ?, ?, ?, ?, ?)',
    );
    for (const { server, atMs, by, reason, untilMs, isAutomatic } of disablings) {
      const until = untilMs === undefined ? null : Math.round(untilMs);
      insert.run(server, Math.round(atMs), by, reason, until, isAutomatic ? 1 : 0);
    }
  });
}
