import type { Era } from '../../../facts/server.ts';
import type { FailureFacts } from '../../../protocol/classify-failure.ts';
import { METHOD_NOT_FOUND } from '../../../protocol/json-rpc.ts';
import type { RequestFailure } from '../../../protocol/probe-client.ts';

/** What is kept of a Streamable HTTP server between checks. `nextHttpState` decides, `http-probe-client.ts` performs the effects. */
export interface HttpProbeClientState {
  readonly session: HttpSession | undefined;
  /** The server was opened and keeps nothing of us. */
  readonly isStateless: boolean;
}

export interface HttpSession {
  /** Session id and revision, for every request in it. */
  readonly headers: Readonly<Record<string, string>>;
}

export type HttpProbeClientEvent =
  | { readonly kind: 'opened'; readonly era: Era; readonly session: HttpSession | undefined }
  | { readonly kind: 'open_failed'; readonly facts: FailureFacts }
  | { readonly kind: 'request_failed'; readonly failure: RequestFailure }
  | { readonly kind: 'closed' };

export type HttpProbeClientEffect =
  | { readonly kind: 'delete_session'; readonly session: HttpSession }
  | { readonly kind: 'learn_era'; readonly era: Era }
  | { readonly kind: 'forget_era' };

export interface HttpProbeClientStep {
  readonly state: HttpProbeClientState;
  readonly effects: readonly HttpProbeClientEffect[];
}

export const CLOSED_HTTP: HttpProbeClientState = Object.freeze({
  session: undefined,
  isStateless: false,
});

export function nextHttpState(
  state: HttpProbeClientState,
  event: HttpProbeClientEvent,
): HttpProbeClientStep {
  switch (event.kind) {
    case 'opened':
      return {
        state: { session: event.session, isStateless: event.session === undefined },
        effects: [{ kind: 'learn_era', era: event.era }],
      };
    case 'open_failed':
      return refutesEra(event.facts)
        ? { state: { ...state, isStateless: false }, effects: [{ kind: 'forget_era' }] }
        : { state, effects: [] };
    case 'request_failed':
      return afterFailure(state, event.failure);
    case 'closed':
      return endSession(state);
  }
}

/** 404 is how a session ends; a ping gives no other reason for 400 either, but there something may be left. */
function afterFailure(
  state: HttpProbeClientState,
  { httpStatus, rpcCode }: RequestFailure,
): HttpProbeClientStep {
  if (httpStatus === 404) return { state: { ...state, session: undefined }, effects: [] };
  if (httpStatus === 400 && rpcCode !== METHOD_NOT_FOUND) return endSession(state);
  return { state, effects: [] };
}

function endSession({ session, isStateless }: HttpProbeClientState): HttpProbeClientStep {
  return {
    state: { session: undefined, isStateless },
    effects: session ? [{ kind: 'delete_session', session }] : [],
  };
}

/** The server answered, and not as one of the known era would: the next check asks for the era again. */
function refutesEra(facts: FailureFacts): boolean {
  if (facts.kind === 'http') return [400, 404, 405, 406].includes(facts.status);
  return facts.kind === 'rpc' || facts.kind === 'unusable';
}
