import { FAILED_OUTCOMES, type CallOutcome } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';

/** Outcomes that are kept as errors: failures of the server, and mistakes of callers. */
const ERROR_OUTCOMES: ReadonlySet<CallOutcome> = new Set([...FAILED_OUTCOMES, 'client_error']);
/** Operations whose target is a name from a list; the addresses of resources would be a group each. */
export const NAMING_OPERATIONS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get']);
/** What clients and servers send may be megabytes long. */
const NAME_CHARS_MAX = 256;
const MESSAGE_CHARS_MAX = 1_024;
const STACK_CHARS_MAX = 8_192;

/**
 * A call on its way to the thread. A list of plain values, since copying an object with named fields between threads costs
 * four times as much, for every call.
 */
export type CallRow = readonly [
  atMs: number,
  durationMs: number,
  server: string,
  isFromServer: 0 | 1,
  transport: string,
  operation: string,
  target: string | null,
  request: string,
  session: string | null,
  client: string | null,
  clientVersion: string | null,
  user: string | null,
  protocolVersion: string | null,
  outcome: CallRecord['outcome'],
  status: number,
  errorType: string | null,
  rpcCode: number | null,
  errorMessage: string | null,
  errorStack: string | null,
  argumentsText: string | null,
  requestBytes: number,
  responseBytes: number,
  inputTokens: number | null,
  outputTokens: number | null,
  isReported: 0 | 1 | null,
  costUsd: number | null,
  traceId: string,
  spanId: string,
  isSummed: 0 | 1,
];

/** @param isSummed whether the call is in the sums already */
export function encodeCall(call: CallRecord, isSummed = false): CallRow {
  const { client, tokens, trace } = call;
  return [
    call.startedAtMs,
    call.durationMs,
    shorten(call.server),
    call.direction === 'server_to_client' ? 1 : 0,
    call.transport,
    shorten(call.operation),
    shortenKnown(call.target),
    shorten(call.requestId),
    shortenKnown(call.session),
    shortenKnown(client?.name),
    shortenKnown(client?.version),
    shortenKnown(call.user),
    shortenKnown(call.protocolVersion),
    call.outcome,
    call.status,
    call.errorType ?? null,
    call.rpcCode ?? null,
    shortenKnown(call.errorMessage, MESSAGE_CHARS_MAX),
    shortenKnown(call.errorStack, STACK_CHARS_MAX),
    call.argumentsText ?? null,
    call.requestBytes,
    call.responseBytes,
    tokens?.input ?? null,
    tokens?.output ?? null,
    tokens ? (tokens.source === 'reported' ? 1 : 0) : null,
    call.costUsd ?? null,
    trace.traceId,
    trace.spanId,
    isSummed ? 1 : 0,
  ];
}

/** Characters that a waiting call holds beyond its names. */
export function sizeOfCall(call: CallRecord): number {
  return (
    Math.min(call.errorMessage?.length ?? 0, MESSAGE_CHARS_MAX) +
    Math.min(call.errorStack?.length ?? 0, STACK_CHARS_MAX) +
    (call.argumentsText?.length ?? 0)
  );
}

export function shorten(text: string, charsMax = NAME_CHARS_MAX): string {
  return text.length > charsMax ? `${text.slice(0, charsMax - 1).toWellFormed()}…` : text;
}

export function shortenKnown(text: string | undefined, charsMax?: number): string | null {
  return text === undefined ? null : shorten(text, charsMax);
}

/** A call as the thread writes it. */
export interface KeptCall {
  readonly atMs: number;
  readonly durationMs: number;
  readonly server: string;
  readonly isFromServer: 0 | 1;
  readonly transport: string;
  readonly operation: string;
  readonly target: string | null;
  readonly request: string;
  readonly session: string | null;
  readonly client: string | null;
  readonly clientVersion: string | null;
  readonly user: string | null;
  readonly protocolVersion: string | null;
  readonly outcome: CallRecord['outcome'];
  readonly status: number;
  readonly errorType: string | null;
  readonly rpcCode: number | null;
  readonly errorMessage: string | null;
  readonly errorStack: string | null;
  readonly argumentsText: string | null;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly isReported: 0 | 1 | null;
  readonly costUsd: number | null;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly isSummed: 0 | 1;
}

export function decodeCall(row: CallRow): KeptCall {
  return {
    atMs: Math.round(row[0]),
    durationMs: row[1],
    server: row[2],
    isFromServer: row[3],
    transport: row[4],
    operation: row[5],
    target: row[6],
    request: row[7],
    session: row[8],
    client: row[9],
    clientVersion: row[10],
    user: row[11],
    protocolVersion: row[12],
    outcome: row[13],
    status: row[14],
    errorType: row[15],
    rpcCode: row[16],
    errorMessage: row[17],
    errorStack: row[18],
    argumentsText: row[19],
    requestBytes: row[20],
    responseBytes: row[21],
    inputTokens: row[22],
    outputTokens: row[23],
    isReported: row[24],
    costUsd: row[25],
    traceId: Buffer.from(row[26], 'hex'),
    spanId: Buffer.from(row[27], 'hex'),
    isSummed: row[28],
  };
}

export function isKeptError({ outcome }: Pick<CallRecord, 'outcome'>): boolean {
  return ERROR_OUTCOMES.has(outcome);
}
