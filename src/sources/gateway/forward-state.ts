import {
  BROKEN,
  type CallVerdict,
  CANCELLED,
  judgeHttpStatus,
  NO_RESPONSE,
  SESSION_LOST,
} from '../../facts/call-outcome.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import {
  findAnsweredId,
  isRequest,
  isResponse,
  type MessageFacts,
} from '../../protocol/message-facts.ts';
import { isErrorOfRequest, keepsSession } from '../../protocol/lost-session.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { type CallEffect, refusalOf, type RefuseEffect, shareOf } from './call-effects.ts';
import type { Carrier } from './exchange.ts';
import type { RelayFailure } from './relay.ts';
import { isEmptyPost, WHOLE_REQUEST } from './whole-request.ts';

/**
 * One request to a Streamable HTTP server, and its answer: `nextForwardState` decides what becomes of the calls in it,
 * `forwarded-request.ts` performs the effects.
 */
export interface ForwardState {
  readonly verb: Carrier['verb'];
  readonly session: string | undefined;
  /** Other paths under a public address are pages and documents. */
  readonly isForEndpoint: boolean;
  readonly answerTimeoutMs: number;
  /** A GET stream or a subscription: long-lived by nature. */
  readonly isStream: boolean;
  /** A body too large to be read first is read as it passes, so that this may come last. */
  readonly isRequestRead: boolean;
  /** What waits for the outcome: JSON-RPC requests, or the HTTP request as a whole (`WHOLE_REQUEST`); else nothing does. */
  readonly calls: 'requests' | 'whole' | 'none';
  /** The only id of the request, as JSON text; `undefined` if it has none or several. */
  readonly onlyId: string | undefined;
  readonly opening: MessageFacts | undefined;
  /** 0 until the head of the answer. */
  readonly status: number;
  readonly content: AnswerContent;
  /** The id of the session that the answer to `initialize` announced. */
  readonly newSession: string | undefined;
  readonly hasResponse: boolean;
  readonly isRefused: boolean;
  /** A GET with `Last-Event-ID`: the responses of calls whose stream broke off come on it. */
  readonly isResumption: boolean;
  /** What the answer says of the session of the request; `in_doubt`: 404 so far, which is no proof. */
  readonly sessionFate: 'kept' | 'in_doubt' | 'lost';
  /** Why the session is lost, in the server's words. */
  readonly lostDetail: string | undefined;
  readonly answerEnd: AnswerEnd | undefined;
  /** How every call of the request ends that has no response by then. */
  readonly ending: ForwardEnding | undefined;
}

/** `unreadable`: compressed in a way that is not known here, so that the messages in it cannot be judged. */
export type AnswerContent = 'events' | 'json' | 'other' | 'unreadable';

interface AnswerEnd {
  /** There was too much of it to be decompressed. */
  readonly isGivenUp: boolean;
  /** An event had an id, so that the stream can be resumed elsewhere. */
  readonly isResumable: boolean;
}

interface ForwardEnding {
  readonly verdict: CallVerdict;
  readonly message: string | undefined;
}

export type ForwardEvent =
  | RequestRead
  | AnswerHead
  /** One JSON text of the answer, and the bytes that it took. */
  | { readonly kind: 'messages'; readonly read: ReadMessages; readonly bytes: number }
  | ({ readonly kind: 'answer_over' } & AnswerEnd)
  /** There will be no more of the answer. */
  | {
      readonly kind: 'failed';
      readonly failure: RelayFailure;
      readonly isResumable: boolean;
    };

interface RequestRead {
  readonly kind: 'request_read';
  readonly read: ReadMessages;
  readonly bytes: number;
  /** Whether the client has the head of an answer, from wherever. */
  readonly isAnswered: boolean;
}

interface AnswerHead {
  readonly kind: 'head';
  readonly status: number;
  readonly content: AnswerContent;
  /** Of the header `Mcp-Session-Id`. */
  readonly session: string | undefined;
}

/** To be performed in this order. */
export type ForwardEffect =
  | CallEffect
  | RefuseEffect
  /** The request is no longer in flight. */
  | { readonly kind: 'over' };

export interface ForwardStep {
  readonly state: ForwardState;
  readonly effects: readonly ForwardEffect[];
}

const LISTEN = 'subscriptions/listen';
const INVALID: CallVerdict = {
  outcome: 'transport_error',
  status: 502,
  errorType: 'invalid_response',
};
const DUPLICATE_ID: CallVerdict = {
  outcome: 'client_error',
  status: 400,
  errorType: 'invalid_request',
};
const BEGIN_WHOLE: ForwardEffect = Object.freeze({ kind: 'begin_call', facts: WHOLE_REQUEST });
const NO_EFFECTS: readonly ForwardEffect[] = Object.freeze([]);
const OVER: ForwardEffect = Object.freeze({ kind: 'over' });

export function createForwardState({
  verb,
  session,
  answerTimeoutMs,
  isForEndpoint = true,
  isResumption = false,
}: Pick<ForwardState, 'verb' | 'session' | 'answerTimeoutMs'> & {
  readonly isForEndpoint?: boolean;
  readonly isResumption?: boolean;
}): ForwardState {
  return {
    verb,
    session,
    isForEndpoint,
    answerTimeoutMs,
    isStream: verb === 'GET',
    isRequestRead: false,
    calls: 'none',
    onlyId: undefined,
    opening: undefined,
    status: 0,
    content: 'other',
    newSession: undefined,
    hasResponse: false,
    isRefused: false,
    isResumption,
    sessionFate: 'kept',
    lostDetail: undefined,
    answerEnd: undefined,
    ending: undefined,
  };
}

/** Deterministic, without I/O. */
export function nextForwardState(state: ForwardState, event: ForwardEvent): ForwardStep {
  switch (event.kind) {
    case 'request_read':
      return afterRequest(state, event);
    case 'head':
      return afterHead(state, event);
    case 'messages':
      return afterMessages(state, event.read, event.bytes);
    case 'answer_over':
      return afterAnswer(state, event);
    case 'failed':
      return afterFailure(state, event.failure, event.isResumable);
  }
}

function afterRequest(state: ForwardState, event: RequestRead): ForwardStep {
  // Refused by the edge because it grew too large: that is counted already.
  const isCounted = state.status === 0 && event.isAnswered && !state.isRefused;
  if (state.isRequestRead || isCounted) return { state, effects: NO_EFFECTS };
  const { messages } = event.read;
  const bytes = shareOf(event.bytes, event.read);
  const ids = new Set<string>();
  const effects: ForwardEffect[] = [];
  let { isStream, opening } = state;
  if (state.verb === 'DELETE' && state.session !== undefined && state.status === 0)
    effects.push({ kind: 'leave_session', id: state.session });
  for (const facts of messages) {
    if (isRequest(facts)) {
      addCall(effects, ids, facts, bytes);
      if (facts.method === 'initialize') opening = facts;
      if (facts.method === LISTEN) isStream = true;
    } else if (isResponse(facts)) {
      effects.push({ kind: 'answer_server_call', facts, bytes, session: state.session });
    } else {
      effects.push({ kind: 'notify', facts, session: state.session });
    }
  }
  const isWhole = state.isForEndpoint && isEmptyPost(state.verb, event.read);
  if (isWhole) effects.push(BEGIN_WHOLE);
  const calls = isWhole ? 'whole' : ids.size > 0 ? 'requests' : 'none';
  const [id] = ids;
  const onlyId = ids.size === 1 ? id : undefined;
  return endLate({ ...state, isRequestRead: true, isStream, calls, onlyId, opening }, effects);
}

/** @param ids of the requests so far; one more is added */
function addCall(
  effects: ForwardEffect[],
  ids: Set<string>,
  facts: MessageFacts,
  bytes: number,
): void {
  const { id = '' } = facts;
  // Only one of them can get its response, here as at the server.
  const message = 'another request of the batch has its id';
  if (ids.has(id)) effects.push({ kind: 'end_call', id, verdict: DUPLICATE_ID, message });
  ids.add(id);
  effects.push({ kind: 'begin_call', facts, bytes });
}

/** What has happened before the request was read applies to its calls as well. */
function endLate(state: ForwardState, begun: ForwardEffect[]): ForwardStep {
  const { ending, answerEnd } = state;
  if (!ending) {
    if (!answerEnd) return { state, effects: begun };
    const step = endAfterAnswer(state, answerEnd);
    return { state: step.state, effects: [...begun, ...step.effects] };
  }
  if (isFailedWhole(state)) begun.push(BEGIN_WHOLE);
  begun.push({ kind: 'end_open_calls', ...ending });
  return { state, effects: begun };
}

function afterHead(state: ForwardState, event: AnswerHead): ForwardStep {
  const { status, content } = event;
  const { session: id, verb } = state;
  const isOpened = state.opening !== undefined && status >= 200 && status < 300;
  const newSession = isOpened ? event.session : undefined;
  const next: ForwardState = { ...state, status, content, newSession };
  if (id === undefined) return { state: next, effects: NO_EFFECTS };
  if (status === 404) {
    // Servers that have no GET stream answer it with 404, too.
    const sessionFate = verb === 'GET' ? 'kept' : 'in_doubt';
    return { state: { ...next, sessionFate }, effects: NO_EFFECTS };
  }
  const effects = isOver(state) ? NO_EFFECTS : effectsOnSession(state, id, status);
  return { state: next, effects };
}

function effectsOnSession(
  { verb, isResumption }: ForwardState,
  id: string,
  status: number,
): readonly ForwardEffect[] {
  if (verb === 'DELETE')
    return status < 300
      ? [{ kind: 'close_session', id, verdict: CANCELLED, message: 'the client ended its session' }]
      : [{ kind: 'keep_session', id }];
  if (status >= 300) return NO_EFFECTS;
  const touch: ForwardEffect = { kind: 'touch_session', id };
  return isResumption ? [touch, { kind: 'resume_calls', id }] : [touch];
}

function afterMessages(state: ForwardState, read: ReadMessages, bytes: number): ForwardStep {
  const share = shareOf(bytes, read);
  const { session } = state;
  const effects: ForwardEffect[] = [];
  let next = state;
  for (const facts of read.messages) {
    if (isResponse(facts)) {
      next = afterResponse(next, facts);
      const opened = openedSession(state, facts);
      if (opened) effects.push(opened);
      // A refused HTTP request has the status of its refusal: the codes in such answers are of every kind.
      const isRefusal = state.calls === 'whole' && state.status >= 300;
      if (isRefusal || next.sessionFate === 'lost') continue;
      effects.push({ kind: 'answer_call', facts: withId(state, facts), bytes: share, session });
    } else if (isRequest(facts)) {
      effects.push({ kind: 'begin_server_call', facts, bytes: share, session });
    } else {
      effects.push({ kind: 'notify', facts, session });
    }
  }
  return { state: next, effects };
}

function afterResponse(state: ForwardState, facts: MessageFacts): ForwardState {
  if (state.session === undefined || state.status !== 404)
    return state.hasResponse ? state : { ...state, hasResponse: true };
  const { onlyId } = state;
  const isOfRequest =
    onlyId !== undefined && findAnsweredId(new Set([onlyId]), facts.id) !== undefined;
  return keepsSession(facts, isOfRequest)
    ? { ...state, hasResponse: true, sessionFate: 'kept' }
    : { ...state, sessionFate: 'lost', lostDetail: facts.error?.message };
}

/** Servers leave the id out of errors of the only request, too. */
function withId({ onlyId, status }: ForwardState, facts: MessageFacts): MessageFacts {
  return status >= 400 && onlyId !== undefined && isErrorOfRequest(facts)
    ? { ...facts, id: onlyId }
    : facts;
}

/** A session counts once its `initialize` succeeded, with any status and form of the id that the official clients take. */
function openedSession(
  { newSession: id, opening }: ForwardState,
  { id: answered, error, protocolVersion }: MessageFacts,
): ForwardEffect | undefined {
  if (id === undefined || opening?.id === undefined || error) return undefined;
  if (findAnsweredId(new Set([opening.id]), answered) === undefined) return undefined;
  return {
    kind: 'open_session',
    id,
    opening: {
      ...(opening.client && { client: opening.client }),
      ...(protocolVersion !== undefined && { protocolVersion }),
    },
  };
}

function afterAnswer(state: ForwardState, { isGivenUp, isResumable }: AnswerEnd): ForwardStep {
  if (isOver(state)) return { state, effects: NO_EFFECTS };
  const answerEnd = { isGivenUp, isResumable };
  const next: ForwardState = { ...state, answerEnd };
  const step = state.isRequestRead
    ? endAfterAnswer(next, answerEnd)
    : { state: next, effects: NO_EFFECTS };
  return parkResumed(step, NO_RESPONSE);
}

function endAfterAnswer(state: ForwardState, end: AnswerEnd): ForwardStep {
  const { status, content, session, sessionFate } = state;
  if (session !== undefined && sessionFate !== 'kept') {
    const { state: next, effects } = endAll(state, SESSION_LOST, state.lostDetail);
    return { state: next, effects: [...effects, { kind: 'lose_session', id: session }] };
  }
  if (status >= 300) return endAll(state, judgeHttpStatus(status), undefined);
  const isAnswered = state.isStream || content === 'unreadable' || end.isGivenUp;
  if (isAnswered || state.calls !== 'requests')
    return endAll(state, { outcome: 'success', status }, undefined);
  if (content === 'json' && !state.hasResponse)
    return endAll(state, INVALID, 'the answer is no JSON-RPC response');
  const message = 'the answer ended without a result';
  return endAll(state, NO_RESPONSE, message, end.isResumable);
}

function afterFailure(
  state: ForwardState,
  failure: RelayFailure,
  isResumable: boolean,
): ForwardStep {
  if (isOver(state)) return { state, effects: NO_EFFECTS };
  const refusal = refusalOf(failure, state.answerTimeoutMs);
  if (refusal) return keepSession(refuse(state, refusal));
  const message = failure.kind === 'broken' ? failure.detail : undefined;
  const verdict = failure.kind === 'broken' ? BROKEN : CANCELLED;
  const isLeft = state.isStream && failure.kind !== 'broken';
  const step = isLeft
    ? endAll(state, { outcome: 'success', status: 200 }, undefined)
    : endAll(state, verdict, message, isResumable);
  return parkResumed(failure.kind === 'client_gone' ? step : keepSession(step), verdict);
}

/** The server never said whether it ended the session. */
function keepSession({ state, effects }: ForwardStep): ForwardStep {
  const { verb, session: id, status } = state;
  return verb === 'DELETE' && id !== undefined && status === 0
    ? { state, effects: [{ kind: 'keep_session', id }, ...effects] }
    : { state, effects };
}

/** The client may come back once more. */
function parkResumed({ state, effects }: ForwardStep, verdict: CallVerdict): ForwardStep {
  const { isResumption, session, status } = state;
  return isResumption && session !== undefined && status >= 200 && status < 300
    ? { state, effects: [{ kind: 'park_resumed_calls', verdict }, ...effects] }
    : { state, effects };
}

function refuse(
  state: ForwardState,
  { name, detail }: Pick<RefuseEffect, 'name' | 'detail'>,
): ForwardStep {
  const refused: ForwardState = { ...state, isRefused: true };
  const step = endAll(refused, REFUSALS[name].verdict, detail);
  return {
    state: step.state,
    effects: [{ kind: 'refuse', name, id: state.onlyId, detail }, ...step.effects],
  };
}

/**
 * The one place where the calls of the request end that have no response.
 * @param isResumable whether the stream that broke off can be resumed: the response may still come on another one
 */
function endAll(
  state: ForwardState,
  verdict: CallVerdict,
  message: string | undefined,
  isResumable = false,
): ForwardStep {
  const isParked = isResumable && state.session !== undefined;
  const end: ForwardEffect = isParked
    ? { kind: 'park_open_calls', verdict }
    : { kind: 'end_open_calls', verdict, message };
  const effects = isFailedWhole(state) ? [BEGIN_WHOLE, end, OVER] : [end, OVER];
  return { state: { ...state, ending: { verdict, message } }, effects };
}

/**
 * Whether nothing of the request waits for an outcome, and yet it has one that counts: the gateway refused it, or the server
 * refused a notification or a response. That a server has no GET stream, and ends no session by DELETE, is no failure.
 */
function isFailedWhole(state: ForwardState): boolean {
  const { isRequestRead, calls, isRefused, verb, isForEndpoint, status } = state;
  const isMessageRefused = isForEndpoint && verb === 'POST' && status >= 300;
  return isRequestRead && calls === 'none' && (isRefused || isMessageRefused);
}

function isOver({ answerEnd, ending }: ForwardState): boolean {
  return answerEnd !== undefined || ending !== undefined;
}
