import type { ServerIdentity } from '../../../facts/check-report.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import {
  type RpcAnswer,
  isAnswerTo,
  METHOD_NOT_FOUND,
  parseMessages,
  type RpcId,
  type RpcMessage,
} from '../../../protocol/json-rpc.ts';

/** The conversation on the kept stream of an HTTP+SSE server. `nextSseState` decides, `sse-probe-client.ts` performs the effects. */
export interface SseProbeClientState {
  readonly isStreamOpen: boolean;
  /** Of the server that was opened on the stream. */
  readonly identity: ServerIdentity | undefined;
  /** The request that waits for its answer. Requests never overlap, so one is enough. */
  readonly pending: { readonly id: number; readonly method: string } | undefined;
  /** Replies to requests of the server that are being posted. */
  readonly replyCount: number;
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
  | { readonly kind: 'message_received'; readonly data: string }
  | { readonly kind: 'reply_posted' }
  | { readonly kind: 'stream_lost'; readonly facts: FailureFacts }
  | { readonly kind: 'closed' };

export type SseProbeClientEffect =
  /** Ends the wait for the answer. */
  | { readonly kind: 'resolve'; readonly exchange: SseReply }
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
  pending: undefined,
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
    case 'request_sent':
      return { state: { ...state, pending: { id: event.id, method: event.method } }, effects: [] };
    case 'request_failed':
      return state.pending?.id === event.id
        ? resolve(state, { ok: false, facts: event.facts })
        : { state, effects: [] };
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
  if (!parsed.ok) {
    const method = state.pending?.method ?? '';
    const facts: FailureFacts = { kind: 'unusable', method, reason: parsed.reason };
    return resolve(state, { ok: false, facts });
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

function afterMessage(state: SseProbeClientState, message: RpcMessage): SseProbeClientStep {
  const { pending } = state;
  if (message.kind === 'request') return answerRequest(state, message);
  if (pending && isAnswerTo(message, pending.id, !isLate(message, pending.id)))
    return resolve(state, { ok: true, answer: message });
  return { state, effects: [] };
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
  const closed = close(state);
  const resolved = resolve(closed.state, { ok: false, facts });
  return { state: resolved.state, effects: [...closed.effects, ...resolved.effects] };
}

function resolve(state: SseProbeClientState, exchange: SseReply): SseProbeClientStep {
  return state.pending
    ? { state: { ...state, pending: undefined }, effects: [{ kind: 'resolve', exchange }] }
    : { state, effects: [] };
}

function close(state: SseProbeClientState): SseProbeClientStep {
  return {
    state: { ...state, isStreamOpen: false, identity: undefined },
    effects: state.isStreamOpen ? [{ kind: 'close_stream' }] : [],
  };
}

/** An error that answers an earlier request of ours, which was given up meanwhile. */
function isLate(message: RpcMessage, id: number): boolean {
  return message.kind === 'error' && typeof message.id === 'number' && message.id < id;
}
