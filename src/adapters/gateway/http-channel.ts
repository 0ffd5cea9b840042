import { createParser } from 'eventsource-parser';
import type { Dispatcher } from 'undici';
import { isRequest, isResponse, type MessageFacts } from '../../domain/message-facts.ts';
import { renderRefusal } from '../../domain/refusal.ts';
import type { Secret } from '../../domain/secret.ts';
import { readMessages } from '../../gateway/message-reader.ts';
import type { ChannelListener, MessageChannel } from './message-channel.ts';
import { createUpstreamPool, describeSocketError } from './relay.ts';

export interface HttpChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized: boolean };
}

export interface HttpChannelListener extends ChannelListener {
  /** A message that certainly did not reach the server: nothing accepted the connection. */
  onUndelivered(text: string): void;
}

const MODERN = '2026-07-28';
const EVENT_BYTES_MAX = 64 * 1024 * 1024;
const REOPEN_MS = 1_000;
const PLAIN = /^[\x20-\x7e]*$/;

/** The client's side of Streamable HTTP, message by message: what a stdio client's lines become. */
export function createHttpChannel(
  options: HttpChannelOptions,
  listener: HttpChannelListener,
): MessageChannel {
  return new HttpChannel(options, listener);
}

class HttpChannel implements MessageChannel {
  readonly #options: HttpChannelOptions;
  readonly #listener: HttpChannelListener;
  readonly #pool;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, AbortController>();
  /** Kept to begin a lost session anew. */
  #opening: string | undefined;
  #renewing: Promise<boolean> | undefined;
  #session: string | undefined;
  #protocolVersion: string | undefined;
  #pending = 0;

  constructor(options: HttpChannelOptions, listener: HttpChannelListener) {
    this.#options = options;
    this.#listener = listener;
    this.#pool = createUpstreamPool(options.url.origin, options.tls);
    this.#headers = Object.fromEntries(
      Object.entries(options.headers).map(([name, secret]) => [name, secret.reveal()]),
    );
  }

  send(text: string): boolean {
    if (this.#ending.signal.aborted) return false;
    const { messages } = readMessages(Buffer.from(text));
    const [facts] = messages;
    if (facts?.method === 'initialize') this.#opening = text;
    if (facts?.method === 'notifications/cancelled' && this.#isModern(facts)) {
      // In that revision the closing of the stream is the cancellation.
      this.#running.get(facts.cancelledId ?? '')?.abort(new Error('cancelled'));
      return true;
    }
    this.#pending++;
    void this.#post(text, messages, true).finally(() => this.#pending--);
    return true;
  }

  async close(): Promise<void> {
    const deadline = Date.now() + 2_000;
    while (this.#pending > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) {
      await this.#pool
        .request({
          method: 'DELETE',
          path: this.#path(),
          headers: this.#requestHeaders(undefined, session),
          signal: AbortSignal.timeout(2_000),
        })
        .then(({ body }) => body.dump())
        .catch(() => undefined);
    }
    this.#ending.abort(new Error('closed'));
    await this.#pool.destroy();
  }

  async #post(text: string, messages: readonly MessageFacts[], mayRenew: boolean): Promise<void> {
    const [facts] = messages;
    const key = messages.length === 1 && facts && isRequest(facts) ? facts.id : undefined;
    const cancelling = new AbortController();
    if (key !== undefined) this.#running.set(key, cancelling);
    try {
      const answer = await this.#pool.request({
        method: 'POST',
        path: this.#path(),
        headers: this.#requestHeaders(
          facts,
          facts?.method === 'initialize' ? undefined : this.#session,
        ),
        body: text,
        signal: AbortSignal.any([cancelling.signal, this.#ending.signal]),
      });
      if (
        answer.statusCode === 404 &&
        mayRenew &&
        this.#session !== undefined &&
        facts?.method !== 'initialize'
      ) {
        await answer.body.dump();
        if (await this.#renew()) await this.#post(text, messages, false);
        else this.#fail(messages, 'the session was lost and could not be begun anew');
        return;
      }
      await this.#read(answer, messages);
      if (facts?.method === 'notifications/initialized') void this.#listen();
    } catch (error) {
      if (cancelling.signal.aborted || this.#ending.signal.aborted) return;
      if (isRefused(error)) this.#listener.onUndelivered(text);
      else
        this.#fail(
          messages,
          error instanceof Error ? describeSocketError(error) : 'the connection failed',
        );
    } finally {
      if (key !== undefined) this.#running.delete(key);
    }
  }

  async #read(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    messages: readonly MessageFacts[],
  ): Promise<void> {
    const waiting = new Set(messages.filter(isRequest).map((facts) => facts.id));
    const opens = messages.some((facts) => facts.method === 'initialize');
    if (opens && statusCode === 200 && typeof headers['mcp-session-id'] === 'string')
      this.#session = headers['mcp-session-id'];
    const hand = (text: string): void => {
      for (const answer of readMessages(Buffer.from(text)).messages) {
        if (isResponse(answer)) waiting.delete(answer.id);
        if (opens && answer.protocolVersion !== undefined)
          this.#protocolVersion = answer.protocolVersion;
      }
      this.#listener.onMessage(text.replaceAll(/[\r\n]+/g, ' '));
    };
    if (String(headers['content-type']).startsWith('text/event-stream')) {
      await readEvents(body, hand);
    } else {
      const text = await body.text();
      const { messages: answers } = readMessages(Buffer.from(text));
      if (
        answers.some((answer) => answer.id !== undefined && waiting.has(answer.id)) ||
        answers.length > 1
      )
        hand(text);
      else if (waiting.size > 0)
        this.#fail(messages, answers[0]?.error?.message ?? `the server answered ${statusCode}`);
      return;
    }
    this.#fail(
      messages.filter((facts) => waiting.has(facts.id)),
      'the answer ended without a result',
    );
  }

  /** The session's own stream, for what the server says unasked. A server without one answers 405. */
  async #listen(): Promise<void> {
    const session = this.#session;
    let lastEventId: string | undefined;
    while (session !== undefined && session === this.#session && !this.#ending.signal.aborted) {
      try {
        const { statusCode, body } = await this.#pool.request({
          method: 'GET',
          path: this.#path(),
          headers: {
            ...this.#requestHeaders(undefined, session),
            accept: 'text/event-stream',
            ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
          },
          signal: this.#ending.signal,
        });
        if (statusCode !== 200) {
          await body.dump();
          return;
        }
        await readEvents(
          body,
          (text) => this.#listener.onMessage(text.replaceAll(/[\r\n]+/g, ' ')),
          (id) => {
            lastEventId = id;
          },
        );
      } catch {
        // Broken streams are opened again below, for as long as the session lasts.
      }
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    }
  }

  /** Begins the session anew with the client's own `initialize`; once for all messages that found it lost. */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#begin().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #begin(): Promise<boolean> {
    if (this.#opening === undefined) return false;
    this.#session = undefined;
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: this.#path(),
      headers: this.#requestHeaders(undefined, undefined),
      body: this.#opening,
      signal: this.#ending.signal,
    });
    await body.text();
    const session = headers['mcp-session-id'];
    if (statusCode !== 200 || typeof session !== 'string') return false;
    this.#session = session;
    const opened = await this.#pool.request({
      method: 'POST',
      path: this.#path(),
      headers: this.#requestHeaders(undefined, session),
      body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
      signal: this.#ending.signal,
    });
    await opened.body.dump();
    void this.#listen();
    return true;
  }

  #requestHeaders(
    facts: MessageFacts | undefined,
    session: string | undefined,
  ): Record<string, string> {
    const headers: Record<string, string> = {
      ...this.#headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    const isModern = facts !== undefined && this.#isModern(facts);
    const version = isModern
      ? facts.protocolVersion
      : facts?.method === 'initialize'
        ? undefined
        : this.#protocolVersion;
    if (version !== undefined) headers['mcp-protocol-version'] = version;
    if (session !== undefined) headers['mcp-session-id'] = session;
    if (isModern && facts.method !== undefined) {
      headers['mcp-method'] = facts.method;
      if (facts.target !== undefined)
        headers['mcp-name'] = PLAIN.test(facts.target)
          ? facts.target
          : `=?base64?${Buffer.from(facts.target).toString('base64')}?=`;
    }
    return headers;
  }

  #isModern(facts: MessageFacts): boolean {
    return (
      this.#protocolVersion === undefined &&
      facts.method !== 'initialize' &&
      (facts.protocolVersion ?? '') >= MODERN
    );
  }

  #path(): string {
    return this.#options.url.pathname + this.#options.url.search;
  }

  #fail(messages: readonly MessageFacts[], detail: string): void {
    for (const facts of messages)
      if (isRequest(facts))
        this.#listener.onMessage(renderRefusal('unreachable', facts.id, detail));
  }
}

async function readEvents(
  body: AsyncIterable<Buffer>,
  onData: (text: string) => void,
  onId?: (id: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  const parser = createParser({
    maxBufferSize: EVENT_BYTES_MAX,
    onEvent({ data, id }) {
      if (id !== undefined) onId?.(id);
      if (data !== '') onData(data);
    },
  });
  for await (const chunk of body) parser.feed(decoder.decode(chunk, { stream: true }));
}

function isRefused(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND')
  );
}
