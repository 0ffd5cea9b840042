import { type CallVerdict, CANCELLED, DECLINED, NO_RESPONSE } from '../../facts/call-outcome.ts';
import { jsonObjectOf } from '../../facts/json-object.ts';
import type { Transport } from '../../facts/server.ts';
import { judgeAnswer, judgeResponse, noteListed } from '../../protocol/judge-answer.ts';
import {
  factsOfMessage,
  findAnswered,
  isRequest,
  isResponse,
  type MessageFacts,
} from '../../protocol/message-facts.ts';
import type { CallSpan } from '../tracing/call-span.ts';
import type { Call, ConnectionFacts, EndedCall } from './call.ts';
import { jsonBytes } from './json-bytes.ts';
import type { KnownNames } from './known-names.ts';

/** What a connection tells of its calls. */
export interface CallObserver {
  readonly names: KnownNames;
  /** @returns the span of the call, if it is traced */
  begun(
    facts: MessageFacts,
    connection: ConnectionFacts,
    isToClient: boolean,
    extra: unknown,
  ): CallSpan | undefined;
  ended(call: EndedCall): void;
  sessionOpened(transport: Transport): void;
  sessionClosed(transport: Transport): void;
}

export interface ConnectionObserver {
  /** @param extra what the transport says about the message, such as its HTTP request
   * @returns the call that this message begins, if it is a request */
  received(message: unknown, extra?: unknown): Call | undefined;
  sent(message: unknown): void;
  closed(): void;
}

export interface ObservedConnection {
  readonly transport: Transport;
  /** Known once the session has begun; always `undefined` for stdio and without sessions. */
  readonly sessionId: () => string | undefined;
  readonly observer: CallObserver;
  readonly nowMs: () => number;
}

/** Beyond this many, the oldest is given up. */
const PENDING_MAX = 10_000;

interface ConnectionState extends ObservedConnection {
  readonly calls: Map<string, Call>;
  readonly callsToClient: Map<string, Call>;
  /** What `initialize` said. */
  opening: Pick<ConnectionFacts, 'client' | 'protocolVersion'> | undefined;
  isSession: boolean;
}

/** Pairs the requests and responses of one connection of a server with a client. */
export function observeConnection(options: ObservedConnection): ConnectionObserver {
  const state: ConnectionState = {
    ...options,
    calls: new Map(),
    callsToClient: new Map(),
    opening: undefined,
    isSession: false,
  };
  const { calls, callsToClient } = state;
  return {
    received(message, extra) {
      const facts = factsOfMessage(message);
      if (!facts) return undefined;
      if (isRequest(facts)) return begin(state, calls, { facts, message, extra });
      if (isResponse(facts)) answeredByClient(state, facts, message);
      else if (facts.method === 'notifications/cancelled') cancel(state, calls, facts);
      return undefined;
    },
    sent(message) {
      const facts = factsOfMessage(message);
      if (!facts) return;
      if (isRequest(facts)) begin(state, callsToClient, { facts, message });
      else if (isResponse(facts)) answered(state, facts, message);
      else if (facts.method === 'notifications/cancelled') cancel(state, callsToClient, facts);
    },
    closed() {
      for (const pending of [calls, callsToClient])
        for (const call of [...pending.values()]) end(state, call, CANCELLED);
      if (state.isSession) state.observer.sessionClosed(state.transport);
      state.isSession = false;
    },
  };
}

function connectionOf(state: ConnectionState, facts?: MessageFacts): ConnectionFacts {
  const { transport, opening } = state;
  return {
    transport,
    sessionId: state.sessionId(),
    client: facts?.client ?? opening?.client,
    protocolVersion: opening?.protocolVersion ?? facts?.protocolVersion,
  };
}

interface IncomingRequest {
  readonly facts: MessageFacts;
  readonly message: unknown;
  readonly extra?: unknown;
}

function begin(
  state: ConnectionState,
  pending: Map<string, Call>,
  { facts, message, extra }: IncomingRequest,
): Call {
  const { observer, nowMs } = state;
  const isToClient = pending === state.callsToClient;
  const connection = connectionOf(state, facts);
  const requestBytes = jsonBytes(message);
  const traced = observer.begun(facts, connection, isToClient, extra);
  const startedMs = nowMs();
  const isFirstPage = cursorOf(message) === undefined;
  const call = { facts, isToClient, isFirstPage, startedMs, requestBytes, connection, traced };
  const key = facts.id ?? '';
  const former = pending.get(key);
  if (former) end(state, former, NO_RESPONSE);
  const oldest = pending.size >= PENDING_MAX ? pending.values().next().value : undefined;
  if (oldest) end(state, oldest, NO_RESPONSE);
  pending.set(key, call);
  return call;
}

function end(
  state: ConnectionState,
  call: Call,
  verdict: CallVerdict,
  answer?: MessageFacts,
  responseBytes = 0,
): void {
  const pending = call.isToClient ? state.callsToClient : state.calls;
  pending.delete(call.facts.id ?? '');
  const durationMs = Math.max(0, state.nowMs() - call.startedMs);
  state.observer.ended({
    // Field by field: a spread costs more than the rest of this function.
    facts: call.facts,
    isToClient: call.isToClient,
    isFirstPage: call.isFirstPage,
    startedMs: call.startedMs,
    requestBytes: call.requestBytes,
    connection: connectionAfter(call, answer),
    traced: call.traced,
    verdict,
    durationMs,
    answer,
    responseBytes,
  });
}

/** The revision is known once `initialize` is answered. */
function connectionAfter({ connection }: Call, answer: MessageFacts | undefined): ConnectionFacts {
  const protocolVersion = answer?.protocolVersion;
  return protocolVersion === undefined ? connection : { ...connection, protocolVersion };
}

function cancel(state: ConnectionState, pending: Map<string, Call>, facts: MessageFacts): void {
  const call = pending.get(facts.cancelledId ?? '');
  if (call) end(state, call, CANCELLED);
}

function answeredByClient(state: ConnectionState, facts: MessageFacts, message: unknown): void {
  const call = findAnswered(state.callsToClient, facts.id);
  const verdict = facts.error ? DECLINED : judgeResponse(facts);
  if (call) end(state, call, verdict, facts, jsonBytes(message));
}

function answered(state: ConnectionState, answer: MessageFacts, message: unknown): void {
  const call = findAnswered(state.calls, answer.id);
  if (!call) return;
  const { names } = state.observer;
  const request = { facts: call.facts, carrier: { bytes: call.requestBytes } };
  const verdict = judgeAnswer(request, answer, names.proven, names.find);
  learn(names, call, message, answer);
  if (call.facts.method === 'initialize' && verdict.outcome === 'success')
    open(state, call, answer);
  end(state, call, verdict, answer, jsonBytes(message));
}

function open(state: ConnectionState, { facts }: Call, { protocolVersion }: MessageFacts): void {
  const { transport, observer } = state;
  state.opening = { client: facts.client, protocolVersion };
  if (state.isSession || (transport === 'http' && state.sessionId() === undefined)) return;
  state.isSession = true;
  observer.sessionOpened(transport);
}

function cursorOf(message: unknown): unknown {
  return jsonObjectOf(jsonObjectOf(message)?.['params'])?.['cursor'];
}

function learn(names: KnownNames, call: Call, message: unknown, answer: MessageFacts): void {
  const { method } = call.facts;
  if (method !== 'tools/list' && method !== 'prompts/list') return;
  const result = jsonObjectOf(jsonObjectOf(message)?.['result']);
  if (!result) return;
  names.learn(method === 'tools/list' ? 'tools' : 'prompts', call.isFirstPage, result);
  if (answer.toolNames) noteListed(names.proven, answer.toolNames);
}
