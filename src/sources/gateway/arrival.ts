import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallVerdict, CANCELLED } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';
import { isRequest, type MessageFacts } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import type { CallTracker } from './call-tracker.ts';
import { FAILED } from './fault.ts';
import { pathOf, verbOf } from './carrier.ts';
import { type RefusalDetails, sendRefusal } from './send-refusal.ts';
import { WHOLE_REQUEST } from './whole-request.ts';

/** One HTTP request as it comes in, and where its calls are counted. */
export interface Arrival {
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly receivedAtMs: EpochMs;
  readonly receivedMs: MonotonicMs;
  /** Of its server, or of all unknown servers. */
  readonly tracker: CallTracker;
  /** Whether its calls are counted somewhere already: nothing else may count or forward it. */
  isCounted: boolean;
}

export const NO_MESSAGES: ReadMessages = { messages: [], isBatch: false, isJson: false };

/** Answers in the server's place and counts what was refused. */
export function refuse(
  arrival: Arrival,
  read: ReadMessages,
  name: RefusalName,
  details: Omit<RefusalDetails, 'id'> = {},
): void {
  const { clock, response } = arrival;
  const requests = read.messages.filter(isRequest);
  countEach(arrival, requests, name, details.detail);
  sendRefusal(clock, response, name, {
    ...details,
    id: requests.length === 1 ? writtenIdIn(read, requests[0]?.id) : undefined,
  });
}

/** Counts what an exception ended, unless somebody has taken over the request. */
export function countFailed(arrival: Arrival, { messages }: ReadMessages): void {
  if (!arrival.isCounted)
    countEach(arrival, messages.filter(isRequest), 'internal_error', FAILED.detail);
}

function countEach(
  arrival: Arrival,
  requests: readonly MessageFacts[],
  name: RefusalName,
  detail: string | undefined,
): void {
  const { verdict } = REFUSALS[name];
  const verb = verbOf(arrival.request.method);
  const path = pathOf(arrival.request);
  arrival.isCounted = true;
  for (const facts of requests.length > 0 ? requests : [WHOLE_REQUEST])
    countUnread(arrival, { verdict, facts, verb, path, detail });
}

/** The client went away before its request was through. */
export function leave(arrival: Arrival): void {
  if (arrival.isCounted) return;
  arrival.isCounted = true;
  countUnread(arrival, {
    verdict: CANCELLED,
    verb: verbOf(arrival.request.method),
    path: pathOf(arrival.request),
  });
}

interface UnreadEnd {
  readonly verdict: CallVerdict;
  readonly facts?: MessageFacts;
  readonly verb?: CallRecord['verb'];
  readonly path?: string | undefined;
  readonly detail?: string | undefined;
}

/** Counts a request that ended before it was forwarded. */
export function countUnread(
  { tracker, receivedAtMs, receivedMs }: Pick<Arrival, 'tracker' | 'receivedAtMs' | 'receivedMs'>,
  { verdict, facts = WHOLE_REQUEST, verb = OVERFLOW_LABEL, path, detail }: UnreadEnd,
): void {
  const exchange = tracker.begin(facts, {
    transport: 'http',
    verb,
    era: 'legacy',
    receivedAtMs,
    receivedMs,
    ...(path !== undefined && { path }),
    bytes: 0,
  });
  tracker.end(exchange, verdict, detail);
}
