import { renderRefusal } from '../facts/refusal.ts';
import type { FailedRequest } from './message-channel.ts';
import { isRequest, type MessageFacts } from './message-facts.ts';

/** What stands for messages that were too large to be kept, so that neither side waits for ever. */
export interface LostReplacement {
  readonly unanswered: readonly FailedRequest[];
  /** Errors for the sender, whose requests nobody got. */
  readonly replies: readonly string[];
}

/**
 * @param messages of one text of the server, as far as they could be told; empty if it was not JSON
 * @param bytesMax the limit that it exceeded
 */
export function replaceLost(messages: readonly MessageFacts[], bytesMax: number): LostReplacement {
  const detail = describeLimit(bytesMax);
  const unanswered = messages
    .filter(({ method }) => method === undefined)
    .map(({ id }): FailedRequest => ({ id, refusal: 'message_too_large', detail }));
  const replies = messages
    .filter(isRequest)
    .map(({ id }) => renderRefusal('message_too_large', id, detail));
  const isUnknown = messages.length === 0;
  return {
    unanswered: isUnknown ? [{ id: undefined, refusal: 'message_too_large', detail }] : unanswered,
    replies,
  };
}

export function describeLimit(bytesMax: number): string {
  return `the limit is ${bytesMax / 1024 / 1024} MiB`;
}
