import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isRequest, isResponse, type MessageFacts } from '../message-facts.ts';
import { renderRefusal } from '../../facts/refusal.ts';
import type { Secret } from '../../facts/secret.ts';
import {
  encodeHeaderValue,
  findMirroredParams,
  type MirroredParam,
  mirrorParams,
} from '../header-values.ts';
import { readLine } from '../read-line.ts';
import { createSessionMemory, INITIALIZED } from '../session-memory.ts';
import { type EventsEnd, readEvents } from '../sse/read-events.ts';
import { createSseDecoder, type SseDecoder } from '../sse/sse-decoder.ts';
import { BRIDGE_LIMITS, readBody, type ReadProblem } from './read-body.ts';
import { createHttpClient, type HttpClient, type TlsTrust } from './http-client.ts';
import { describeNetworkError } from '../network-failure.ts';
import type { ChannelListener, MessageChannel } from '../message-channel.ts';
import { createMessageOrder, type Delivery, type MessageKind } from '../message-order.ts';

export interface HttpChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tls: TlsTrust;
  /** For how long a message is tried again where nobody listens: a gateway that restarts. */
  readonly restartMsMax?: number;
}

export interface HttpChannelListener extends ChannelListener {
  /** A message that certainly did not reach the server: there was no connection. Without this its requests are answered with an error. */
  onUndelivered?(text: string): void;
  /** The opening was answered as the specification says that servers of HTTP+SSE do. */
  onUnsuitable?(text: string): void;
}

export interface HttpChannel extends MessageChannel {
  /** Takes no more messages and hears no more of the server; requests in flight still get their answers. */
  retire(): void;
}

const MODERN = '2026-07-28';
const RETRY_MS = 100;
const REOPEN_MS = { first: 1_000, max: 30_000 };
const RESUME_TRIES_MAX = 3;
const LAST_POSTS_MS_MAX = 500;
const DELETE_MS_MAX = 1_000;
const MIRRORING_TOOLS_MAX = 10_000;

/** Asking again does no harm: after a broken connection nobody can know whether the first time arrived. */
const REPEATABLE = new Set([
  'initialize',
  'ping',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'server/discover',
  'tools/list',
]);

/** The client's side of Streamable HTTP, message by message: what a stdio client's lines become. */
export async function createHttpChannel(
  options: HttpChannelOptions,
  listener: HttpChannelListener,
): Promise<HttpChannel> {
  return new Channel(options, listener, await createHttpClient(options));
}

/** One message of the client on its way. */
interface Message {
  readonly text: string;
  readonly facts: readonly MessageFacts[];
  readonly first: MessageFacts | undefined;
  /** Requests without an answer, by id as JSON text. */
  readonly waiting: Set<string>;
  readonly cancelling: AbortController;
  /** Is called with the head of an answer, and again with each answered request. */
  onProgress(): void;
}

class Channel implements HttpChannel {
  readonly #listener: HttpChannelListener;
  readonly #http: HttpClient;
  readonly #restartMsMax: number;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #ending = new AbortController();
  readonly #listening = new AbortController();
  readonly #running = new Map<string, AbortController>();
  readonly #lastPosts = new Set<Promise<unknown>>();
  readonly #order = createMessageOrder();
  readonly #memory = createSessionMemory();
  readonly #mirrored = new Map<string, readonly MirroredParam[]>();
  #renewing: Promise<boolean> | undefined;
  #session: string | undefined;
  /** Of the handshake; nothing in an era without one. */
  #agreedVersion: string | undefined;
  /** What the client's requests name in an era without a handshake. */
  #statelessVersion: string | undefined;
  #hasAnswered = false;

  constructor(
    { headers, restartMsMax }: HttpChannelOptions,
    listener: HttpChannelListener,
    http: HttpClient,
  ) {
    this.#listener = listener;
    this.#http = http;
    this.#restartMsMax = restartMsMax ?? 0;
    this.#headers = Object.fromEntries(
      Object.entries(headers).map(([name, secret]) => [name.toLowerCase(), secret.reveal()]),
    );
  }

  send(text: string): boolean {
    if (this.#ending.signal.aborted) return false;
    const { messages: facts, isBatch } = readLine(text);
    const [first] = facts;
    if (first && !isBatch) this.#memory.note(first, text);
    if (first?.method === 'notifications/cancelled' && this.#isStateless(first)) {
      // In that revision the closing of the stream is the cancellation.
      this.#running.get(first.cancelledId ?? '')?.abort(new Error('cancelled'));
      return true;
    }
    const { promise: done, resolve } = Promise.withResolvers<void>();
    if (!facts.some(isRequest)) this.#lastPosts.add(done);
    this.#order(kindOf(facts), () =>
      this.#deliver(text, facts, () => {
        this.#lastPosts.delete(done);
        resolve();
      }),
    );
    return true;
  }

  retire(): void {
    this.#listening.abort(new Error('retired'));
  }

  async close(): Promise<void> {
    this.retire();
    await Promise.race([
      Promise.all(this.#lastPosts),
      delay(LAST_POSTS_MS_MAX, undefined, { ref: false }),
    ]);
    this.#ending.abort(new Error('closed'));
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) {
      await this.#http
        .call({
          method: 'DELETE',
          headers: this.#headersOf(undefined, session),
          signal: AbortSignal.timeout(DELETE_MS_MAX),
        })
        .answer.then((answer) => answer.resume())
        .catch(() => undefined);
    }
    this.#http.close();
  }

  #deliver(text: string, facts: readonly MessageFacts[], onDone: () => void): Delivery {
    const { promise: written, resolve: noteWritten } = Promise.withResolvers<void>();
    const { promise: taken, resolve: noteTaken } = Promise.withResolvers<void>();
    const isOpening = kindOf(facts) === 'opening';
    const message: Message = {
      text,
      facts,
      first: facts[0],
      waiting: new Set(facts.filter(isRequest).map(({ id }) => id ?? '')),
      cancelling: new AbortController(),
      onProgress() {
        if (!isOpening || message.waiting.size === 0) noteTaken();
      },
    };
    for (const id of message.waiting) this.#running.set(id, message.cancelling);
    void this.#post(message, noteWritten)
      .catch((error: unknown) =>
        this.#fail(
          message,
          error instanceof RangeError ? error.message : describeNetworkError(error),
        ),
      )
      .finally(() => {
        noteWritten();
        noteTaken();
        onDone();
        for (const { id = '' } of facts) {
          if (this.#running.get(id) === message.cancelling) this.#running.delete(id);
        }
      });
    return { written, taken };
  }

  /** Until the message has its answers, or certainly gets none. */
  async #post(message: Message, onWritten: () => void): Promise<void> {
    const startedMs = performance.now();
    let mayRepeat = message.facts.every(({ method }) => REPEATABLE.has(method ?? ''));
    let mayRenew = true;
    while (!this.#isOver(message)) {
      const session = message.first?.method === 'initialize' ? undefined : this.#session;
      const exchange = this.#http.call({
        method: 'POST',
        headers: this.#headersOf(message, session),
        body: message.text,
        signal: this.#signalOf(message),
      });
      void exchange.written.then(onWritten);
      try {
        const answer = await exchange.answer;
        message.onProgress();
        if (mayRenew && answer.statusCode === 404 && session !== undefined) {
          answer.resume();
          mayRenew = false;
          if (this.#session !== session || (await this.#renew())) continue;
          this.#fail(message, 'the session was lost and could not be begun anew');
          return;
        }
        await this.#read(answer, message);
        return;
      } catch (error) {
        if (this.#isOver(message)) return;
        if (exchange.wasConnected()) {
          if (!mayRepeat || message.waiting.size < message.facts.length) throw error;
          mayRepeat = false;
        } else if (performance.now() - startedMs < this.#restartMsMax) {
          await pause(RETRY_MS, this.#ending.signal);
        } else if (this.#listener.onUndelivered) {
          message.waiting.clear();
          this.#listener.onUndelivered(message.text);
          return;
        } else {
          throw error;
        }
      }
    }
  }

  #signalOf({ cancelling }: Message): AbortSignal {
    return AbortSignal.any([cancelling.signal, this.#ending.signal]);
  }

  #isOver({ cancelling }: Message): boolean {
    return cancelling.signal.aborted || this.#ending.signal.aborted;
  }

  async #read(answer: IncomingMessage, message: Message): Promise<void> {
    const { statusCode = 0, headers } = answer;
    const isOpening = message.first?.method === 'initialize';
    const session = headers['mcp-session-id'];
    this.#hasAnswered ||= statusCode < 300;
    if (isOpening && statusCode === 200) {
      this.#session = typeof session === 'string' ? session : undefined;
    }
    if (String(headers['content-type']).startsWith('text/event-stream')) {
      await this.#readStream(answer, message);
    } else {
      const read = await readBody(answer, this.#signalOf(message), BRIDGE_LIMITS);
      if (!read.ok) throw errorOf(read.problem);
      const { text } = read;
      if (
        isOpening &&
        !this.#hasAnswered &&
        [400, 404, 405].includes(statusCode) &&
        this.#listener.onUnsuitable &&
        readLine(text).messages.length === 0
      ) {
        message.waiting.clear();
        this.#listener.onUnsuitable(message.text);
        return;
      }
      this.#takeBody(text, statusCode, message);
    }
    if (message.first?.method === 'notifications/initialized' && statusCode < 300)
      void this.#listen();
  }

  #takeBody(text: string, statusCode: number, message: Message): void {
    const answers = readLine(text).messages;
    const isAnswer = answers.some(({ id }) => id !== undefined && message.waiting.has(id));
    const error = isAnswer ? undefined : rpcErrorOf(text);
    if (error !== undefined && message.waiting.size > 0) {
      // Refused before its id was read: whoever waits for that id must hear of it all the same.
      for (const id of message.waiting)
        this.#listener.onMessage(`{"jsonrpc":"2.0","id":${id},"error":${error}}`);
      message.waiting.clear();
    } else if (isAnswer || (answers.length > 0 && (statusCode < 300 || !isSpoken(message)))) {
      this.#take(text, message);
    }
    if (message.waiting.size > 0) {
      const status = statusCode === 401 ? 'it wants authorization' : `it answered ${statusCode}`;
      this.#fail(message, statusCode < 300 ? 'it answered without a result' : status);
    }
    message.onProgress();
  }

  /** A stream with event ids may break off before the answer, and go on where it is asked for the rest. */
  async #readStream(answer: IncomingMessage, message: Message): Promise<void> {
    let stream = answer;
    let lastEventId: string | undefined;
    let retryMs = REOPEN_MS.first;
    for (let tries = 0; ;) {
      const decoder = createSseDecoder(BRIDGE_LIMITS);
      const end = await this.#takeEvents(stream, decoder, message, message.cancelling.signal);
      if (message.waiting.size === 0 || this.#isOver(message)) return;
      const resumeAt = decoder.lastEventId() ?? lastEventId;
      tries = resumeAt === lastEventId ? tries + 1 : 0;
      lastEventId = resumeAt;
      retryMs = decoder.retryMs() ?? retryMs;
      if (lastEventId === undefined || tries >= RESUME_TRIES_MAX) {
        if (end.kind === 'problem') throw errorOf(end.problem);
        this.#fail(message, 'the answer ended without a result');
        return;
      }
      await pause(retryMs, this.#ending.signal);
      stream = await this.#openStream(lastEventId, message.cancelling.signal);
      if (stream.statusCode !== 200) {
        stream.resume();
        this.#fail(message, 'the answer ended without a result');
        return;
      }
    }
  }

  #takeEvents(
    stream: IncomingMessage,
    decoder: SseDecoder,
    message: Message | undefined,
    signal: AbortSignal,
  ): Promise<EventsEnd> {
    const life = AbortSignal.any([signal, this.#ending.signal]);
    return readEvents(stream, life, decoder, ({ event, data }) => {
      if (event === 'message') this.#take(data, message);
      return true;
    });
  }

  #take(text: string, message: Message | undefined): void {
    for (const facts of readLine(text).messages) {
      if (!isResponse(facts) || !message) continue;
      const { id = '', protocolVersion } = facts;
      if (message.first?.method === 'initialize' && message.waiting.has(id))
        this.#agreedVersion = protocolVersion;
      message.waiting.delete(id);
    }
    if (message?.first?.method === 'tools/list') this.#noteMirrored(text);
    this.#listener.onMessage(toLine(text));
    message?.onProgress();
  }

  #noteMirrored(text: string): void {
    if (!text.includes('"x-mcp-header"')) return;
    const { result } = JSON.parse(text) as {
      readonly result?: { readonly tools?: readonly { name: string; inputSchema: unknown }[] };
    };
    for (const { name, inputSchema } of result?.tools ?? []) {
      const params = findMirroredParams(inputSchema);
      if (params.length > 0 && this.#mirrored.size < MIRRORING_TOOLS_MAX)
        this.#mirrored.set(name, params);
    }
  }

  /** The session's own stream, for what the server says unasked. A server without one answers 405. */
  async #listen(): Promise<void> {
    const session = this.#session;
    const { signal } = this.#listening;
    let lastEventId: string | undefined;
    let pauseMs = REOPEN_MS.first;
    while (session === this.#session && !signal.aborted) {
      let retryMs = pauseMs;
      try {
        const stream = await this.#openStream(lastEventId, signal);
        const { statusCode = 0 } = stream;
        if (statusCode !== 200) {
          stream.resume();
          if (statusCode < 500) return;
        } else {
          pauseMs = REOPEN_MS.first;
          retryMs = pauseMs;
          const decoder = createSseDecoder(BRIDGE_LIMITS);
          await this.#takeEvents(stream, decoder, undefined, signal);
          lastEventId = decoder.lastEventId() ?? lastEventId;
          retryMs = decoder.retryMs() ?? retryMs;
        }
      } catch {
        // Broken streams are opened again, for as long as the session lasts.
      }
      await pause(retryMs, signal);
      pauseMs = Math.min(pauseMs * 2, REOPEN_MS.max);
    }
  }

  #openStream(lastEventId: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#http.call({
      method: 'GET',
      headers: {
        ...this.#headersOf(undefined, this.#session),
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.any([signal, this.#ending.signal]),
    }).answer;
  }

  /** Begins the session anew with the client's own `initialize`; once for all messages that found it lost. */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#begin()
      .catch(() => false)
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  async #begin(): Promise<boolean> {
    const opening = this.#memory.opening();
    if (opening === undefined) return false;
    const { statusCode, headers } = await this.#say(opening, undefined);
    const session = headers['mcp-session-id'];
    if (statusCode !== 200 || typeof session !== 'string') return false;
    this.#session = session;
    for (const text of [INITIALIZED, ...this.#memory.settings()]) await this.#say(text, session);
    void this.#listen();
    return true;
  }

  /** Something the client said before, whose answer it has already. */
  async #say(body: string, session: string | undefined): Promise<IncomingMessage> {
    const { signal } = this.#ending;
    const headers = this.#headersOf(undefined, session);
    const answer = await this.#http.call({ method: 'POST', headers, body, signal }).answer;
    const read = await readBody(answer, signal, BRIDGE_LIMITS);
    if (!read.ok) throw errorOf(read.problem);
    return answer;
  }

  #headersOf(
    message: Message | undefined,
    session: string | undefined,
  ): Readonly<Record<string, string>> {
    const first = message?.first;
    const headers: Record<string, string> = {
      ...this.#headers,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    if (session !== undefined) headers['mcp-session-id'] = session;
    if (first && this.#isStateless(first)) {
      const version = first.protocolVersion ?? this.#statelessVersion;
      if (version !== undefined) headers['mcp-protocol-version'] = version;
      if (first.method !== undefined) headers['mcp-method'] = encodeHeaderValue(first.method);
      if (first.target !== undefined) headers['mcp-name'] = encodeHeaderValue(first.target);
      return { ...headers, ...this.#mirror(message) };
    }
    if (this.#agreedVersion !== undefined && first?.method !== 'initialize')
      headers['mcp-protocol-version'] = this.#agreedVersion;
    return headers;
  }

  #mirror({ first, text }: Message): Readonly<Record<string, string>> {
    const params = first?.method === 'tools/call' ? this.#mirrored.get(first.target ?? '') : [];
    if (!params || params.length === 0) return {};
    const { params: call } = JSON.parse(text) as { readonly params?: { arguments?: unknown } };
    return mirrorParams(params, call?.arguments);
  }

  /** Whether a message belongs to the era without sessions. */
  #isStateless({ method, protocolVersion }: MessageFacts): boolean {
    if (this.#agreedVersion !== undefined || method === 'initialize') return false;
    if (protocolVersion === undefined) return this.#statelessVersion !== undefined;
    if (protocolVersion >= MODERN) this.#statelessVersion = protocolVersion;
    return protocolVersion >= MODERN;
  }

  #fail({ waiting }: Message, detail: string): void {
    for (const id of waiting) this.#listener.onMessage(renderRefusal('unreachable', id, detail));
    waiting.clear();
  }
}

function kindOf(facts: readonly MessageFacts[]): MessageKind {
  if (facts.some(({ method }) => method === 'initialize')) return 'opening';
  return facts.length > 0 && facts.every((each) => !isRequest(each) && each.method !== undefined)
    ? 'notification'
    : 'other';
}

/** Whether the server can know what an answer is about: garbage has no id. */
function isSpoken({ facts }: Message): boolean {
  return facts.length > 0;
}

/** The `error` of a JSON-RPC answer, as JSON text. */
function rpcErrorOf(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    return typeof error === 'object' && error !== null ? JSON.stringify(error) : undefined;
  } catch {
    return undefined;
  }
}

/** A raw line break in JSON is always between its tokens. */
function toLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]+/g, ' ') : text;
}

function errorOf(problem: ReadProblem): Error {
  if (problem.kind === 'lost') return problem.error;
  return new RangeError(problem.kind === 'aborted' ? 'it was given up' : problem.reason);
}

/** Resolves early where `signal` aborts. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await delay(delayMs, undefined, { signal }).catch(() => undefined);
}
