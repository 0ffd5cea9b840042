import type { DatabaseSync } from 'node:sqlite';
import type { CheckChartFilter, CheckChartPoint } from '../../facts/server-log.ts';
import { epochOf, knownNumber, numberOf } from './rows.ts';

/** Deep checks are slow by nature, so durations are those of steady ones. */
const IS_RESPONSE = `outcome = 'ok' AND kind = 'steady'`;

/** Oldest first. */
export function chartChecks(
  database: DatabaseSync,
  { server, fromMs, toMs, bucketMs }: CheckChartFilter,
): readonly CheckChartPoint[] {
  const rows = database
    .prepare(
      `SELECT at_ms - at_ms % ? AS bucket_ms, count(*) AS checks,
         count(*) FILTER (WHERE outcome <> 'ok') AS failures,
         avg(duration_ms) FILTER (WHERE ${IS_RESPONSE}) AS mean_ms,
         max(duration_ms) FILTER (WHERE ${IS_RESPONSE}) AS max_ms
       FROM checks WHERE server = ? AND at_ms >= ? AND at_ms < ? GROUP BY bucket_ms ORDER BY bucket_ms`,
    )
    .all(bucketMs, server, fromMs, toMs);
  return rows.map((row) => {
    const meanMs = knownNumber(row, 'mean_ms');
    const maxMs = knownNumber(row, 'max_ms');
    return {
      atMs: epochOf(row, 'bucket_ms'),
      checks: numberOf(row, 'checks'),
      failures: numberOf(row, 'failures'),
      ...(meanMs !== undefined && { meanMs }),
      ...(maxMs !== undefined && { maxMs }),
    };
  });
}
