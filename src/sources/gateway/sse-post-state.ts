import {
  BROKEN,
  type CallVerdict,
  CANCELLED,
  judgeHttpStatus,
  SESSION_LOST,
} from '../../facts/call-outcome.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import { isRequest, isResponse, type MessageFacts } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { type CallEffect, refusalOf, type RefuseEffect } from './call-effects.ts';
import type { RelayFailure } from './relay.ts';
import { isEmptyPost, WHOLE_REQUEST } from './whole-request.ts';

/**
 * One POST to an HTTP+SSE server: `nextSsePostState` decides, `sse-upstream.ts` performs the effects. The responses come on the
 * client's stream, so that its calls end here only if the POST fails.
 */
export interface SsePostState {
  /** The address, see `SseStreamState`. */
  readonly session: string;
  readonly answerTimeoutMs: number;
  /** JSON text of the id of its first request. */
  readonly firstId: string | undefined;
  /** As in `ForwardState`. */
  readonly calls: 'requests' | 'whole' | 'none';
  /** 0 until the head of the answer. */
  readonly status: number;
  readonly isOver: boolean;
}

export type SsePostEvent =
  | { readonly kind: 'request_read'; readonly read: ReadMessages; readonly bytes: number }
  | { readonly kind: 'head'; readonly status: number }
  | { readonly kind: 'answer_over' }
  | { readonly kind: 'failed'; readonly failure: RelayFailure };

/** To be performed in this order. */
export type SsePostEffect =
  | CallEffect
  | RefuseEffect
  /** The POST is no longer in flight. */
  | { readonly kind: 'over' };

export interface SsePostStep {
  readonly state: SsePostState;
  readonly effects: readonly SsePostEffect[];
}

const EXPIRED: CallVerdict = { outcome: 'timeout', status: 504, errorType: 'timeout' };
const OVER: SsePostEffect = Object.freeze({ kind: 'over' });
const BEGIN_WHOLE: SsePostEffect = Object.freeze({ kind: 'begin_call', facts: WHOLE_REQUEST });

export function createSsePostState({
  session,
  answerTimeoutMs,
}: Pick<SsePostState, 'session' | 'answerTimeoutMs'>): SsePostState {
  const nothing = { firstId: undefined, calls: 'none', status: 0, isOver: false } as const;
  return { session, answerTimeoutMs, ...nothing };
}

/** Deterministic, without I/O. */
export function nextSsePostState(state: SsePostState, event: SsePostEvent): SsePostStep {
  if (state.isOver) return { state, effects: [] };
  switch (event.kind) {
    case 'request_read':
      return afterRequest(state, event.read, event.bytes);
    case 'head':
      return { state: { ...state, status: event.status }, effects: [] };
    case 'answer_over':
      return afterAnswer(state);
    case 'failed':
      return afterFailure(state, event.failure);
  }
}

function afterRequest(state: SsePostState, read: ReadMessages, bytes: number): SsePostStep {
  const { messages } = read;
  if (isEmptyPost('POST', read))
    return { state: { ...state, calls: 'whole' }, effects: [BEGIN_WHOLE] };
  const first = messages.find(isRequest);
  return {
    state: { ...state, firstId: first?.id, calls: first ? 'requests' : 'none' },
    effects: messages.flatMap((facts) => effectsOfMessage(facts, bytes, state.session)),
  };
}

function effectsOfMessage(
  facts: MessageFacts,
  bytes: number,
  session: string,
): readonly SsePostEffect[] {
  if (isResponse(facts)) return [{ kind: 'answer_server_call', facts, bytes, session }];
  if (!isRequest(facts)) return [{ kind: 'notify', facts, session }];
  const begin: SsePostEffect = { kind: 'begin_call', facts, parkedAs: EXPIRED };
  if (facts.method !== 'initialize') return [begin];
  const opening = {
    ...(facts.client && { client: facts.client }),
    ...(facts.protocolVersion !== undefined && { protocolVersion: facts.protocolVersion }),
  };
  return [begin, { kind: 'open_session', id: session, opening }];
}

function afterAnswer(state: SsePostState): SsePostStep {
  const { status } = state;
  if (status >= 300)
    return endAll(state, status === 404 ? SESSION_LOST : judgeHttpStatus(status), undefined);
  // The server took what is no message, and no response will come.
  if (state.calls === 'whole') return endAll(state, { outcome: 'success', status }, undefined);
  return { state: { ...state, isOver: true }, effects: [OVER] };
}

function afterFailure(state: SsePostState, failure: RelayFailure): SsePostStep {
  const refusal = refusalOf(failure, state.answerTimeoutMs);
  const message = 'detail' in failure ? failure.detail : undefined;
  if (!refusal) {
    const verdict = failure.kind === 'broken' ? BROKEN : CANCELLED;
    return endAll(state, verdict, message);
  }
  const { verdict } = REFUSALS[refusal.name];
  const refuse: RefuseEffect = { kind: 'refuse', ...refusal, id: state.firstId };
  return endAll(state, verdict, message, [refuse]);
}

/** The one place where the calls of the POST end without a response. */
function endAll(
  state: SsePostState,
  verdict: CallVerdict,
  message: string | undefined,
  refusals: readonly RefuseEffect[] = [],
): SsePostStep {
  const { calls, status } = state;
  const isFailedWhole = calls === 'none' && (refusals.length > 0 || status >= 300);
  const begun: readonly SsePostEffect[] = isFailedWhole ? [BEGIN_WHOLE] : [];
  return {
    state: { ...state, isOver: true },
    effects: [OVER, ...refusals, ...begun, { kind: 'end_open_calls', verdict, message }],
  };
}
