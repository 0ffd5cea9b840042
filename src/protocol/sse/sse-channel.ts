import { createParser } from 'eventsource-parser';
import { isRequest, type MessageFacts } from '../message-facts.ts';
import { renderRefusal } from '../../facts/refusal.ts';
import type { Secret } from '../../facts/secret.ts';
import { readLine } from '../read-line.ts';
import type {
  ChannelListener,
  ChannelOpening,
  MessageChannel,
  OpenChannel,
} from '../message-channel.ts';
import { createMessageOrder, type MessageKind } from '../message-order.ts';
import { describeNetworkError } from '../network-failure.ts';
import { createUpstreamPool } from '../upstream-pool.ts';

export interface SseChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized: boolean };
  /** Until the server announced where to post. */
  readonly openTimeoutMs: number;
}

const EVENT_BYTES_MAX = 64 * 1024 * 1024;
const UNSENT_MAX = 256;

/** Conversations with an HTTP+SSE server (revision 2024-11-05): one GET stream each, messages by POST. */
export function createSseChannels(options: SseChannelOptions): {
  readonly open: OpenChannel;
  stop(): Promise<void>;
} {
  const pool = createUpstreamPool(options.url.origin, options.tls);
  const headers = Object.fromEntries(
    Object.entries(options.headers).map(([name, secret]) => [name, secret.reveal()]),
  );

  async function open(listener: ChannelListener): Promise<ChannelOpening> {
    const ending = new AbortController();
    const { promise: announced, resolve: announce } = Promise.withResolvers<string>();
    const late = setTimeout(
      () => ending.abort(new Error('no endpoint announced in time')),
      options.openTimeoutMs,
    );
    try {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: options.url.pathname + options.url.search,
        headers: { ...headers, accept: 'text/event-stream' },
        signal: ending.signal,
      });
      if (statusCode !== 200) {
        await body.dump();
        return failed(`it answered ${statusCode}`);
      }
      const parser = createParser({
        maxBufferSize: EVENT_BYTES_MAX,
        onEvent({ event, data }) {
          if (event === 'endpoint') announce(data);
          else if (data !== '') listener.onMessage(data.replaceAll('\n', ' '));
        },
        onError(error) {
          if (error.type === 'max-buffer-size-exceeded') ending.abort(error);
        },
      });
      const over = (async () => {
        const decoder = new TextDecoder();
        for await (const chunk of body as AsyncIterable<Buffer>)
          parser.feed(decoder.decode(chunk, { stream: true }));
      })();
      const broke = over.then(
        () => 'the event stream ended',
        (error: unknown) => describeNetworkError(error),
      );
      const first = await Promise.race([
        announced.then((address) => ({ address })),
        broke.then((detail) => ({ detail })),
      ]);
      if ('detail' in first)
        return failed(ending.signal.aborted ? 'it announced no endpoint in time' : first.detail);
      const target = URL.parse(first.address, options.url.href);
      if (!target || target.origin !== options.url.origin) {
        ending.abort(new Error('foreign endpoint'));
        return failed('the server announced an endpoint of another origin');
      }
      void broke.then((detail) => {
        if (!ending.signal.aborted) listener.onClose({ refusal: 'unreachable', detail });
      });
      return {
        ok: true,
        channel: createChannel(target.pathname + target.search, listener, ending),
      };
    } catch (error) {
      if (ending.signal.aborted) return failed('it announced no endpoint in time');
      return failed(describeNetworkError(error));
    } finally {
      clearTimeout(late);
    }
  }

  function createChannel(
    path: string,
    listener: ChannelListener,
    ending: AbortController,
  ): MessageChannel {
    const order = createMessageOrder();
    let unsent = 0;

    async function deliver(text: string): Promise<void> {
      const detail = await post(path, text, ending.signal);
      unsent--;
      if (detail !== undefined && !ending.signal.aborted) failRequests(text, detail, listener);
    }

    return {
      send(text) {
        if (ending.signal.aborted || unsent >= UNSENT_MAX) return false;
        unsent++;
        order(kindOf(readLine(text).messages), () => {
          const done = deliver(text);
          return { written: done, taken: done };
        });
        return true;
      },
      async close() {
        ending.abort(new Error('closed'));
      },
    };
  }

  /** @returns what went wrong, in words */
  async function post(
    path: string,
    text: string,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path,
        headers: { ...headers, 'content-type': 'application/json' },
        body: text,
        signal,
      });
      await body.dump();
      return statusCode >= 300 ? `it answered ${statusCode}` : undefined;
    } catch (error) {
      return describeNetworkError(error);
    }
  }

  return { open, stop: () => pool.destroy() };
}

function failed(detail: string): ChannelOpening {
  return { ok: false, failure: { refusal: 'unreachable', detail } };
}

/** The answers of requests that never reached the server. */
function failRequests(text: string, detail: string, listener: ChannelListener): void {
  for (const facts of readLine(text).messages) {
    if (isRequest(facts)) listener.onMessage(renderRefusal('unreachable', facts.id, detail));
  }
}

/** What an opening asks for comes on the stream: that it was taken is enough for the next message. */
function kindOf(messages: readonly MessageFacts[]): MessageKind {
  const isBarrier = messages.every((facts) => !isRequest(facts) && facts.method !== undefined);
  const isOpening = messages.some(({ method }) => method === 'initialize');
  return isOpening || (isBarrier && messages.length > 0) ? 'notification' : 'other';
}
