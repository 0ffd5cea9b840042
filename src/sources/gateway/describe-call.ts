import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { MessageFacts, Writable } from '../../protocol/message-facts.ts';
import type { Accountant, Usage } from './account-usage.ts';
import type { Exchange } from './exchange.ts';

/** How an exchange ended. */
export interface CallEnding {
  readonly verdict: CallVerdict;
  /** The response, if there was one, and its size. */
  readonly result?: MessageFacts | undefined;
  readonly responseBytes?: number;
  /** In place of the message of a JSON-RPC error. */
  readonly message?: string | undefined;
}

/** What `initialize` said about the client of a session, or of a connection without one. */
export interface SessionOpening {
  readonly client?: NonNullable<CallRecord['client']>;
  readonly protocolVersion?: string;
}

export interface CallDescription {
  readonly server: string;
  readonly account?: Accountant;
  /** Arguments of a tool call as text for the audit log; `undefined` if the configuration does not ask for them. */
  readonly argumentsText?: (facts: MessageFacts) => string | undefined;
}

/** The record of an exchange that has ended. */
export function describeCall(
  exchange: Exchange,
  { verdict, result, responseBytes = 0, message }: CallEnding,
  session: SessionOpening | undefined,
  endedMs: MonotonicMs,
  description: CallDescription,
): CallRecord {
  const { facts, carrier } = exchange;
  const requestBytes = carrier.bytes;
  // Built field by field: a spread for each optional field costs more than the rest of this function.
  const record: Writable<CallRecord> = {
    fact: 'call',
    server: description.server,
    direction: exchange.direction,
    transport: carrier.transport,
    verb: carrier.verb,
    operation: facts.method ?? '',
    requestId: exchange.key,
    era: carrier.era,
    outcome: verdict.outcome,
    status: verdict.status,
    startedAtMs: carrier.receivedAtMs,
    durationMs: Math.max(0, endedMs - carrier.receivedMs),
    overheadMs: exchange.overheadMs,
    requestBytes,
    responseBytes,
    trace: exchange.trace,
    progressCount: exchange.progressCount,
  };
  if (carrier.path !== undefined) record.path = carrier.path;
  if (verdict.errorType !== undefined) record.errorType = verdict.errorType;
  if (facts.target !== undefined) record.target = facts.target;
  noteCaller(record, exchange, session, result);
  noteUsage(record, description.account?.(facts, result, { requestBytes, responseBytes }));
  if (result?.error) noteError(record, result.error);
  const errorMessage = message ?? result?.error?.message ?? result?.errorText;
  if (errorMessage) record.errorMessage = errorMessage;
  if (result?.requestState !== undefined) record.requestState = result.requestState;
  if (facts.requestState !== undefined) record.broughtState = facts.requestState;
  const text = description.argumentsText?.(facts);
  if (text !== undefined) record.argumentsText = text;
  return record;
}

function noteCaller(
  record: Writable<CallRecord>,
  { facts, carrier }: Exchange,
  session: SessionOpening | undefined,
  result: MessageFacts | undefined,
): void {
  const client = facts.client ?? session?.client;
  const protocolVersion =
    result?.protocolVersion ??
    carrier.protocolVersion ??
    session?.protocolVersion ??
    facts.protocolVersion;
  if (carrier.session !== undefined) record.session = carrier.session;
  if (carrier.user !== undefined) record.user = carrier.user;
  if (client !== undefined) record.client = client;
  if (protocolVersion !== undefined) record.protocolVersion = protocolVersion;
}

function noteUsage(record: Writable<CallRecord>, usage: Usage | undefined): void {
  if (usage?.tokens) record.tokens = usage.tokens;
  if (usage?.costUsd !== undefined) record.costUsd = usage.costUsd;
}

function noteError(record: Writable<CallRecord>, error: NonNullable<MessageFacts['error']>): void {
  record.rpcCode = error.code;
  if (error.stack !== undefined) record.errorStack = error.stack;
}
