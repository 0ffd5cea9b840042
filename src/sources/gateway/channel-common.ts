import type { Clock } from '../../facts/ports/clock.ts';
import { findAnswered, isRequest } from '../../protocol/message-facts.ts';
import type { PendingMap } from '../../protocol/pending-map.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import { type RefusalName, REFUSALS, renderRefusal } from '../../facts/refusal.ts';
import type { Era, Transport } from '../../facts/server.ts';
import type { CallTracker } from './call-tracker.ts';
import type { Exchange } from './exchange.ts';
import { countUnforwarded } from './count-unforwarded.ts';
import type { OpenChannel } from '../../protocol/message-channel.ts';
import type { PostReply } from './post-reply.ts';
import { FAILED } from './fault.ts';
import { sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface ChannelUpstreamOptions {
  readonly clock: Clock;
  readonly tracker: CallTracker;
  readonly open: OpenChannel;
  /** What the prober knows of the server, if the server itself said so; decides what a request of the modern era is worth. */
  readonly knownEra: () => Era | undefined;
  /** The same if the prober only assumes it, since the server accepted `initialize` but never answered `server/discover`. */
  readonly assumedEra: () => Era | undefined;
  /**
   * How long a server that has not answered any request of the modern era may take for `server/discover`. Once it is over,
   * the server is legacy if there is a sign that it runs at all; else it may still be starting.
   */
  readonly discoverTimeoutMs: number;
  /** Conversations, and so children, at the same time. */
  readonly sessionsMax: number;
  readonly idleMs: number;
  readonly answerTimeoutMs: number;
  /** Called with an exception in the gateway that ended a request. */
  readonly onFault: (error: unknown) => void;
  /** Called for each message of a client that goes upstream. */
  readonly onRequest?: () => void;
}

/** A request that waits for its answer on a channel. */
export interface WaitingPost {
  readonly reply: PostReply;
  readonly exchange: Exchange;
  /** JSON text of the client's id as it was written. */
  readonly writtenId: () => string | undefined;
}

/**
 * Ends a request after an exception in the gateway.
 * @param key by which its reply knows it
 */
export function failPost(
  { tracker, onFault }: Pick<ChannelUpstreamOptions, 'tracker' | 'onFault'>,
  { exchange, reply, writtenId }: WaitingPost,
  key: string,
  error: unknown,
): void {
  onFault(error);
  try {
    tracker.end(exchange, REFUSALS.internal_error.verdict, FAILED.detail);
  } catch (fault) {
    onFault(fault);
  }
  reply.fail(key, renderRefusal('internal_error', writtenId(), FAILED.detail));
}

/** The request that gets no answer: by its id, or the only one that waits if that is not known. */
export function findUnanswered<Waiting>(
  waiting: PendingMap<string, Waiting>,
  id: string | undefined,
): Waiting | undefined {
  if (id !== undefined) return findAnswered(waiting, id);
  const [only] = waiting.values();
  return waiting.size === 1 ? only : undefined;
}

export function refuse(
  { clock, tracker }: Pick<ChannelUpstreamOptions, 'clock' | 'tracker'>,
  admitted: AdmittedRequest,
  name: RefusalName,
  detail?: string,
  transport: Transport = 'http',
): void {
  countUnforwarded(tracker, admitted, { verdict: REFUSALS[name].verdict, detail, transport });
  const requests = admitted.read.messages.filter(isRequest);
  sendRefusal(clock, admitted.response, name, {
    id: requests.length === 1 ? writtenIdIn(admitted.read, requests[0]?.id) : undefined,
    detail,
  });
}

/** One line: a raw line break in JSON is always between its tokens. */
export function toLine(body: Buffer): string {
  return body.toString('utf8').replaceAll(/[\r\n]+/g, ' ');
}

export function acceptsEvents({ request }: AdmittedRequest): boolean {
  const accept = request.headers.accept ?? '*/*';
  return /text\/event-stream|text\/\*|\*\/\*/.test(accept);
}
