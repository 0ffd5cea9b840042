import { timeoutFacts } from '../timeout-facts.ts';
import type { IncomingMessage } from 'node:http';
import type { FailureFacts } from '../classify-failure.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint } from '../http/http-endpoint.ts';
import { problemFacts } from '../http/http-facts.ts';
import { openEvents } from '../http/message-exchange.ts';
import { explainStatus } from '../http/post-message.ts';
import { isSuccess } from '../http/http-status.ts';
import { mediaTypeOf } from '../http/read-answer.ts';
import type { TextLimits } from '../http/read-body.ts';
import type { SendOptions } from '../probe-client.ts';
import { type EventsEnd, readEvents } from './read-events.ts';
import { createSseDecoder, type SseEvent } from './sse-decoder.ts';

/** The kept GET stream of an HTTP+SSE server. */
export interface SseStream {
  /** Where messages are posted. */
  readonly postUrl: URL;
  /** Bytes received since the stream was opened. */
  bytesReceived(): number;
  close(): void;
}

export interface SseStreamOptions extends SendOptions {
  /** Of one event. */
  readonly limits: TextLimits;
  onMessage(data: string): void;
  /** The stream ended, by the server or by the network; never by `close`. */
  onLost(facts: FailureFacts): void;
}

export type SseOpening =
  | { readonly ok: true; readonly stream: SseStream }
  | { readonly ok: false; readonly facts: FailureFacts };

const WAITED_FOR = 'endpoint event on the SSE stream';

/** Opens the stream and waits for its `endpoint` event (HTTP with SSE, 2024-11-05). Never rejects. */
export async function openSseStream(
  endpoint: HttpEndpoint,
  options: SseStreamOptions,
  clock: Clock,
): Promise<SseOpening> {
  const { signal } = options;
  const startedAt = clock.monotonicMs();
  const waitedMs = (): number => clock.monotonicMs() - startedAt;
  const sent = await openEvents(endpoint, {}, options);
  if (!sent.ok) return sent;
  const { response } = sent;
  const opening = await openResponse();
  sent.finished();
  return opening;

  async function openResponse(): Promise<SseOpening> {
    if (!isSuccess(response.statusCode ?? 0)) {
      const message = { method: 'GET', context: {} };
      return { ok: false, facts: await explainStatus(response, endpoint, message, signal, clock) };
    }
    if (mediaTypeOf(response) === 'text/event-stream')
      return new Stream(response, endpoint, options, waitedMs).open();
    response.destroy();
    return { ok: false, facts: unusable('its content type is not text/event-stream') };
  }
}

/** One reader for the whole life of the stream; its first event decides whether it is one of ours. */
class Stream implements SseStream {
  readonly #response: IncomingMessage;
  readonly #endpoint: HttpEndpoint;
  readonly #options: SseStreamOptions;
  readonly #waitedMs: () => number;
  readonly #bytesBefore: number;
  /** The check that opened the stream may abort it only until the first event. */
  readonly #life = new AbortController();
  readonly #opening = Promise.withResolvers<SseOpening>();
  readonly #onAbort = (): void =>
    this.#end(timeoutFacts(WAITED_FOR, this.#options.signal, this.#waitedMs()));
  #state: 'opening' | 'open' | 'over' = 'opening';
  #postUrl: URL;

  constructor(
    response: IncomingMessage,
    endpoint: HttpEndpoint,
    options: SseStreamOptions,
    waitedMs: () => number,
  ) {
    this.#response = response;
    this.#endpoint = endpoint;
    this.#options = options;
    this.#waitedMs = waitedMs;
    this.#postUrl = endpoint.url;
    this.#bytesBefore = response.socket.bytesRead;
  }

  get postUrl(): URL {
    return this.#postUrl;
  }

  open(): Promise<SseOpening> {
    const { signal, limits } = this.#options;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#onAbort();
    const decoder = createSseDecoder(limits);
    void readEvents(this.#response, this.#life.signal, decoder, (event) =>
      this.#onEvent(event),
    ).then((end) => this.#onEnd(end));
    return this.#opening.promise;
  }

  bytesReceived(): number {
    return this.#response.socket.bytesRead - this.#bytesBefore;
  }

  close(): void {
    this.#state = 'over';
    this.#life.abort();
    this.#response.destroy();
  }

  #onEvent({ event, data }: SseEvent): boolean {
    if (this.#state === 'open' && event === 'message') this.#options.onMessage(data);
    if (this.#state === 'opening' && event === 'endpoint') this.#announce(data.trim());
    return this.#state !== 'over';
  }

  #announce(address: string): void {
    const { url } = this.#endpoint;
    const postUrl = URL.parse(address, url.href);
    if (postUrl === null) this.#end(unusable('its endpoint event holds no address'));
    else if (postUrl.origin !== url.origin)
      this.#end(unusable('its endpoint event names another origin'));
    else {
      this.#options.signal.removeEventListener('abort', this.#onAbort);
      this.#state = 'open';
      this.#postUrl = postUrl;
      this.#opening.resolve({ ok: true, stream: this });
    }
  }

  #onEnd(end: EventsEnd): void {
    if (end.kind === 'problem')
      this.#end(
        problemFacts(end.problem, 'GET', this.#endpoint, {
          signal: this.#options.signal,
          waitedMs: this.#waitedMs(),
        }),
      );
    else if (this.#state === 'open') this.#end(lost(this.#endpoint));
    else this.#end(unusable('the stream ended before its endpoint event'));
  }

  #end(facts: FailureFacts): void {
    const wasOpen = this.#state === 'open';
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    this.#response.destroy();
    if (wasOpen) this.#options.onLost(facts);
    else this.#opening.resolve({ ok: false, facts });
  }
}

function lost({ authority, isTls }: HttpEndpoint): FailureFacts {
  return { kind: 'network', codes: ['ECONNRESET'], authority, isTls, isConnected: true };
}

function unusable(reason: string): FailureFacts {
  return { kind: 'unusable', method: 'GET', reason };
}
