import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  CALL_SUM_MS,
  type CallEntry,
  type CallFilter,
  type CallPage,
  CALLS_EXAMINED_MAX,
} from '../../facts/call-log.ts';
import { CALL_OUTCOMES } from '../../facts/call-outcome.ts';
import { TRANSPORTS } from '../../facts/server.ts';
import {
  addChoice,
  addCondition,
  addPlace,
  type Conditions,
  likePattern,
  noConditions,
  parsePlace,
  placeOf,
  printPlace,
  whereOf,
} from './page-query.ts';
import { epochOf, hexOf, knownNumber, numberOf, type Row, textOf } from './rows.ts';

/** What an index finds, and what is examined row by row. */
interface CallQuery {
  readonly indexed: Conditions;
  readonly examined: Conditions;
  /** Text that one of the columns has to contain; examined too. */
  readonly search?: string;
}

const NAMES: readonly (readonly [alias: string, column: string])[] = [
  ['server', 'server_id'],
  ['operation', 'operation_id'],
  ['target', 'target_id'],
  ['session', 'session_id'],
  ['client', 'client_id'],
  ['client_version', 'client_version_id'],
  ['user', 'user_id'],
  ['protocol', 'protocol_id'],
  ['error_type', 'error_type_id'],
];
const NAME_COLUMNS = NAMES.map(
  ([alias, column]) => `(SELECT text FROM names WHERE names.id = ${column}) AS ${alias}`,
).join(', ');

/**
 * One page of calls. Of the filters, one has an index, the others are applied to at most `CALLS_EXAMINED_MAX` calls that it
 * finds, so that no page takes long, whatever it searches for.
 */
export function findCalls(database: DatabaseSync, filter: CallFilter): CallPage {
  const query = queryOf(database, filter);
  const summedOnly = countSummedOnly(database, filter);
  const page =
    query === undefined
      ? { entries: [], total: 0, isTotalExact: true }
      : readCalls(database, filter, query);
  return { ...page, ...(summedOnly > 0 && { summedOnly }) };
}

/** Only successful ones: pages without them lack none. */
function countSummedOnly(database: DatabaseSync, filter: CallFilter): number {
  if (isWithoutSuccess(filter.outcomes) || filter.errorGroupId !== undefined) return 0;
  const conditions = noConditions();
  addCondition(conditions, 'at_ms > ?', filter.fromMs && filter.fromMs - CALL_SUM_MS);
  addCondition(conditions, 'at_ms <= ?', filter.toMs);
  const row = database
    .prepare(`SELECT sum(calls) AS calls FROM calls_summed_only ${whereOf(conditions)}`)
    .get(...conditions.values);
  return numberOf(row, 'calls');
}

function readCalls(database: DatabaseSync, filter: CallFilter, query: CallQuery): CallPage {
  const counted = examinedOf(database, query, query.indexed);
  const indexed = { texts: [...query.indexed.texts], values: [...query.indexed.values] };
  addPlace(indexed, parsePlace(filter.cursor));
  const examined = filter.cursor === undefined ? counted : examinedOf(database, query, indexed);
  const source = `SELECT * FROM calls ${whereOf(indexed)} ORDER BY at_ms DESC, id DESC`;
  const rows: readonly Row[] = database
    .prepare(
      `SELECT *, ${NAME_COLUMNS} FROM (
         SELECT * FROM (${source} LIMIT ${CALLS_EXAMINED_MAX}) ${whereOf(examined)} LIMIT ?)`,
    )
    // One more than a page holds shows whether there is another page.
    .all(...indexed.values, ...examined.values, filter.limit + 1);
  const page = rows.slice(0, filter.limit);
  const last = page.at(-1);
  const next =
    rows.length > filter.limit && last
      ? placeOf(last)
      : lastExamined(database, source, indexed.values);
  return {
    entries: page.map(toCallEntry),
    ...(next && { next: printPlace(next) }),
    ...countCalls(database, query.indexed, counted),
  };
}

/** Where the search ended because it had examined enough. */
function lastExamined(database: DatabaseSync, source: string, values: readonly SQLInputValue[]) {
  // Is there a row beyond?
  const rows = database
    .prepare(`${source} LIMIT 2 OFFSET ${CALLS_EXAMINED_MAX - 1}`)
    .all(...values);
  const [last] = rows;
  return rows.length === 2 && last ? placeOf(last) : undefined;
}

/**
 * A search looks up the names of the calls that are examined once each: looking up those of each call would take longer than all
 * else.
 */
function examinedOf(
  database: DatabaseSync,
  { examined, search }: CallQuery,
  indexed: Conditions,
): Conditions {
  if (search === undefined) return examined;
  const all = { texts: [...examined.texts], values: [...examined.values] };
  const pattern = likePattern(search);
  const ids = database
    .prepare(
      String.raw`WITH seen AS MATERIALIZED (
          SELECT target_id, operation_id FROM calls ${whereOf(indexed)} ORDER BY at_ms DESC, id DESC LIMIT ${CALLS_EXAMINED_MAX})
        SELECT id FROM names WHERE text LIKE ? ESCAPE '\'
          AND id IN (SELECT target_id FROM seen UNION SELECT operation_id FROM seen)`,
    )
    .all(...indexed.values, pattern)
    .map((row) => numberOf(row, 'id'))
    .join(', ');
  addCondition(
    all,
    String.raw`(error_message LIKE ? ESCAPE '\' OR target_id IN (${ids}) OR operation_id IN (${ids}))`,
    pattern,
  );
  return all;
}

function countCalls(
  database: DatabaseSync,
  indexed: Conditions,
  examined: Conditions,
): Pick<CallPage, 'total' | 'isTotalExact'> {
  const max = CALLS_EXAMINED_MAX + 1;
  const isPlain = examined.texts.length === 0;
  const source = `SELECT ${isPlain ? '1' : '*'} FROM calls ${whereOf(indexed)} ORDER BY at_ms DESC, id DESC LIMIT ${max}`;
  const passing = isPlain ? '' : `FILTER (${whereOf(examined)})`;
  const row = database
    .prepare(`SELECT count(*) ${passing} AS total, count(*) AS seen FROM (${source})`)
    // The filter comes first in the text.
    .get(...examined.values, ...indexed.values);
  const isTotalExact = numberOf(row, 'seen') < max;
  return { total: Math.min(numberOf(row, 'total'), CALLS_EXAMINED_MAX), isTotalExact };
}

/** @returns `undefined` if no call can pass, because a name in the filter is not known */
function queryOf(database: DatabaseSync, filter: CallFilter): CallQuery | undefined {
  const find = database.prepare('SELECT id FROM names WHERE text = ?');
  const ids: Record<string, number> = {};
  const { server, user, client, target, operation, session } = filter;
  for (const [column, text] of Object.entries({
    user_id: user,
    client_id: client,
    target_id: target,
    server_id: server,
    operation_id: operation,
    session_id: session,
  })) {
    if (text === undefined) continue;
    const row = find.get(text);
    if (row === undefined) return undefined;
    ids[column] = numberOf(row, 'id');
  }
  const indexed = noConditions();
  const examined = noConditions();
  const index = chooseIndex(filter, ids);
  if (filter.errorGroupId !== undefined)
    addCondition(indexed, 'error_group_id = ?', filter.errorGroupId);
  for (const [column, id] of Object.entries(ids))
    addCondition(column === index ? indexed : examined, `${column} = ?`, id);
  const { outcomes } = filter;
  if (isWithoutSuccess(outcomes) && (index === undefined || index === 'server_id'))
    addCondition(indexed, "outcome <> 'success'");
  addChoice(examined, 'outcome', outcomes);
  addCondition(indexed, 'at_ms >= ?', filter.fromMs);
  addCondition(indexed, 'at_ms <= ?', filter.toMs);
  if (filter.traceId !== undefined)
    addCondition(examined, 'trace_id = ?', Buffer.from(filter.traceId, 'hex'));
  const { search } = filter;
  return { indexed, examined, ...(search !== undefined && search !== '' && { search }) };
}

/** The most selective one comes first. */
function chooseIndex(
  { errorGroupId }: CallFilter,
  ids: Readonly<Record<string, number>>,
): string | undefined {
  if (errorGroupId !== undefined) return undefined;
  return ['user_id', 'client_id', 'target_id', 'server_id'].find((column) => column in ids);
}

function isWithoutSuccess(outcomes: CallFilter['outcomes']): boolean {
  return outcomes !== undefined && outcomes.length > 0 && !outcomes.includes('success');
}

function toCallEntry(row: Row): CallEntry {
  const outcome = textOf(row, 'outcome');
  const transport = textOf(row, 'transport');
  const rpcCode = knownNumber(row, 'rpc_code');
  const errorGroupId = knownNumber(row, 'error_group_id');
  const costUsd = knownNumber(row, 'cost_usd');
  return {
    id: numberOf(row, 'id'),
    atMs: epochOf(row, 'at_ms'),
    durationMs: numberOf(row, 'duration_ms'),
    server: textOf(row, 'server'),
    direction: numberOf(row, 'is_from_server') === 1 ? 'server_to_client' : 'client_to_server',
    transport: TRANSPORTS.find((known) => known === transport) ?? 'http',
    operation: textOf(row, 'operation'),
    ...knownText(row, 'target', 'target'),
    requestId: textOf(row, 'request'),
    ...knownText(row, 'session', 'session'),
    ...(typeof row['client'] === 'string' && {
      client: { name: row['client'], version: textOf(row, 'client_version') },
    }),
    ...knownText(row, 'user', 'user'),
    ...knownText(row, 'protocol', 'protocolVersion'),
    outcome: CALL_OUTCOMES.find((known) => known === outcome) ?? 'rpc_error',
    status: numberOf(row, 'status'),
    ...knownText(row, 'error_type', 'errorType'),
    ...(rpcCode !== undefined && { rpcCode }),
    ...knownText(row, 'error_message', 'errorMessage'),
    ...(errorGroupId !== undefined && { errorGroupId }),
    ...knownText(row, 'arguments', 'argumentsText'),
    requestBytes: numberOf(row, 'request_bytes'),
    responseBytes: numberOf(row, 'response_bytes'),
    ...(row['is_reported'] !== null && {
      tokens: {
        input: numberOf(row, 'input_tokens'),
        output: numberOf(row, 'output_tokens'),
        source: numberOf(row, 'is_reported') === 1 ? 'reported' : 'estimated',
      },
    }),
    ...(costUsd !== undefined && { costUsd }),
    traceId: hexOf(row, 'trace_id'),
    spanId: hexOf(row, 'span_id'),
  };
}

function knownText<Field extends string>(
  row: Row,
  column: string,
  field: Field,
): { readonly [Key in Field]?: string } {
  const value = row[column];
  return (typeof value === 'string' ? { [field]: value } : {}) as { [Key in Field]?: string };
}
