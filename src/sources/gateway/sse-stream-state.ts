import { BROKEN, type CallVerdict, CANCELLED, NO_RESPONSE } from '../../facts/call-outcome.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import { isRequest, isResponse } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { type CallEffect, refusalOf, type RefuseEffect } from './call-effects.ts';
import type { RelayFailure } from './relay.ts';
import { WHOLE_REQUEST } from './whole-request.ts';

/**
 * The stream of one client of an HTTP+SSE server: `nextSseStreamState` decides, `sse-upstream.ts` performs the effects. The
 * address in its `endpoint` event is the id of its session.
 */
export interface SseStreamState {
  readonly answerTimeoutMs: number;
  readonly address: string | undefined;
  readonly isOver: boolean;
}

export type SseStreamEvent =
  /** Path and query to which the client posts its messages. */
  | { readonly kind: 'endpoint_announced'; readonly address: string }
  /** One event with data, and the bytes since the last one. */
  | { readonly kind: 'messages'; readonly read: ReadMessages; readonly bytes: number }
  | { readonly kind: 'answer_over' }
  | { readonly kind: 'failed'; readonly failure: RelayFailure };

/** To be performed in this order. */
export type SseStreamEffect =
  | CallEffect
  | RefuseEffect
  /** From here on the address takes messages. */
  | { readonly kind: 'open_address'; readonly address: string }
  | { readonly kind: 'close_address'; readonly address: string }
  /** The stream is no longer in flight. */
  | { readonly kind: 'over' };

export interface SseStreamStep {
  readonly state: SseStreamState;
  readonly effects: readonly SseStreamEffect[];
}

export function createSseStreamState(answerTimeoutMs: number): SseStreamState {
  return { answerTimeoutMs, address: undefined, isOver: false };
}

/** Deterministic, without I/O. */
export function nextSseStreamState(state: SseStreamState, event: SseStreamEvent): SseStreamStep {
  if (state.isOver) return { state, effects: [] };
  switch (event.kind) {
    case 'endpoint_announced':
      return afterEndpoint(state, event.address);
    case 'messages':
      return { state, effects: effectsOf(event.read, event.bytes, state.address) };
    case 'answer_over':
      return close(state, NO_RESPONSE, 'the stream of the session ended');
    case 'failed':
      return afterFailure(state, event.failure);
  }
}

function afterEndpoint(state: SseStreamState, address: string): SseStreamStep {
  return {
    state: { ...state, address },
    effects: [
      { kind: 'open_address', address },
      { kind: 'open_session', id: address, opening: {} },
    ],
  };
}

function effectsOf(
  { messages }: ReadMessages,
  bytes: number,
  session: string | undefined,
): readonly SseStreamEffect[] {
  return messages.map((facts): SseStreamEffect => {
    if (isResponse(facts)) return { kind: 'answer_call', facts, bytes, session };
    if (isRequest(facts)) return { kind: 'begin_server_call', facts, bytes, session };
    return { kind: 'notify', facts, session };
  });
}

function afterFailure(state: SseStreamState, failure: RelayFailure): SseStreamStep {
  const refusal = refusalOf(failure, state.answerTimeoutMs);
  const closed =
    failure.kind === 'client_gone' || failure.kind === 'cut'
      ? close(state, CANCELLED, undefined)
      : close(state, BROKEN, 'detail' in failure ? failure.detail : undefined);
  if (!refusal) return closed;
  const refuse: RefuseEffect = { kind: 'refuse', ...refusal, id: undefined };
  const { detail } = refusal;
  const { verdict } = REFUSALS[refusal.name];
  return {
    state: closed.state,
    effects: [
      refuse,
      { kind: 'begin_call', facts: WHOLE_REQUEST },
      { kind: 'end_open_calls', verdict, message: detail },
      ...closed.effects,
    ],
  };
}

/** Closing the session also ends its calls, whose responses would have come on the stream. */
function close(
  state: SseStreamState,
  verdict: CallVerdict,
  message: string | undefined,
): SseStreamStep {
  const { address } = state;
  const closing: readonly SseStreamEffect[] =
    address === undefined
      ? []
      : [
          { kind: 'close_address', address },
          { kind: 'close_session', id: address, verdict, message },
        ];
  return { state: { ...state, isOver: true }, effects: [{ kind: 'over' }, ...closing] };
}
