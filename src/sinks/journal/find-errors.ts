import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CALL_OUTCOMES } from '../../facts/call-outcome.ts';
import {
  ERROR_SAMPLES_MAX,
  type ErrorFilter,
  type ErrorGroup,
  type ErrorGroupPage,
  type ErrorSample,
} from '../../facts/error-log.ts';
import { EVENTS_COUNTED_MAX } from '../../facts/event-log.ts';
import {
  addChoice,
  addCondition,
  addSearch,
  type Conditions,
  noConditions,
  readPage,
} from './page-query.ts';
import { epochOf, hexOf, knownNumber, numberOf, type Row, textOf } from './rows.ts';

/** Later than the time of any row. */
const FOREVER_MS = 9e15;

/** By the last error, newest first. */
export function findErrors(database: DatabaseSync, filter: ErrorFilter): ErrorGroupPage {
  const { cursor, limit } = filter;
  const { rows, ...page } = readPage(database, 'error_groups', conditionsOf(database, filter), {
    cursor,
    limit,
    countedMax: EVENTS_COUNTED_MAX,
    timeColumn: 'last_at_ms',
  });
  const toGroup = createGroupReader(database, filter);
  return { groups: rows.map(toGroup), ...page };
}

function conditionsOf(database: DatabaseSync, filter: ErrorFilter): Conditions {
  const conditions = noConditions();
  addCondition(conditions, 'id = ?', filter.id);
  addCondition(conditions, 'server = ?', filter.server);
  addCondition(conditions, 'target = ?', filter.target);
  addCondition(conditions, 'error_type = ?', filter.errorType);
  addChoice(conditions, 'outcome', filter.outcomes);
  addCondition(conditions, 'pattern = ?', filter.pattern);
  addSearch(conditions, ['message', 'target'], filter.search);
  const { fromMs, toMs } = filter;
  addCondition(conditions, 'last_at_ms >= ?', fromMs);
  addCondition(conditions, 'first_at_ms <= ?', toMs);
  // A group that was seen before and after may still have been quiet in between.
  if (fromMs !== undefined && toMs !== undefined && keepsCalls(database))
    addCondition(
      conditions,
      'EXISTS (SELECT 1 FROM calls WHERE error_group_id = error_groups.id AND calls.at_ms BETWEEN ? AND ?)',
      fromMs,
      toMs,
    );
  return conditions;
}

function keepsCalls(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM calls LIMIT 1').get() !== undefined;
}

function createGroupReader(
  database: DatabaseSync,
  { samples, fromMs, toMs }: ErrorFilter,
): (row: Row) => ErrorGroup {
  const find = database.prepare(
    'SELECT * FROM error_samples WHERE group_id = ? ORDER BY id DESC LIMIT ?',
  );
  const hasWindow = (fromMs !== undefined || toMs !== undefined) && keepsCalls(database);
  const count = database.prepare(
    'SELECT count(*) AS count FROM calls WHERE error_group_id = ? AND at_ms BETWEEN ? AND ?',
  );
  return (row) => {
    const id = numberOf(row, 'id');
    const outcome = textOf(row, 'outcome');
    return {
      id,
      fingerprint: textOf(row, 'fingerprint'),
      server: textOf(row, 'server'),
      operation: textOf(row, 'operation'),
      ...(row['target'] !== null && { target: textOf(row, 'target') }),
      outcome: CALL_OUTCOMES.find((known) => known === outcome) ?? 'rpc_error',
      errorType: textOf(row, 'error_type'),
      message: textOf(row, 'message'),
      pattern: textOf(row, 'pattern'),
      count: numberOf(row, 'count'),
      ...(hasWindow && {
        countInWindow: numberOf(count.get(id, fromMs ?? 0, toMs ?? FOREVER_MS), 'count'),
      }),
      firstAtMs: epochOf(row, 'first_at_ms'),
      lastAtMs: epochOf(row, 'last_at_ms'),
      samples: readSamples(find, id, samples),
    };
  };
}

function readSamples(find: StatementSync, groupId: number, count: number): readonly ErrorSample[] {
  return find.all(groupId, Math.min(count, ERROR_SAMPLES_MAX)).map(toSample);
}

function toSample(row: Row): ErrorSample {
  const rpcCode = knownNumber(row, 'rpc_code');
  return {
    atMs: epochOf(row, 'at_ms'),
    message: textOf(row, 'message'),
    ...(row['stack'] !== null && { stack: textOf(row, 'stack') }),
    ...(rpcCode !== undefined && { rpcCode }),
    durationMs: numberOf(row, 'duration_ms'),
    ...(row['client'] !== null && {
      client: { name: textOf(row, 'client'), version: textOf(row, 'client_version') },
    }),
    ...(row['user'] !== null && { user: textOf(row, 'user') }),
    ...(row['session'] !== null && { session: textOf(row, 'session') }),
    requestId: textOf(row, 'request'),
    traceId: hexOf(row, 'trace_id'),
    spanId: hexOf(row, 'span_id'),
  };
}
