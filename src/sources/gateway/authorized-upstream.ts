import { CANCELLED } from '../../facts/call-outcome.ts';
import type { Transport } from '../../facts/server.ts';
import type { AccessTokens } from '../../protocol/access-tokens.ts';
import type { CallTracker } from './call-tracker.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import { failAdmitted, type FaultOptions } from './fault.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

export interface AuthorizedUpstreamOptions extends FaultOptions {
  readonly tracker: CallTracker;
  /** Of the clients. */
  readonly transport: Transport;
}

/**
 * Sees to it that there is an access token before a request of a client without `Authorization` goes upstream. The upstream
 * adds it, as it adds configured headers. If the server refuses it, the client gets the 401, and the next request a new one.
 */
export function createAuthorizedUpstream(
  upstream: Upstream,
  tokens: AccessTokens,
  options: AuthorizedUpstreamOptions,
): Upstream {
  return {
    hasSessionOf: (message) => upstream.hasSessionOf(message),
    load: () => upstream.load(),
    stop: (signal) => upstream.stop(signal),
    handle(admitted) {
      if (admitted.request.headers.authorization !== undefined) {
        upstream.handle(admitted);
        return;
      }
      const sent = tokens.peek();
      // Also renews one that is about to expire; nothing waits for that.
      const ready = tokens.current(NEVER);
      if (sent !== undefined) handOver(upstream, tokens, admitted, options);
      else
        ready
          .then(() => handOver(upstream, tokens, admitted, options))
          .catch((error: unknown) => failAdmitted(options, admitted, error));
    },
  };
}

const NEVER = new AbortController().signal;

function handOver(
  upstream: Upstream,
  tokens: AccessTokens,
  admitted: AdmittedRequest,
  { tracker, transport }: AuthorizedUpstreamOptions,
): void {
  const { response } = admitted;
  // The client gave up meanwhile.
  if (response.destroyed) {
    countUnforwarded(tracker, admitted, { verdict: CANCELLED, transport });
    return;
  }
  const sent = tokens.peek();
  response.once('finish', () => {
    if (response.statusCode === 401) void tokens.replace(sent, undefined, NEVER);
    else if (sent !== undefined) tokens.accepted(sent);
  });
  upstream.handle(admitted);
}
