import { isMessage, type MessageFacts } from '../../protocol/message-facts.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import type { Carrier } from './exchange.ts';

/**
 * What counts as an exchange is each JSON-RPC request. An HTTP request without any counts as a whole, once, if it is a POST
 * without any message, or if it was refused; docs/metrics.md has the table.
 */
export const WHOLE_REQUEST: MessageFacts = Object.freeze({ hasResult: false, isError: false });

/** Whether an HTTP request should have carried a message, and carries none: no JSON, no JSON-RPC, or an empty batch. */
export function isEmptyPost(verb: Carrier['verb'], { messages }: ReadMessages): boolean {
  return verb === 'POST' && !messages.some(isMessage);
}
