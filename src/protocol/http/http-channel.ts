import type { IncomingMessage } from 'node:http';
import { isJsonObject } from '../../facts/json-object.ts';
import { parseMessages } from '../json-rpc.ts';
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
import { resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { describeBriefly, type FailureFacts } from '../classify-failure.ts';
import { openConnections, type TlsTrust } from './connections.ts';
import { deleteSession } from './delete-session.ts';
import { createHttpEndpoint, type HttpEndpoint, type HttpResult } from './http-endpoint.ts';
import { problemFacts } from './http-facts.ts';
import type { ChannelListener, MessageChannel } from '../message-channel.ts';
import {
  createMessageOrder,
  type Delivery,
  type MessageKind,
  type MessageOrder,
} from '../message-order.ts';

export interface HttpChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tls: TlsTrust;
  readonly clock: Clock;
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
const CONNECT_TIMEOUT_MS = 10_000;
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
  const endpoint = createHttpEndpoint({
    url: options.url,
    headers: options.headers,
    connections: await openConnections(options.url, options.tls),
    clock: options.clock,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    retriesStale: false,
  });
  return new StreamableHttpChannel(options, listener, endpoint);
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

class StreamableHttpChannel implements HttpChannel {
  readonly #listener: HttpChannelListener;
  readonly #endpoint: HttpEndpoint;
  readonly #clock: Clock;
  readonly #restartMsMax: number;
  readonly #ending = new AbortController();
  readonly #listening = new AbortController();
  readonly #running = new Map<string, AbortController>();
  readonly #lastPosts = new Set<Promise<unknown>>();
  readonly #order: MessageOrder;
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
    { clock, restartMsMax }: HttpChannelOptions,
    listener: HttpChannelListener,
    endpoint: HttpEndpoint,
  ) {
    this.#listener = listener;
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#order = createMessageOrder(clock);
    this.#restartMsMax = restartMsMax ?? 0;
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
    await resultWithin(this.#clock, LAST_POSTS_MS_MAX, Promise.all(this.#lastPosts));
    this.#ending.abort(new Error('closed'));
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) {
      const headers = this.#headersOf(undefined, session);
      await deleteSession(this.#endpoint, headers, this.#clock, DELETE_MS_MAX);
    }
    this.#endpoint.release();
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
    void this.#post(message, noteWritten).then((failure) => {
      if (failure) this.#fail(message, describeBriefly(failure));
      noteWritten();
      noteTaken();
      onDone();
      for (const { id = '' } of facts) {
        if (this.#running.get(id) === message.cancelling) this.#running.delete(id);
      }
    });
    return { written, taken };
  }

  /** Until the message has its answers, or certainly gets none. @returns what broke the connection */
  async #post(message: Message, onWritten: () => void): Promise<FailureFacts | undefined> {
    const startedMs = this.#clock.monotonicMs();
    let mayRepeat = message.facts.every(({ method }) => REPEATABLE.has(method ?? ''));
    let mayRenew = true;
    while (!this.#isOver(message)) {
      const session = message.first?.method === 'initialize' ? undefined : this.#session;
      const sent = await this.#sendPost(message, session, onWritten);
      onWritten();
      if (sent.ok) message.onProgress();
      if (sent.ok && mayRenew && sent.response.statusCode === 404 && session !== undefined) {
        sent.response.resume();
        mayRenew = false;
        if (this.#session !== session || (await this.#renew())) continue;
        this.#fail(message, 'the session was lost and could not be begun anew');
        return undefined;
      }
      const failure = sent.ok ? await this.#read(sent.response, message) : sent.facts;
      if (!failure || this.#isOver(message)) return undefined;
      if (sent.ok || sent.wasConnected) {
        if (!mayRepeat || message.waiting.size < message.facts.length) return failure;
        mayRepeat = false;
      } else if (this.#clock.monotonicMs() - startedMs < this.#restartMsMax) {
        await this.#pause(RETRY_MS, this.#ending.signal);
      } else if (this.#listener.onUndelivered) {
        message.waiting.clear();
        this.#listener.onUndelivered(message.text);
        return undefined;
      } else {
        return failure;
      }
    }
    return undefined;
  }

  #sendPost(
    message: Message,
    session: string | undefined,
    onWritten: () => void,
  ): Promise<HttpResult> {
    return this.#endpoint.send({
      method: 'POST',
      headers: this.#headersOf(message, session),
      body: message.text,
      waitedFor: 'answer',
      signal: this.#signalOf(message),
      onWritten,
    });
  }

  #signalOf({ cancelling }: Message): AbortSignal {
    return AbortSignal.any([cancelling.signal, this.#ending.signal]);
  }

  #isOver({ cancelling }: Message): boolean {
    return cancelling.signal.aborted || this.#ending.signal.aborted;
  }

  /** @returns what broke the answer off */
  async #read(answer: IncomingMessage, message: Message): Promise<FailureFacts | undefined> {
    const { statusCode = 0, headers } = answer;
    const isOpening = message.first?.method === 'initialize';
    const session = headers['mcp-session-id'];
    this.#hasAnswered ||= statusCode < 300;
    if (isOpening && statusCode === 200) {
      this.#session = typeof session === 'string' ? session : undefined;
    }
    if (String(headers['content-type']).startsWith('text/event-stream')) {
      const failure = await this.#readStream(answer, message);
      if (failure) return failure;
    } else {
      const read = await readBody(answer, this.#signalOf(message), BRIDGE_LIMITS);
      if (!read.ok) return this.#explain(read.problem, message);
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
        return undefined;
      }
      this.#takeBody(text, statusCode, message);
    }
    if (message.first?.method === 'notifications/initialized' && statusCode < 300)
      void this.#listen();
    return undefined;
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
  async #readStream(answer: IncomingMessage, message: Message): Promise<FailureFacts | undefined> {
    let stream = answer;
    let lastEventId: string | undefined;
    let retryMs = REOPEN_MS.first;
    for (let tries = 0; ;) {
      const decoder = createSseDecoder(BRIDGE_LIMITS);
      const end = await this.#takeEvents(stream, decoder, message, message.cancelling.signal);
      if (message.waiting.size === 0 || this.#isOver(message)) return undefined;
      const resumeAt = decoder.lastEventId() ?? lastEventId;
      tries = resumeAt === lastEventId ? tries + 1 : 0;
      lastEventId = resumeAt;
      retryMs = decoder.retryMs() ?? retryMs;
      if (lastEventId === undefined || tries >= RESUME_TRIES_MAX) {
        if (end.kind === 'problem') return this.#explain(end.problem, message);
        this.#fail(message, 'the answer ended without a result');
        return undefined;
      }
      await this.#pause(retryMs, this.#ending.signal);
      const reopened = await this.#openStream(lastEventId, message.cancelling.signal);
      if (!reopened.ok) return reopened.facts;
      stream = reopened.response;
      if (stream.statusCode !== 200) {
        stream.resume();
        this.#fail(message, 'the answer ended without a result');
        return undefined;
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
    for (const tool of toolsOf(text)) {
      if (!isJsonObject(tool) || typeof tool['name'] !== 'string') continue;
      const params = findMirroredParams(tool['inputSchema']);
      if (params.length > 0 && this.#mirrored.size < MIRRORING_TOOLS_MAX)
        this.#mirrored.set(tool['name'], params);
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
      // Broken streams are opened again, for as long as the session lasts.
      const opened = await this.#openStream(lastEventId, signal);
      if (opened.ok && opened.response.statusCode === 200) {
        pauseMs = REOPEN_MS.first;
        const decoder = createSseDecoder(BRIDGE_LIMITS);
        await this.#takeEvents(opened.response, decoder, undefined, signal);
        lastEventId = decoder.lastEventId() ?? lastEventId;
        retryMs = decoder.retryMs() ?? pauseMs;
      } else if (opened.ok) {
        opened.response.resume();
        if ((opened.response.statusCode ?? 0) < 500) return;
      }
      await this.#pause(retryMs, signal);
      pauseMs = Math.min(pauseMs * 2, REOPEN_MS.max);
    }
  }

  #openStream(lastEventId: string | undefined, signal: AbortSignal): Promise<HttpResult> {
    return this.#endpoint.send({
      method: 'GET',
      waitedFor: 'answer to GET',
      headers: {
        ...this.#headersOf(undefined, this.#session),
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
      signal: AbortSignal.any([signal, this.#ending.signal]),
    });
  }

  /** Begins the session anew with the client's own `initialize`; once for all messages that found it lost. */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#begin().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #begin(): Promise<boolean> {
    const opening = this.#memory.opening();
    if (opening === undefined) return false;
    const answer = await this.#say(opening, undefined);
    const session = answer?.headers['mcp-session-id'];
    if (answer?.statusCode !== 200 || typeof session !== 'string') return false;
    this.#session = session;
    for (const text of [INITIALIZED, ...this.#memory.settings()])
      if (!(await this.#say(text, session))) return false;
    void this.#listen();
    return true;
  }

  /** Something the client said before, whose answer it has already. @returns its head, unless the answer broke off */
  async #say(body: string, session: string | undefined): Promise<IncomingMessage | undefined> {
    const { signal } = this.#ending;
    const headers = this.#headersOf(undefined, session);
    const sent = await this.#endpoint.send({
      method: 'POST',
      headers,
      body,
      waitedFor: 'answer',
      signal,
    });
    if (!sent.ok) return undefined;
    const read = await readBody(sent.response, signal, BRIDGE_LIMITS);
    return read.ok ? sent.response : undefined;
  }

  #explain(problem: ReadProblem, { first }: Message): FailureFacts {
    return problemFacts(problem, first?.method ?? 'message', this.#endpoint, {
      signal: this.#ending.signal,
      waitedMs: 0,
    });
  }

  /** Resolves early where `signal` aborts. */
  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }

  #headersOf(
    message: Message | undefined,
    session: string | undefined,
  ): Readonly<Record<string, string>> {
    const first = message?.first;
    const headers: Record<string, string> = {
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

/** The tools of an answer to `tools/list`. */
function toolsOf(text: string): readonly unknown[] {
  const parsed = parseMessages(text);
  const [message] = parsed.ok ? parsed.messages : [];
  const result = message?.kind === 'result' ? message.result : undefined;
  return isJsonObject(result) && Array.isArray(result['tools']) ? result['tools'] : [];
}
