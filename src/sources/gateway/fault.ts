import type { ServerResponse } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import { isRequest } from '../../protocol/message-facts.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import type { CallTracker } from './call-tracker.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import { sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface FaultOptions {
  readonly clock: Clock;
  /** Called with an exception in the gateway that ended a request: for the log. */
  readonly onFault: (error: unknown) => void;
}

/** What an exception in the gateway means for the request that it ends. */
export const FAILED = Object.freeze({
  kind: 'internal',
  detail: 'the gateway failed while it forwarded the request',
} as const);

/** Ends a request after an exception: with a refusal if no head was sent, else by cutting the connection. */
export function failRequest(
  { clock, onFault }: FaultOptions,
  response: ServerResponse,
  id: string | undefined,
  error: unknown,
): void {
  onFault(error);
  const { headersSent: hasHead } = response;
  try {
    sendRefusal(clock, response, 'internal_error', { id, detail: FAILED.detail });
  } catch (fault) {
    onFault(fault);
  }
  if ((hasHead && !response.writableEnded) || !response.headersSent) response.destroy();
}

/** The same for one whose messages are known; counts those that nobody has counted yet. */
export function failAdmitted(
  options: FaultOptions & { readonly tracker: CallTracker },
  admitted: AdmittedRequest,
  error: unknown,
): void {
  const { response, read, arrival } = admitted;
  try {
    const { verdict } = REFUSALS.internal_error;
    if (!arrival.isCounted)
      countUnforwarded(options.tracker, admitted, { verdict, detail: FAILED.detail });
  } catch (fault) {
    options.onFault(fault);
  }
  const requests = read.messages.filter(isRequest);
  const id = requests.length === 1 ? writtenIdIn(read, requests[0]?.id) : undefined;
  failRequest(options, response, id, error);
}

/** After an exception that left no answer, not even a refusal: the client must not wait. */
export function cutUnanswered(response: ServerResponse): void {
  if (!response.headersSent) response.destroy();
}
