import {
  createMessageReader,
  type MessageReader,
  type ReadMessages,
} from '../../protocol/message-reader.ts';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import { textOf } from './carrier.ts';
import type { AnswerContent } from './forward-state.ts';
import type { ResponseHeaders } from './relay.ts';
import { createSseScanner, type SseScanner } from './sse-scanner.ts';

export interface AnswerObserver {
  /** One JSON text, and the bytes since the last one, as they were sent. */
  onMessages(read: ReadMessages, bytes: number): void;
  /** Called once after `end`, when all is read; `isGivenUp` if there was too much of it to be decompressed. */
  onAnswerOver(isGivenUp: boolean): void;
  /** An exception while decompressed bytes were read, of which `write` and `end` know nothing. */
  onAnswerFault(error: unknown): void;
}

/**
 * Reads the messages of an HTTP answer as its bytes pass through, without delaying any of them. A compressed answer goes to
 * the client as it is and is decompressed beside.
 */
export class ForwardedAnswer {
  readonly content: AnswerContent;
  readonly #observer: AnswerObserver;
  #sse: SseScanner | undefined;
  #json: MessageReader | undefined;
  #decoder: BodyDecoder | undefined;
  #unreadBytes = 0;

  constructor(headers: ResponseHeaders, observer: AnswerObserver) {
    this.#observer = observer;
    const content = contentOf(textOf(headers['content-type']));
    const encoding = textOf(headers['content-encoding']);
    if (content !== 'other' && encoding !== undefined && !isIdentity(encoding)) {
      this.#decoder = createBodyDecoder(
        encoding,
        (chunk) => this.#guard(() => this.#read(chunk)),
        (end) => this.#guard(() => this.#end(end === 'given_up')),
      );
      if (!this.#decoder) {
        this.content = 'unreadable';
        return;
      }
    }
    this.content = content;
    if (content === 'events') this.#sse = createSseScanner((read) => this.#onMessages(read));
    else if (content === 'json') this.#json = createMessageReader();
  }

  /** Whether an event so far had an id. */
  get isResumable(): boolean {
    return this.#sse?.isResumable ?? false;
  }

  write(chunk: Buffer): void {
    this.#unreadBytes += chunk.length;
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#read(chunk);
  }

  end(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#end(false);
  }

  /** Nothing is called any more. */
  stop(): void {
    this.#decoder?.stop();
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#observer.onAnswerFault(error);
    }
  }

  #read(chunk: Buffer): void {
    this.#sse?.write(chunk);
    this.#json?.write(chunk);
  }

  #end(isGivenUp: boolean): void {
    if (this.#json && !this.#json.isEmpty) this.#onMessages(this.#json.end());
    this.#observer.onAnswerOver(isGivenUp);
  }

  #onMessages(read: ReadMessages): void {
    const bytes = this.#unreadBytes;
    this.#unreadBytes = 0;
    this.#observer.onMessages(read, bytes);
  }
}

function contentOf(type: string | undefined): AnswerContent {
  if (type === undefined) return 'other';
  if (/^text\/event-stream\b/i.test(type)) return 'events';
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type) ? 'json' : 'other';
}

function isIdentity(encoding: string): boolean {
  return /^\s*(?:identity)?\s*$/i.test(encoding);
}
