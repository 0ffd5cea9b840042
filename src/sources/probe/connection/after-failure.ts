import type { Transport } from '../../../facts/server.ts';
import type { RequestFailure } from '../../../protocol/probe-client.ts';

/** In what a request failed: the session, stream or child that was kept since an earlier check. */
export interface KeptClient {
  readonly transport: Transport | undefined;
  /** A check succeeded in it before. */
  readonly hasWorked: boolean;
  /** Requests in a row that got no answer within the time of their check, this one included. */
  readonly unanswered: number;
  /** The check that sent the request has no time left. */
  readonly isTimeUp: boolean;
}

/**
 * `repeat`: give up what is kept, and repeat the check after a fresh handshake before its failure counts; `reopen`: give
 * it up, and begin the next check with a handshake; `keep`: ask again in what is kept.
 */
export type AfterFailure = 'repeat' | 'reopen' | 'keep';

/** Over HTTP one unanswered request may be a slow server; after two the session or stream may be what is broken. */
export const UNANSWERED_MAX = 2;

/**
 * What follows from a request that failed in a kept session, stream or child. A server that was restarted reports a
 * session that it does not know with 404, as the specification requires (2025-11-25, Session Management), but also with
 * 400, 401, 500, 503 or a JSON-RPC error. So no answer proves that the server itself fails, until a fresh handshake fails too.
 */
export function afterFailure(
  { outcome, retryAfterMs }: RequestFailure,
  { transport, hasWorked, unanswered, isTimeUp }: KeptClient,
): AfterFailure {
  // The client of a stdio server replaces a child that does not answer, with a back-off.
  if (isTimeUp) return transport !== 'stdio' && unanswered >= UNANSWERED_MAX ? 'reopen' : 'keep';
  // A fresh child failed as the one before it: starting one per check would only cost CPU time.
  if (!hasWorked) return transport === 'stdio' ? 'keep' : 'reopen';
  // The server asks for fewer requests.
  if (outcome === 'rate_limited' || retryAfterMs !== undefined) return 'reopen';
  return 'repeat';
}
