import type { Era } from '../../../facts/server.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import type { SessionContext } from '../../../protocol/http/message-headers.ts';
import type { RequestFailure } from '../../../protocol/probe-client.ts';

/** What is kept of a Streamable HTTP server between checks. `nextHttpState` decides, `http-probe-client.ts` performs the effects. */
export interface HttpProbeClientState {
  readonly session: HttpSession | undefined;
  /** Given up after a failure: the server may still keep it. */
  readonly abandoned: HttpSession | undefined;
  /** The server was opened and keeps nothing of us. */
  readonly isStateless: boolean;
}

/** Session id and revision, for every request in it. */
export interface HttpSession extends SessionContext {
  readonly sessionId: string;
}

export type HttpProbeClientEvent =
  | {
      readonly kind: 'opened';
      readonly era: Era;
      readonly isEraAssumed: boolean;
      readonly session: HttpSession | undefined;
    }
  | { readonly kind: 'open_failed'; readonly facts: FailureFacts }
  /** A request failed in the session. */
  | { readonly kind: 'abandoned'; readonly failure: RequestFailure }
  /** A handshake begins. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'closed' };

export type HttpProbeClientEffect =
  | { readonly kind: 'delete_session'; readonly session: HttpSession }
  /** Without waiting for the answer. */
  | { readonly kind: 'delete_abandoned'; readonly session: HttpSession }
  | { readonly kind: 'learn_era'; readonly era: Era; readonly isAssumed: boolean }
  | { readonly kind: 'forget_era' };

export interface HttpProbeClientStep {
  readonly state: HttpProbeClientState;
  readonly effects: readonly HttpProbeClientEffect[];
}

export const CLOSED_HTTP: HttpProbeClientState = Object.freeze({
  session: undefined,
  abandoned: undefined,
  isStateless: false,
});

export function nextHttpState(
  state: HttpProbeClientState,
  event: HttpProbeClientEvent,
): HttpProbeClientStep {
  switch (event.kind) {
    case 'opened':
      return afterOpening(state, event);
    case 'open_failed':
      return refutesEra(event.facts)
        ? { state: { ...state, isStateless: false }, effects: [{ kind: 'forget_era' }] }
        : { state, effects: [] };
    case 'abandoned': {
      // With 404 the server says that it no longer has the session.
      const abandoned = event.failure.httpStatus === 404 ? undefined : state.session;
      return { state: { ...state, session: undefined, abandoned }, effects: [] };
    }
    case 'opening':
      return {
        state: { ...state, session: undefined },
        effects: deleting(state.session),
      };
    case 'closed':
      return {
        state: { ...state, session: undefined, abandoned: undefined },
        effects: [...deleting(state.session), ...deleting(state.abandoned)],
      };
  }
}

function afterOpening(
  { abandoned }: HttpProbeClientState,
  { era, isEraAssumed, session }: Extract<HttpProbeClientEvent, { kind: 'opened' }>,
): HttpProbeClientStep {
  return {
    state: { session, abandoned: undefined, isStateless: session === undefined },
    effects: [
      { kind: 'learn_era', era, isAssumed: isEraAssumed },
      ...(abandoned ? [{ kind: 'delete_abandoned', session: abandoned } as const] : []),
    ],
  };
}

function deleting(session: HttpSession | undefined): readonly HttpProbeClientEffect[] {
  return session ? [{ kind: 'delete_session', session }] : [];
}

/** Says that the server, or what stands before it, is busy or refuses credentials. */
const SAYS_NOTHING_OF_ERA = new Set([401, 403, 429, 502, 503, 504]);

/** The server answered, and not as one of the known era would: the next check asks for the era again. */
function refutesEra(facts: FailureFacts): boolean {
  if (facts.kind === 'http') return !SAYS_NOTHING_OF_ERA.has(facts.status);
  return facts.kind === 'rpc' || facts.kind === 'unusable';
}
