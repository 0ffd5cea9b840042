import { createParser } from 'eventsource-parser';
import { BODY_BYTES_MAX, describeBytes } from '../http/read-body.ts';

export interface SseEvent {
  /** `message` where the server names none. */
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
}

/** Bytes to server-sent events, wherever the chunk borders fall. An event may have `BODY_BYTES_MAX`. */
export function createSseDecoder(): SseDecoder {
  const text = new TextDecoder('utf-8', { fatal: true });
  let events: SseEvent[] = [];
  let isTooLarge = false;
  const parser = createParser({
    maxBufferSize: BODY_BYTES_MAX,
    onEvent({ event = 'message', data }) {
      if (data !== '') events.push({ event, data });
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
      return isTooLarge
        ? { ok: false, reason: `it is larger than ${describeBytes(BODY_BYTES_MAX)}` }
        : { ok: true, events };
    },
  };
}
