import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { Transport } from '../../facts/server.ts';
import { isRequest } from '../../protocol/message-facts.ts';
import type { CallTracker } from './call-tracker.ts';
import { carrierOf } from './carrier.ts';
import type { AdmittedRequest } from './upstream.ts';
import { WHOLE_REQUEST } from './whole-request.ts';

/** How a request ended that never went upstream. */
export interface UnforwardedEnd {
  readonly verdict: CallVerdict;
  readonly detail?: string | undefined;
  /** Of the client's side. Default: `http`. */
  readonly transport?: Transport;
}

/** Counts each JSON-RPC request of an HTTP request, or the HTTP request as a whole if it has none. */
export function countUnforwarded(
  tracker: CallTracker,
  admitted: AdmittedRequest,
  { verdict, detail, transport = 'http' }: UnforwardedEnd,
): void {
  admitted.arrival.isCounted = true;
  const requests = admitted.read.messages.filter(isRequest);
  const carrier = carrierOf(admitted, transport, undefined);
  for (const facts of requests.length > 0 ? requests : [WHOLE_REQUEST])
    tracker.end(tracker.begin(facts, carrier), verdict, detail);
}
