import { MODERN_REVISION } from '../../facts/revisions.ts';
import type { MessageFacts } from '../message-facts.ts';
import { isSuccess } from './http-status.ts';
import type { MessageContext } from './message-headers.ts';

/** What a bridge knows of the server that it talks to. `nextHttpChannelState` decides; `http-channel.ts` sends. */
export interface HttpChannelState {
  readonly sessionId: string | undefined;
  /** Of the handshake; undefined in the era without one. */
  readonly agreedVersion: string | undefined;
  /** What the client's requests name in the era without a handshake. */
  readonly statelessVersion: string | undefined;
  /** Whether the server ever answered with success. */
  readonly hasAnswered: boolean;
}

export type HttpChannelEvent =
  | { readonly kind: 'message_sent'; readonly first: MessageFacts | undefined }
  /** The head of an answer is there. */
  | {
      readonly kind: 'answer_begun';
      readonly isOpening: boolean;
      readonly status: number;
      readonly sessionId: string | undefined;
    }
  | { readonly kind: 'opening_answered'; readonly protocolVersion: string | undefined }
  | { readonly kind: 'session_renewed'; readonly sessionId: string }
  | { readonly kind: 'closed' };

export const NEW_HTTP_CHANNEL: HttpChannelState = Object.freeze({
  sessionId: undefined,
  agreedVersion: undefined,
  statelessVersion: undefined,
  hasAnswered: false,
});

export function nextHttpChannelState(
  state: HttpChannelState,
  event: HttpChannelEvent,
): HttpChannelState {
  switch (event.kind) {
    case 'message_sent': {
      const { first } = event;
      return first?.protocolVersion !== undefined && isStateless(state, first)
        ? { ...state, statelessVersion: first.protocolVersion }
        : state;
    }
    case 'answer_begun': {
      const { isOpening, status, sessionId } = event;
      const hasAnswered = state.hasAnswered || status < 300;
      return isOpening && isSuccess(status)
        ? { ...state, hasAnswered, sessionId }
        : { ...state, hasAnswered };
    }
    case 'opening_answered':
      return { ...state, agreedVersion: event.protocolVersion };
    case 'session_renewed':
      return { ...state, sessionId: event.sessionId };
    case 'closed':
      return { ...state, sessionId: undefined };
  }
}

/** Whether a message belongs to the era without sessions: by its own revision, else by that of the messages before it. */
export function isStateless(
  { agreedVersion, statelessVersion }: HttpChannelState,
  { method, protocolVersion }: MessageFacts,
): boolean {
  if (agreedVersion !== undefined || method === 'initialize') return false;
  return protocolVersion === undefined
    ? statelessVersion !== undefined
    : protocolVersion >= MODERN_REVISION;
}

/**
 * What the headers of a message say.
 *
 * @param first the message, or the first one of a batch
 * @param params see `RepeatedParts`
 */
export function contextOf(
  state: HttpChannelState,
  first: MessageFacts | undefined,
  params: Readonly<Record<string, string>>,
): MessageContext {
  if (first?.method === 'initialize') return {};
  const { sessionId, agreedVersion, statelessVersion } = state;
  const session = sessionId !== undefined && { sessionId };
  if (first !== undefined && isStateless(state, first)) {
    const version = first.protocolVersion ?? statelessVersion;
    const { method, target } = first;
    return {
      ...session,
      ...(version !== undefined && { protocolVersion: version }),
      repeated: { method, target, params },
    };
  }
  // In every revision, as the official clients do: the gateway reads the revision of a call there. Checks leave the
  // header out before 2025-06-18, which does not know it.
  return { ...session, ...(agreedVersion !== undefined && { protocolVersion: agreedVersion }) };
}
