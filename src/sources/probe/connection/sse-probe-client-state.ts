import type { ServerIdentity } from '../../../facts/check-report.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import {
  type RpcAnswer,
  isAnswerTo,
  METHOD_NOT_FOUND,
  numberOfId,
  parseMessages,
  type RpcId,
  type RpcMessage,
} from '../../../protocol/json-rpc.ts';

/** The conversation on the kept stream of an HTTP+SSE server. `nextSseState` decides, `sse-probe-client.ts` performs the effects. */
export interface SseProbeClientState {
  readonly isStreamOpen: boolean;
  /** Of the server that was opened on the stream. */
  readonly identity: ServerIdentity | undefined;
  /** Requests that wait for their answers, in the order in which they were sent. Only those of a handshake overlap. */
  readonly pending: readonly SsePendingRequest[];
  /** A request that nobody waits for, whose answer is passed on all the same. */
  readonly lateId: number | undefined;
  /** Replies to requests of the server that are being posted. */
  readonly replyCount: number;
}

export interface SsePendingRequest {
  readonly id: number;
  readonly method: string;
  /** Why a text that may have been its answer was none. */
  readonly misfit?: string;
}

export type SseReply =
  | { readonly ok: true; readonly answer: RpcAnswer }
  | { readonly ok: false; readonly facts: FailureFacts };

export type SseProbeClientEvent =
  | { readonly kind: 'stream_opened' }
  | { readonly kind: 'identified'; readonly identity: ServerIdentity }
  | { readonly kind: 'request_sent'; readonly id: number; readonly method: string }
  /** The POST of a request failed, or the time for its answer is over. */
  | { readonly kind: 'request_failed'; readonly id: number; readonly facts: FailureFacts }
  /** Nobody waits for the answer to an earlier request, but it matters if it comes. */
  | { readonly kind: 'late_answer_wanted'; readonly id: number }
  | { readonly kind: 'message_received'; readonly data: string }
  | { readonly kind: 'reply_posted' }
  | { readonly kind: 'stream_lost'; readonly facts: FailureFacts }
  | { readonly kind: 'closed' };

export type SseProbeClientEffect =
  /** Ends the wait for the answer to a request. */
  | { readonly kind: 'resolve'; readonly id: number; readonly exchange: SseReply }
  | { readonly kind: 'late_answer'; readonly answer: RpcAnswer }
  | { readonly kind: 'post_reply'; readonly method: string; readonly text: string }
  | { readonly kind: 'close_stream' };

export interface SseProbeClientStep {
  readonly state: SseProbeClientState;
  readonly effects: readonly SseProbeClientEffect[];
}

/** A server that asks faster than we answer is left without answers, not given our memory. */
const REPLIES_MAX = 4;

export const CLOSED_SSE: SseProbeClientState = Object.freeze({
  isStreamOpen: false,
  identity: undefined,
  pending: Object.freeze([]),
  lateId: undefined,
  replyCount: 0,
});

export function nextSseState(
  state: SseProbeClientState,
  event: SseProbeClientEvent,
): SseProbeClientStep {
  switch (event.kind) {
    case 'stream_opened':
      return { state: { ...state, isStreamOpen: true }, effects: [] };
    case 'identified':
      return { state: { ...state, identity: event.identity }, effects: [] };
    case 'request_sent': {
      const pending = [...state.pending, { id: event.id, method: event.method }];
      return { state: { ...state, pending }, effects: [] };
    }
    case 'request_failed':
      return resolve(state, event.id, { ok: false, facts: explain(state, event) });
    case 'late_answer_wanted':
      return { state: { ...state, lateId: event.id }, effects: [] };
    case 'message_received':
      return afterMessages(state, event.data);
    case 'reply_posted':
      return { state: { ...state, replyCount: state.replyCount - 1 }, effects: [] };
    case 'stream_lost':
      return afterLoss(state, event.facts);
    case 'closed':
      return close(state);
  }
}

function afterMessages(state: SseProbeClientState, data: string): SseProbeClientStep {
  const parsed = parseMessages(data);
  // Official clients skip it too. It is the reason to give if the answer never comes.
  if (!parsed.ok) {
    const [oldest, ...others] = state.pending;
    if (oldest === undefined || oldest.misfit !== undefined) return { state, effects: [] };
    return {
      state: { ...state, pending: [{ ...oldest, misfit: parsed.reason }, ...others] },
      effects: [],
    };
  }
  let next = state;
  const effects: SseProbeClientEffect[] = [];
  for (const message of parsed.messages) {
    const step = afterMessage(next, message);
    next = step.state;
    effects.push(...step.effects);
  }
  return { state: next, effects };
}

function explain(
  { pending }: SseProbeClientState,
  { id, facts }: Extract<SseProbeClientEvent, { kind: 'request_failed' }>,
): FailureFacts {
  const request = pending.find((one) => one.id === id);
  if (request?.misfit === undefined || facts.kind !== 'timeout') return facts;
  return { kind: 'unusable', method: request.method, reason: request.misfit };
}

function afterMessage(state: SseProbeClientState, message: RpcMessage): SseProbeClientStep {
  if (message.kind === 'request') return answerRequest(state, message);
  if (message.kind !== 'result' && message.kind !== 'error') return { state, effects: [] };
  if (state.lateId !== undefined && isAnswerTo(message, state.lateId, false)) {
    const effects = [{ kind: 'late_answer', answer: message } as const];
    return { state: { ...state, lateId: undefined }, effects };
  }
  const answered = answeredBy(state.pending, message);
  return answered
    ? resolve(state, answered.id, { ok: true, answer: message })
    : { state, effects: [] };
}

/** An error with an id that is not one of ours answers the request that has waited longest. */
function answeredBy(
  pending: readonly SsePendingRequest[],
  message: RpcAnswer,
): SsePendingRequest | undefined {
  const own = pending.find(({ id }) => isAnswerTo(message, id, false));
  if (own !== undefined || message.kind === 'result') return own;
  const [oldest] = pending;
  return oldest && !isLate(message, oldest.id) ? oldest : undefined;
}

/** The stream is kept for hours, so a ping of the server is answered with `{}`; everything else is unknown here. */
function answerRequest(
  state: SseProbeClientState,
  { id, method }: { readonly id: RpcId; readonly method: string },
): SseProbeClientStep {
  if (!state.isStreamOpen || state.replyCount >= REPLIES_MAX) return { state, effects: [] };
  const answer =
    method === 'ping'
      ? { result: {} }
      : { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } };
  const text = JSON.stringify({ jsonrpc: '2.0', id, ...answer });
  return {
    state: { ...state, replyCount: state.replyCount + 1 },
    effects: [{ kind: 'post_reply', method, text }],
  };
}

function afterLoss(state: SseProbeClientState, facts: FailureFacts): SseProbeClientStep {
  let step = close(state);
  for (const { id } of state.pending) {
    const resolved = resolve(step.state, id, { ok: false, facts });
    step = { state: resolved.state, effects: [...step.effects, ...resolved.effects] };
  }
  return step;
}

function resolve(state: SseProbeClientState, id: number, exchange: SseReply): SseProbeClientStep {
  const pending = state.pending.filter((request) => request.id !== id);
  return pending.length < state.pending.length
    ? { state: { ...state, pending }, effects: [{ kind: 'resolve', id, exchange }] }
    : { state, effects: [] };
}

function close(state: SseProbeClientState): SseProbeClientStep {
  return {
    state: { ...state, isStreamOpen: false, identity: undefined, lateId: undefined },
    effects: state.isStreamOpen ? [{ kind: 'close_stream' }] : [],
  };
}

/** An error that answers an earlier request of ours, which was given up meanwhile. */
function isLate(message: RpcMessage, id: number): boolean {
  return message.kind === 'error' && numberOfId(message.id) < id;
}
