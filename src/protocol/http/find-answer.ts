import type { IncomingMessage } from 'node:http';
import {
  isAnswerTo,
  parseMessages,
  type RpcAnswer,
  type RpcId,
  type RpcMessage,
} from '../json-rpc.ts';
import { codingsOf } from './content-codings.ts';
import { mediaTypeOf, type AnswerReader } from './read-answer.ts';
import { CHECK_LIMITS, UNKNOWN_CODING } from './read-body.ts';

/** All that is read of a stream without an answer. */
const STREAM_BYTES_MAX = 64 * 1024 * 1024;
/** Accepted, No Content and Reset Content. */
const NO_ANSWER: ReadonlySet<number> = new Set([202, 204, 205]);

/** The answer, or why there is none; undefined where what came so far may be skipped. */
export type FoundAnswer =
  | { readonly ok: true; readonly answer: RpcAnswer }
  | { readonly ok: false; readonly reason: string };

/**
 * Finds the answer to the only request in flight: in one JSON message, in a batch, or in a stream of events. In a stream
 * everything before the answer is skipped, as official clients do: requests of the server, which may not make a ping or a
 * handshake wait for them, answers to other requests, and texts that are no message. Reading stops at the answer.
 */
export class AnswerFinder implements AnswerReader {
  readonly limits = CHECK_LIMITS;
  readonly streamBytesMax = STREAM_BYTES_MAX;
  readonly #id: RpcId;
  #found: FoundAnswer | undefined;
  #skipped: string | undefined;

  constructor(id: RpcId) {
    this.#id = id;
  }

  get found(): FoundAnswer | undefined {
    return this.#found;
  }

  /** What was wrong with the first event that was skipped: the reason to give if the answer never comes. */
  get skipped(): string | undefined {
    return this.#skipped;
  }

  onBody(text: string): void {
    this.#found = findInBody(text, this.#id);
  }

  onEvent(data: string): boolean {
    const found = findInEvent(data, this.#id);
    if (found?.ok === false) this.#skipped ??= found.reason;
    else this.#found = found;
    return this.#found === undefined;
  }

  isWaiting(): boolean {
    return this.#found === undefined;
  }
}

/**
 * Why a check does not read a body at all. Bridges read every body: their clients judge it.
 *
 * @param response a successful response to a request. As for the official clients, any of them may bring the answer, except 202
 */
export function findMisfit(response: IncomingMessage): string | undefined {
  const { statusCode: status = 0 } = response;
  if (NO_ANSWER.has(status)) return `HTTP ${status} brings no message`;
  if (codingsOf(response.headers['content-encoding']) === undefined) return UNKNOWN_CODING;
  const mediaType = mediaTypeOf(response);
  // As loosely as the Python SDK reads it: servers send `application/json-rpc` too, or the type twice.
  if (mediaType.startsWith('application/json')) return undefined;
  switch (mediaType) {
    case 'text/event-stream':
      return undefined;
    case 'text/html':
      return 'it is an HTML page, perhaps a login or an error page';
    case '':
      return 'it has no content type';
    default:
      return 'its content type is neither application/json nor text/event-stream';
  }
}

function findInBody(text: string, id: RpcId): FoundAnswer | undefined {
  const parsed = parseMessages(text);
  if (!parsed.ok) return parsed;
  for (const message of parsed.messages)
    if (isAnswerTo(message, id, true)) return { ok: true, answer: message };
  const reason = describeMisfit(parsed.messages[0]);
  return reason === undefined ? undefined : { ok: false, reason };
}

function findInEvent(data: string, id: RpcId): FoundAnswer | undefined {
  const parsed = parseMessages(data);
  if (!parsed.ok) return parsed;
  for (const message of parsed.messages)
    if (isAnswerTo(message, id, true)) return { ok: true, answer: message };
  const reason = describeMisfit(parsed.messages[0]);
  return reason === undefined ? undefined : { ok: false, reason };
}

/** What is wrong with a message in the place of the answer; undefined where it may be skipped. */
function describeMisfit(message: RpcMessage | undefined): string | undefined {
  if (message?.kind === 'invalid') return message.reason;
  if (message?.kind === 'result') return 'it carries the id of another request';
  return undefined;
}
