import type { ServerResponse } from 'node:http';

export interface PostReplyOptions {
  readonly response: ServerResponse;
  /** Keys of the requests that the POST carries. */
  readonly keys: readonly string[];
  readonly isBatch: boolean;
  readonly acceptsEvents: boolean;
  /** HTTP status of a plain answer, by its text. */
  readonly statusOf: (text: string) => number;
  /** Headers of the answer, asked for when it begins. */
  readonly headers: () => Readonly<Record<string, string>>;
}

/**
 * The answer to one POST over a message channel. It is plain JSON as long as nothing but answers comes, and becomes an
 * event stream with the first message of the server's own in between.
 */
export interface PostReply {
  readonly isOver: boolean;
  readonly acceptsEvents: boolean;
  /** One answer; the last one ends the reply. */
  answer(key: string, text: string): void;
  /** A message of the server that belongs here. */
  relay(text: string): void;
  /** After an exception: the answer of one request is this error, or the connection is cut if it cannot be written. */
  fail(key: string, text: string): void;
}

export function createPostReply(options: PostReplyOptions): PostReply {
  const { response } = options;
  const waiting = new Set(options.keys);
  const answers: string[] = [];
  let isStream = false;

  function beginStream(): void {
    isStream = true;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...EVENT_STREAM_HEADERS,
      ...options.headers(),
    });
    for (const text of answers.splice(0)) response.write(eventOf(text));
  }

  function answer(key: string, text: string): void {
    if (!waiting.delete(key) || response.destroyed) return;
    if (isStream) response.write(eventOf(text));
    else answers.push(text);
    if (waiting.size > 0) return;
    if (isStream) {
      response.end();
      return;
    }
    const body = options.isBatch ? `[${answers.join(',')}]` : (answers.at(-1) ?? '');
    response.writeHead(options.isBatch ? 200 : options.statusOf(body), {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...options.headers(),
    });
    response.end(body);
  }

  return {
    acceptsEvents: options.acceptsEvents,
    get isOver() {
      return waiting.size === 0;
    },
    answer,
    fail(key, text) {
      waiting.add(key);
      try {
        answer(key, text);
      } catch {
        response.destroy();
      }
    },
    relay(text) {
      if (response.destroyed) return;
      if (!isStream) beginStream();
      response.write(eventOf(text));
    },
  };
}

export const EVENT_STREAM_HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const;

export function eventOf(text: string): string {
  return `event: message\ndata: ${text}\n\n`;
}
