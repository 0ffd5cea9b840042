import { createParser } from 'eventsource-parser';

export interface ReceivedEvent {
  readonly id?: string;
  /** Empty where the event carries only an id, or only a delay. */
  readonly data: string;
  /** How long the server wants us to wait before the stream is opened again. */
  readonly retryMs?: number;
}

const EVENT_CHARS_MAX = 64 * 1024 * 1024;

/** The events of a stream, wherever its chunks break. Ends with the stream; throws where that broke or an event is too large. */
export async function* readEvents(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const decoder = new TextDecoder();
  const received: ReceivedEvent[] = [];
  let failure: Error | undefined;
  const parser = createParser({
    maxBufferSize: EVENT_CHARS_MAX,
    onEvent: ({ id, data }) => received.push(id === undefined ? { data } : { id, data }),
    onRetry: (retryMs) => received.push({ data: '', retryMs }),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') failure = error;
    },
  });
  for await (const chunk of stream) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* received.splice(0);
    if (failure) throw failure;
  }
}
