import { findAnsweredId, isResponse, type MessageFacts } from './message-facts.ts';

/** Errors of one request, whatever the id of the answer: the server looked at it, so that it has the session. */
const REQUEST_CODES: ReadonlySet<number> = new Set([-32601, -32602, -32002]);
/** With HTTP 404, as the SDKs answer it. */
const SESSION_NOT_FOUND = -32001;

/**
 * Whether a JSON-RPC response with HTTP 404 leaves the session as it is. With 404 a server says that it no longer has the session
 * (2025-11-25, Streamable HTTP, Session Management), but servers also use it for a method or resource that they do not have.
 *
 * @param isOfRequest whether the response has the id of a request in the same POST
 */
export function keepsSession({ error }: MessageFacts, isOfRequest: boolean): boolean {
  if (!error || REQUEST_CODES.has(error.code)) return true;
  return isOfRequest && error.code !== SESSION_NOT_FOUND && !/\bsession\b/i.test(error.message);
}

/**
 * Whether one of the messages in an answer with HTTP 404 leaves the session as it is, see `keepsSession`.
 * @param waiting ids of the requests that it may be for, as JSON text
 */
export function isAnswerToOne(
  messages: readonly MessageFacts[],
  waiting: ReadonlySet<string>,
): boolean {
  return messages.some(
    (facts) =>
      isResponse(facts) && keepsSession(facts, findAnsweredId(waiting, facts.id) !== undefined),
  );
}

/** Whether an error without an id can only be the answer to the one request of its POST. */
export function isErrorOfRequest({ id, error }: MessageFacts): boolean {
  return id === undefined && error !== undefined && REQUEST_CODES.has(error.code);
}
