import type { DatabaseSync } from 'node:sqlite';
import {
  CALL_SUM_MS,
  type CallChartFilter,
  type CallChartPoint,
  type CallSummary,
  type CallSummaryFilter,
  type CallSummaryKey,
} from '../../facts/call-log.ts';
import { FAILED_OUTCOMES, UNCOUNTED_OUTCOMES } from '../../facts/call-outcome.ts';
import { bucketQuantile } from '../../facts/rules/bucket-quantile.ts';
import { asEpochMs } from '../../facts/time.ts';
import { BUCKET_BOUNDS_MS, BUCKET_COLUMNS } from './call-sums.ts';
import { addCondition, noConditions, whereOf } from './page-query.ts';
import { epochOf, numberOf, type Row, textOf } from './rows.ts';

const KEY_COLUMNS: Readonly<Record<CallSummaryKey, string>> = {
  server: 'server_id',
  target: 'target_id',
  operation: 'operation_id',
  client: 'client_id',
  user: 'user_id',
  error_type: 'error_type_id',
};

/** A tool of two servers is two tools. */
const PER_SERVER: ReadonlySet<CallSummaryKey> = new Set(['server', 'target', 'error_type']);

const IS_FAILED = `outcome IN (${listOf(FAILED_OUTCOMES)})`;
const IS_COUNTED = `outcome NOT IN (${listOf(UNCOUNTED_OUTCOMES)})`;
const BUCKET_SUMS = BUCKET_COLUMNS.map((column) => `sum(${column}) AS ${column}`).join(', ');
const FIGURES = `
  sum(calls) AS calls,
  coalesce(sum(calls) FILTER (WHERE ${IS_FAILED}), 0) AS failures,
  coalesce(sum(calls) FILTER (WHERE ${IS_COUNTED}), 0) AS counted,
  sum(duration_ms) AS duration_ms,
  ${BUCKET_SUMS}`;

/** As `mcp_active_users` counts them: users and, for calls without one, clients. */
const USERS =
  'count(DISTINCT CASE WHEN user_id <> 0 THEN user_id WHEN client_id <> 0 THEN -client_id END)';

/** Those with the most calls first. */
export function summarizeCalls(
  database: DatabaseSync,
  filter: CallSummaryFilter,
): readonly CallSummary[] {
  const key = KEY_COLUMNS[filter.by];
  const hasServer = PER_SERVER.has(filter.by);
  const conditions = noConditions();
  addCondition(conditions, 'at_ms >= ?', beginOf(filter.fromMs));
  addCondition(conditions, 'at_ms <= ?', filter.toMs);
  addCondition(conditions, 'server_id = (SELECT id FROM names WHERE text = ?)', filter.server);
  addCondition(
    conditions,
    'operation_id = (SELECT id FROM names WHERE text = ?)',
    filter.operation,
  );
  addCondition(conditions, `${key} <> 0`);
  const rows = database
    .prepare(
      `SELECT ${FIGURES}, sum(tokens) AS tokens, sum(cost_usd) AS cost_usd, max(last_at_ms) AS last_at_ms,
         ${USERS} AS users,
         (SELECT text FROM names WHERE id = ${key}) AS key,
         (SELECT text FROM names WHERE id = server_id) AS server
       FROM call_sums ${whereOf(conditions)} GROUP BY ${key}${hasServer ? ', server_id' : ''}
       ORDER BY calls DESC LIMIT ?`,
    )
    .all(...conditions.values, filter.limit);
  return rows.map((row) => ({
    key: textOf(row, 'key'),
    ...(hasServer && { server: textOf(row, 'server') }),
    calls: numberOf(row, 'calls'),
    failures: numberOf(row, 'failures'),
    counted: numberOf(row, 'counted'),
    ...latencyOf(row),
    users: numberOf(row, 'users'),
    tokens: numberOf(row, 'tokens'),
    costUsd: numberOf(row, 'cost_usd'),
    lastAtMs: epochOf(row, 'last_at_ms'),
  }));
}

/** Oldest first. */
export function chartCalls(
  database: DatabaseSync,
  { server, fromMs, toMs, bucketMs }: CallChartFilter,
): readonly CallChartPoint[] {
  const widthMs = Math.max(CALL_SUM_MS, bucketMs - (bucketMs % CALL_SUM_MS));
  const conditions = noConditions();
  addCondition(conditions, 'at_ms >= ?', beginOf(fromMs));
  addCondition(conditions, 'at_ms <= ?', toMs);
  addCondition(conditions, 'server_id = (SELECT id FROM names WHERE text = ?)', server);
  const rows = database
    .prepare(
      `SELECT at_ms - at_ms % ${widthMs} AS bucket_ms, ${FIGURES}
       FROM call_sums ${whereOf(conditions)} GROUP BY bucket_ms ORDER BY bucket_ms`,
    )
    .all(...conditions.values);
  return rows.map((row) => {
    const { meanMs, p95Ms } = latencyOf(row);
    return {
      atMs: epochOf(row, 'bucket_ms'),
      calls: numberOf(row, 'calls'),
      failures: numberOf(row, 'failures'),
      ...(meanMs !== undefined && { meanMs }),
      ...(p95Ms !== undefined && { p95Ms }),
    };
  });
}

function beginOf(atMs: number): number {
  return asEpochMs(atMs - (atMs % CALL_SUM_MS));
}

function latencyOf(row: Row): Pick<CallSummary, 'meanMs' | 'p50Ms' | 'p95Ms' | 'p99Ms'> {
  const counted = numberOf(row, 'counted');
  if (counted === 0) return {};
  const counts = BUCKET_COLUMNS.map((column) => numberOf(row, column));
  const quantile = (share: number): number => bucketQuantile(share, BUCKET_BOUNDS_MS, counts);
  return {
    meanMs: numberOf(row, 'duration_ms') / counted,
    p50Ms: quantile(0.5),
    p95Ms: quantile(0.95),
    p99Ms: quantile(0.99),
  };
}

function listOf(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(', ');
}
