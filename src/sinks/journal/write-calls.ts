import type { DatabaseSync } from 'node:sqlite';
import {
  type CallRow,
  decodeCall,
  isKeptError,
  type KeptCall,
  NAMING_OPERATIONS,
} from './call-row.ts';
import { beginOfSum, createCallSums, type SummedCall } from './call-sums.ts';
import type { CallSumRow } from './sum-calls.ts';
import type { Names } from './names.ts';
import { createErrorWriter, type ErrorEvent } from './write-errors.ts';

export interface CallWriter {
  /** Writes a batch, within a transaction of the caller. */
  write(rows: readonly CallRow[], errorsOnly: boolean): void;
  /** Writes sums of calls, within a transaction of the caller. */
  writeSums(rows: readonly CallSumRow[]): void;
  /** Forgets the batch, because the transaction was rolled back. */
  forget(): void;
}

export function createCallWriter(database: DatabaseSync, names: Names): CallWriter {
  const errors = createErrorWriter(database);
  const sums = createCallSums(database);
  const insert = prepareInsert(database, names);
  const addSummedOnly = database.prepare(
    'INSERT INTO calls_summed_only (at_ms, calls) VALUES (?, ?) ON CONFLICT (at_ms) DO UPDATE SET calls = calls + excluded.calls',
  );

  function writeSum({ figures, summedOnly, isFromServer, ...row }: CallSumRow): void {
    const atMs = beginOfSum(row.atMs);
    if (summedOnly > 0) addSummedOnly.run(atMs, summedOnly);
    if (isFromServer) return;
    const idOf = (text: string | null): number => (text === null ? 0 : names.idOf(text, atMs));
    const key = {
      atMs,
      serverId: idOf(row.server),
      operationId: idOf(row.operation),
      targetId: idOf(row.target),
      clientId: idOf(row.client),
      userId: idOf(row.user),
      errorTypeId: idOf(row.errorType),
      outcome: row.outcome,
    };
    sums.addFigures(key, figures);
  }

  function writeCall(call: KeptCall, errorsOnly: boolean): void {
    const error = errorEventOf(call);
    const groupId = error ? errors.add(error) : null;
    if (errorsOnly) return;
    const ids = findNameIds(names, call);
    insert(call, ids, groupId);
    if (call.isFromServer === 0 && call.isSummed === 0) sums.add(toSummed(call, ids));
  }

  return {
    write(rows, errorsOnly) {
      for (const row of rows) writeCall(decodeCall(row), errorsOnly);
      errors.flush();
      sums.flush();
    },
    writeSums(rows) {
      for (const row of rows) writeSum(row);
      sums.flush();
    },
    forget() {
      errors.forget();
      sums.forget();
      names.forget();
    },
  };
}

/** Numbers of a call's names. */
interface NameIds {
  readonly serverId: number;
  readonly operationId: number;
  readonly targetId: number | null;
  readonly clientId: number | null;
  readonly userId: number | null;
  readonly errorTypeId: number | null;
}

function findNameIds(names: Names, call: KeptCall): NameIds {
  const { atMs } = call;
  const idOf = (text: string | null): number | null =>
    text === null ? null : names.idOf(text, atMs);
  return {
    serverId: names.idOf(call.server, atMs),
    operationId: names.idOf(call.operation, atMs),
    targetId: idOf(call.target),
    clientId: idOf(call.client),
    userId: idOf(call.user),
    errorTypeId: idOf(call.errorType),
  };
}

/** As an error of its group; `undefined` if it is none. */
function errorEventOf(call: KeptCall): ErrorEvent | undefined {
  if (!isKeptError(call)) return undefined;
  const { target, operation, rpcCode } = call;
  return {
    ...call,
    target: NAMING_OPERATIONS.has(operation) ? (target ?? undefined) : undefined,
    errorType: call.errorType ?? '',
    rpcCode: rpcCode ?? undefined,
    message: call.errorMessage ?? '',
    stack: call.errorStack,
  };
}

function toSummed(call: KeptCall, ids: NameIds): SummedCall {
  return {
    atMs: call.atMs,
    serverId: ids.serverId,
    operationId: ids.operationId,
    targetId: NAMING_OPERATIONS.has(call.operation) ? (ids.targetId ?? 0) : 0,
    clientId: ids.clientId ?? 0,
    userId: ids.userId ?? 0,
    errorTypeId: ids.errorTypeId ?? 0,
    outcome: call.outcome,
    durationMs: call.durationMs,
    tokens: (call.inputTokens ?? 0) + (call.outputTokens ?? 0),
    costUsd: call.costUsd ?? 0,
  };
}

const COLUMNS =
  'at_ms, duration_ms, server_id, is_from_server, transport, operation_id, target_id, request, session_id, client_id, client_version_id, user_id, protocol_id, outcome, status, error_type_id, rpc_code, error_message, error_group_id, arguments, request_bytes, response_bytes, input_tokens, output_tokens, is_reported, cost_usd, trace_id, span_id';

type InsertCall = (call: KeptCall, ids: NameIds, groupId: number | null) => void;

function prepareInsert(database: DatabaseSync, names: Names): InsertCall {
  const places = COLUMNS.split(',').map(() => '?');
  const insert = database.prepare(`INSERT INTO calls (${COLUMNS}) VALUES (${places.join(', ')})`);
  return (call, ids, groupId) => {
    const { atMs, session, clientVersion, protocolVersion } = call;
    insert.run(
      atMs,
      call.durationMs,
      ids.serverId,
      call.isFromServer,
      call.transport,
      ids.operationId,
      ids.targetId,
      call.request,
      session === null ? null : names.idOf(session, atMs),
      ids.clientId,
      clientVersion === null ? null : names.idOf(clientVersion, atMs),
      ids.userId,
      protocolVersion === null ? null : names.idOf(protocolVersion, atMs),
      call.outcome,
      call.status,
      ids.errorTypeId,
      call.rpcCode,
      call.errorMessage,
      groupId,
      call.argumentsText,
      call.requestBytes,
      call.responseBytes,
      call.inputTokens,
      call.outputTokens,
      call.isReported,
      call.costUsd,
      call.traceId,
      call.spanId,
    );
  };
}
