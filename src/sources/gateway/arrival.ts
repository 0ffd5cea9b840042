import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';
import { isRequest, type MessageFacts } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import type { CallTracker } from './call-tracker.ts';
import { type RefusalDetails, sendRefusal } from './send-refusal.ts';

/** One HTTP request as it comes in, and where its calls are counted. */
export interface Arrival {
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly receivedAtMs: EpochMs;
  readonly receivedMs: MonotonicMs;
  /** Of its server, or of all unknown servers. */
  readonly tracker: CallTracker;
}

export const NO_MESSAGES: ReadMessages = { messages: [], isBatch: false, isJson: false };
/** A request that was not read. */
const NO_FACTS: MessageFacts = { hasResult: false, isError: false };

/** Answers in the server's place and counts what was refused. */
export function refuse(
  arrival: Arrival,
  read: ReadMessages,
  name: RefusalName,
  details: Omit<RefusalDetails, 'id'> = {},
): void {
  const { clock, request, response } = arrival;
  const verb: CallRecord['verb'] =
    request.method === 'GET' || request.method === 'DELETE' ? request.method : 'POST';
  const requests = read.messages.filter(isRequest);
  const refused = requests.length > 0 || request.method !== 'POST' ? requests : [NO_FACTS];
  for (const facts of refused) countRefusal(arrival, name, { facts, verb, detail: details.detail });
  sendRefusal(clock, response, name, {
    ...details,
    id: requests.length === 1 ? requests[0]?.id : undefined,
  });
}

interface RefusedMessage {
  readonly facts?: MessageFacts;
  readonly verb?: CallRecord['verb'];
  readonly detail?: string | undefined;
}

export function countRefusal(
  { tracker, receivedAtMs, receivedMs }: Pick<Arrival, 'tracker' | 'receivedAtMs' | 'receivedMs'>,
  name: RefusalName,
  { facts = NO_FACTS, verb = 'POST', detail }: RefusedMessage = {},
): void {
  const exchange = tracker.begin(facts, {
    transport: 'http',
    verb,
    era: 'legacy',
    receivedAtMs,
    receivedMs,
    bytes: 0,
  });
  tracker.end(exchange, REFUSALS[name].verdict, detail);
}
