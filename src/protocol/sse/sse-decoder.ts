import { createParser } from 'eventsource-parser';
import { CHECK_LIMITS, tooLargeReason, type TextLimits } from '../http/read-body.ts';

export interface SseEvent {
  /** `message` if the server names none. */
  readonly event: string;
  readonly data: string;
}

export interface SseDecoder {
  /** The events that `chunk` completes. Comments, priming events without data and `retry` fields are none. */
  push(
    chunk: Uint8Array,
  ):
    | { readonly ok: true; readonly events: readonly SseEvent[] }
    | { readonly ok: false; readonly reason: string };
  /** The event id from which the stream can be resumed; undefined if no event had one. */
  lastEventId(): string | undefined;
  /** How long the server wants a client to wait before it opens the stream again. */
  retryMs(): number | undefined;
}

/** Bytes to server-sent events, wherever the chunk borders fall. `limits` are those of one event. */
export function createSseDecoder({ bytesMax, isStrict }: TextLimits = CHECK_LIMITS): SseDecoder {
  const text = new TextDecoder('utf-8', { fatal: isStrict });
  let events: SseEvent[] = [];
  let isTooLarge = false;
  let lastEventId: string | undefined;
  let retryMs: number | undefined;
  const parser = createParser({
    maxBufferSize: bytesMax,
    onEvent({ event = 'message', data, id }) {
      lastEventId = id ?? lastEventId;
      if (data !== '') events.push({ event, data });
    },
    onRetry(delayMs) {
      retryMs = delayMs;
    },
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') isTooLarge = true;
    },
  });
  return {
    push(chunk) {
      events = [];
      let decoded: string;
      try {
        decoded = text.decode(chunk, { stream: true });
      } catch {
        return { ok: false, reason: 'it is not UTF-8 text' };
      }
      if (!isTooLarge) parser.feed(decoded);
      return isTooLarge ? { ok: false, reason: tooLargeReason(bytesMax) } : { ok: true, events };
    },
    lastEventId: () => lastEventId,
    retryMs: () => retryMs,
  };
}
