import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { RefusalName } from '../../facts/refusal.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import type { SessionOpening } from './describe-call.ts';
import type { RelayFailure } from './relay.ts';

/** What one forwarded HTTP request or its answer means for the calls of its server. `forwarded-calls.ts` performs it. */
export type CallEffect =
  | CallBegun
  /** One call of this HTTP request: there will be no response. */
  | {
      readonly kind: 'end_call';
      readonly id: string;
      readonly verdict: CallVerdict;
      readonly message: string;
    }
  /** Each call of this HTTP request that has not ended: there will be no response. */
  | {
      readonly kind: 'end_open_calls';
      readonly verdict: CallVerdict;
      readonly message: string | undefined;
    }
  /** Each call of this HTTP request that has not ended: its response may still come on another stream. */
  | { readonly kind: 'park_open_calls'; readonly verdict: CallVerdict }
  /** A response of the server. */
  | PassedMessage<'answer_call'>
  /** A request of the server. */
  | PassedMessage<'begin_server_call'>
  /** A response of the client. */
  | PassedMessage<'answer_server_call'>
  /** A notification of either side. */
  | Omit<PassedMessage<'notify'>, 'bytes'>
  | { readonly kind: 'open_session'; readonly id: string; readonly opening: SessionOpening }
  | { readonly kind: 'touch_session'; readonly id: string }
  /** The session is over; its calls end without a response. */
  | {
      readonly kind: 'close_session';
      readonly id: string;
      readonly verdict: CallVerdict;
      readonly message?: string | undefined;
    }
  /** The client asks for the end of its session. */
  | { readonly kind: 'leave_session'; readonly id: string }
  /** The server did not end it. */
  | { readonly kind: 'keep_session'; readonly id: string }
  /** The server no longer has the session; calls that wait on streams of their own end with these. */
  | { readonly kind: 'lose_session'; readonly id: string }
  /** The client came back for the responses of the session's parked calls: they come on the answer to this HTTP request. */
  | { readonly kind: 'resume_calls'; readonly id: string }
  /** The stream on which they were to come is over. */
  | { readonly kind: 'park_resumed_calls'; readonly verdict: CallVerdict };

/** A request of the client. */
interface CallBegun {
  readonly kind: 'begin_call';
  readonly facts: MessageFacts;
  /** `undefined`: as the HTTP request says, see `carrierOf`. */
  readonly bytes?: number;
  /** The response comes on another stream; without one the call ends with this verdict. */
  readonly parkedAs?: CallVerdict;
}

interface PassedMessage<Kind extends string> {
  readonly kind: Kind;
  readonly facts: MessageFacts;
  readonly bytes: number;
  readonly session: string | undefined;
}

/** The gateway answers in the server's place, with this error. */
export interface RefuseEffect {
  readonly kind: 'refuse';
  readonly name: RefusalName;
  /** JSON text of the request's id. */
  readonly id: string | undefined;
  readonly detail: string;
}

/** The refusal with which the gateway answers after a failure; `undefined` if the client is gone or has the head of an answer. */
export function refusalOf(
  failure: RelayFailure,
  answerTimeoutMs: number,
): Pick<RefuseEffect, 'name' | 'detail'> | undefined {
  switch (failure.kind) {
    case 'timeout':
      return {
        name: 'timeout',
        detail: `no answer within ${Math.round(answerTimeoutMs / 1000)} s`,
      };
    case 'unreachable':
      return { name: 'unreachable', detail: failure.detail };
    case 'internal':
      return { name: 'internal_error', detail: failure.detail };
    case 'broken':
    case 'client_gone':
    case 'cut':
      return undefined;
  }
}

/** Each message of a batch has its share of the bytes. */
export function shareOf(bytes: number, { messages }: ReadMessages): number {
  return messages.length > 1 ? Math.round(bytes / messages.length) : bytes;
}
