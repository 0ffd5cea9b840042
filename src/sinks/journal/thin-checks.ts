import type { DatabaseSync } from 'node:sqlite';
import type { RowCounts } from './row-counts.ts';
import { numberOf, type Row } from './rows.ts';

const DAY_MS = 86_400_000;

/** How long each check is kept. */
const ALL_CHECKS_MS = 3 * DAY_MS;
/** How long one check in five minutes is kept; afterwards there are only the changes of status. */
export const SOME_CHECKS_MS = 14 * DAY_MS;
const GRAIN_MS = 5 * 60_000;
const MARK = 'thinned';

/**
 * Deletes most of the older checks: of each server, kind and outcome, the first in five minutes stays. Status changes and
 * uptime are in tables of their own.
 * @returns a step, which says whether there is more to thin
 */
export function createCheckThinner(
  database: DatabaseSync,
  counts: Pick<RowCounts, 'add'>,
): (nowMs: number) => boolean {
  const readMark = database.prepare('SELECT at_ms FROM marks WHERE name = ?');
  const setMark = database.prepare(
    'INSERT INTO marks (name, at_ms) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET at_ms = excluded.at_ms',
  );
  const findFirst = database.prepare(
    'SELECT at_ms FROM checks WHERE at_ms >= ? ORDER BY at_ms LIMIT 1',
  );
  const thin = database.prepare(`
    DELETE FROM checks WHERE at_ms >= ?1 AND at_ms < ?2 AND id NOT IN (
      SELECT min(id) FROM checks WHERE at_ms >= ?1 AND at_ms < ?2
      GROUP BY server, kind, outcome, at_ms / ${GRAIN_MS})`);

  return (nowMs) => {
    const endMs = Math.floor((nowMs - ALL_CHECKS_MS) / GRAIN_MS) * GRAIN_MS;
    const thinnedMs = numberOf(readMark.get(MARK), 'at_ms');
    const first: Row | undefined = findFirst.get(thinnedMs);
    const firstMs = numberOf(first, 'at_ms');
    if (first === undefined || firstMs >= endMs) return false;
    const fromMs = Math.floor(firstMs / GRAIN_MS) * GRAIN_MS;
    // Five minutes per step, so that writers do not wait long.
    const toMs = fromMs + GRAIN_MS;
    counts.add('checks', -Number(thin.run(fromMs, toMs).changes));
    setMark.run(MARK, toMs);
    return true;
  };
}
