import { findAnsweredId, type MessageFacts } from '../message-facts.ts';
import { readLine } from '../read-line.ts';

/** What a client gets of a body that answers its message. */
export type PassedBody =
  /** The body, unchanged. */
  | { readonly kind: 'text' }
  /** The error of the body, as JSON text, for every request that waits: the body has another id than they. */
  | { readonly kind: 'error'; readonly error: string }
  | { readonly kind: 'nothing' };

/** A message and its requests without an answer. */
export interface WaitingMessage {
  readonly facts: readonly MessageFacts[];
  readonly waiting: ReadonlySet<string>;
}

/**
 * Decides what becomes of a body. A bridge passes on unchanged whatever may be an answer, because the client judges it. A
 * check reads the same bodies strictly, see `AnswerFinder`.
 */
export function passBody(
  text: string,
  status: number,
  { facts, waiting }: WaitingMessage,
): PassedBody {
  const answers = readLine(text).messages;
  const isAnswer = answers.some(({ id }) => findAnsweredId(waiting, id) !== undefined);
  // A request that was refused before its id was read needs an answer, too.
  const error = isAnswer || waiting.size === 0 ? undefined : errorTextOf(text);
  if (error !== undefined) return { kind: 'error', error };
  // A server cannot know the id of what it could not read.
  const isReadable = facts.length > 0;
  const isPassed = isAnswer || (answers.length > 0 && (status < 300 || !isReadable));
  return { kind: isPassed ? 'text' : 'nothing' };
}

/** Whether an endpoint refuses `initialize` as one of HTTP+SSE would (2025-03-26, Backwards Compatibility). */
export function isUnsuitable(text: string, status: number): boolean {
  return [400, 404, 405].includes(status) && readLine(text).messages.length === 0;
}

/** The `error` of a JSON-RPC answer, whatever else is wrong with it. */
function errorTextOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'object' && error !== null ? JSON.stringify(error) : undefined;
  } catch {
    return undefined;
  }
}
