import { pause, resultWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { REFUSALS, renderRefusal } from '../../facts/refusal.ts';
import type { Secret } from '../../facts/secret.ts';
import { describeBriefly, type FailureFacts } from '../classify-failure.ts';
import { describeLimit } from '../lost-message.ts';
import type { ChannelListener, MessageChannel } from '../message-channel.ts';
import type { MessageFacts } from '../message-facts.ts';
import { isAnswerToOne } from '../lost-session.ts';
import { createMessageOrder, type Delivery, type MessageOrder } from '../message-order.ts';
import { readLine } from '../read-line.ts';
import { openConnections, type TlsTrust } from './connections.ts';
import {
  type AttemptEnd,
  type DeliveryAttempts,
  firstAttempts,
  nextDeliveryStep,
} from './delivery-attempts.ts';
import { HttpChannelSession } from './http-channel-session.ts';
import type { AccessTokens } from '../access-tokens.ts';
import { createAuthorizedEndpoint } from './authorized-endpoint.ts';
import { createHttpEndpoint, type HttpEndpoint } from './http-endpoint.ts';
import { missingAnswer } from './http-facts.ts';
import { type MessageExchange, type OpenAnswer, sendMessage } from './message-exchange.ts';
import { isUnsuitable, passBody } from './pass-body.ts';
import { PendingMessage } from './pending-message.ts';
import { readAnswer } from './read-answer.ts';
import { BRIDGE_LIMITS, ERROR_LIMITS, readBody, tooLargeReason } from './read-body.ts';

export interface HttpChannelOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, Secret>>;
  readonly tokens?: AccessTokens | undefined;
  readonly tls: TlsTrust;
  readonly clock: Clock;
  /** For how long a message is tried again where nobody listens: a gateway that restarts. */
  readonly restartMsMax?: number;
}

export interface HttpChannelListener extends Omit<ChannelListener, 'onRequestFailed'> {
  /** A message that certainly did not reach the server: there was no connection. Without this its requests are answered with an error. */
  onUndelivered?(text: string): void;
  /** The opening was answered as the specification says that servers of HTTP+SSE do. */
  onUnsuitable?(text: string): void;
}

export interface HttpChannel extends MessageChannel {
  /** Takes no more messages and hears no more of the server; requests in flight still get their answers. */
  retire(): void;
}

const TOO_LARGE = tooLargeReason(BRIDGE_LIMITS.bytesMax);
const CONNECT_TIMEOUT_MS = 10_000;
const RETRY_MS = 100;
const LAST_POSTS_MS_MAX = 500;

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
  const { tokens, clock } = options;
  const authorized = tokens ? createAuthorizedEndpoint(endpoint, tokens, clock) : endpoint;
  return new StreamableHttpChannel(options, listener, authorized);
}

class StreamableHttpChannel implements HttpChannel {
  readonly #listener: HttpChannelListener;
  readonly #endpoint: HttpEndpoint;
  readonly #clock: Clock;
  readonly #restartMsMax: number;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, AbortController>();
  readonly #lastPosts = new Set<Promise<unknown>>();
  readonly #order: MessageOrder;
  readonly #session: HttpChannelSession;

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
    this.#session = new HttpChannelSession({
      endpoint,
      clock,
      signal: this.#ending.signal,
      onText: (text) => this.#take(text),
    });
  }

  send(text: string): boolean {
    if (this.#ending.signal.aborted) return false;
    const { messages: facts, isBatch } = readLine(text);
    const [first] = facts;
    if (first && !isBatch) this.#session.remember(first, text);
    if (first?.method === 'notifications/cancelled' && this.#session.isStateless(first)) {
      // In that revision the closing of the stream is the cancellation.
      this.#running.get(first.cancelledId ?? '')?.abort(new Error('cancelled'));
      return true;
    }
    this.#enqueue(text, facts);
    return true;
  }

  retire(): void {
    this.#session.stopListening();
  }

  async close(): Promise<void> {
    this.retire();
    await resultWithin(this.#clock, LAST_POSTS_MS_MAX, Promise.all(this.#lastPosts));
    this.#ending.abort(new Error('closed'));
    await this.#session.end();
    this.#endpoint.release();
  }

  #enqueue(text: string, facts: readonly MessageFacts[]): void {
    const message = new PendingMessage(text, facts);
    if (message.waiting.size === 0) this.#lastPosts.add(message.ended);
    this.#order(message.kind, (): Delivery => {
      const { promise: written, resolve: onWritten } = Promise.withResolvers<void>();
      void this.#deliver(message, onWritten);
      return { written, taken: message.taken };
    });
  }

  async #deliver(message: PendingMessage, onWritten: () => void): Promise<void> {
    const ids = [...message.waiting];
    for (const id of ids) this.#running.set(id, message.cancelling);
    const failure = await this.#send(message, onWritten);
    if (failure) this.#fail(message, failure);
    for (const id of ids)
      if (this.#running.get(id) === message.cancelling) this.#running.delete(id);
    this.#lastPosts.delete(message.ended);
    onWritten();
    message.end();
  }

  /** Until the message has its answers, or certainly gets none. @returns why not */
  async #send(message: PendingMessage, onWritten: () => void): Promise<FailureFacts | undefined> {
    const signal = AbortSignal.any([message.cancelling.signal, this.#ending.signal]);
    const startedAtMs = this.#clock.monotonicMs();
    let attempts = firstAttempts(message.facts);
    while (!signal.aborted) {
      const exchange = this.#exchangeOf(message, { signal, startedAtMs, onWritten });
      const end = await this.#attempt(message, exchange, attempts);
      if (signal.aborted) return undefined;
      const step = nextDeliveryStep(attempts, end, {
        restartMsMax: this.#restartMsMax,
        canHandBack: this.#listener.onUndelivered !== undefined,
      });
      switch (step.kind) {
        case 'done':
          return undefined;
        case 'fail':
          return step.facts;
        case 'hand_back':
          message.waiting.clear();
          this.#listener.onUndelivered?.(message.text);
          return undefined;
        case 'repeat_later':
          await pause(this.#clock, RETRY_MS, signal);
          break;
        case 'renew_session':
          ({ attempts } = step);
          if (!(await this.#session.renew(exchange.message.context.sessionId)))
            return lostSession(message);
          break;
        case 'repeat':
          ({ attempts } = step);
      }
    }
    return undefined;
  }

  #exchangeOf(
    message: PendingMessage,
    options: Pick<MessageExchange, 'signal' | 'startedAtMs' | 'onWritten'>,
  ): MessageExchange {
    const { method, text } = message;
    const outgoing = { method, text, context: this.#session.contextOf(message) };
    return { endpoint: this.#endpoint, clock: this.#clock, message: outgoing, ...options };
  }

  async #attempt(
    message: PendingMessage,
    exchange: MessageExchange,
    { mayRenewSession }: DeliveryAttempts,
  ): Promise<AttemptEnd> {
    const answer = await sendMessage(exchange);
    exchange.onWritten?.();
    const elapsedMs = this.#clock.monotonicMs() - exchange.startedAtMs;
    const fail = (facts: FailureFacts, wasConnected: boolean): AttemptEnd => {
      const { isUnanswered } = message;
      return { kind: 'failed', facts, wasConnected, isUnanswered, elapsedMs };
    };
    if (!answer.ok) return fail(answer.facts, answer.wasConnected);
    message.noteProgress();
    const { response } = answer;
    const hasSession = exchange.message.context.sessionId !== undefined;
    if (mayRenewSession && hasSession && response.statusCode === 404) {
      const body = await readBody(response, exchange.signal, ERROR_LIMITS);
      answer.finished();
      if (!body.ok || !isAnswerToOne(readLine(body.text).messages, message.waiting))
        return { kind: 'session_lost' };
      this.#session.noteHead(message, response);
      this.#takeBody(body.text, response.statusCode, message);
      return { kind: 'answered' };
    }
    message.isTurnedAway = false;
    const facts = await this.#read(message, exchange, answer);
    if (message.isTurnedAway) return fail(unanswered(message, 503), false);
    return facts ? fail(facts, true) : { kind: 'answered' };
  }

  /** @returns what broke the answer off */
  async #read(
    message: PendingMessage,
    exchange: MessageExchange,
    answer: OpenAnswer,
  ): Promise<FailureFacts | undefined> {
    const { response } = answer;
    const { statusCode: status = 0 } = response;
    this.#session.noteHead(message, response);
    const failure = await readAnswer(exchange, answer, {
      limits: BRIDGE_LIMITS,
      onBody: (text) => this.#takeBody(text, status, message),
      onEvent: (data) => {
        this.#take(data, message);
        return true;
      },
      isWaiting: () => message.waiting.size > 0,
    });
    if (message.method === 'notifications/initialized' && status < 300) this.#session.listen();
    return failure;
  }

  #takeBody(text: string, status: number, message: PendingMessage): void {
    if (this.#restartMsMax > 0 && isOfStoppingGateway(text, status)) {
      message.isTurnedAway = true;
      return;
    }
    const { onUnsuitable } = this.#listener;
    const isFirst = message.method === 'initialize' && !this.#session.hasAnswered;
    if (isFirst && onUnsuitable && isUnsuitable(text, status)) {
      message.waiting.clear();
      onUnsuitable.call(this.#listener, message.text);
      return;
    }
    const passed = passBody(text, status, message);
    if (passed.kind === 'text') this.#take(text, message);
    if (passed.kind === 'error') {
      for (const id of message.writtenIds())
        this.#listener.onMessage(`{"jsonrpc":"2.0","id":${id},"error":${passed.error}}`);
      message.waiting.clear();
    }
    this.#fail(message, unanswered(message, status));
    message.noteProgress();
  }

  #take(text: string, message?: PendingMessage): void {
    if (message) {
      const answers = message.noteAnswers(readLine(text).messages);
      this.#session.noteAnswers(message, answers, text);
    }
    this.#listener.onMessage(toLine(text));
    message?.noteProgress();
  }

  #fail(message: PendingMessage, facts: FailureFacts): void {
    const isTooLarge = facts.kind === 'unusable' && facts.reason === TOO_LARGE;
    const refusal = isTooLarge ? 'message_too_large' : 'unreachable';
    const detail = isTooLarge ? describeLimit(BRIDGE_LIMITS.bytesMax) : describeBriefly(facts);
    for (const id of message.writtenIds())
      this.#listener.onMessage(renderRefusal(refusal, id, detail));
    message.waiting.clear();
  }
}

function lostSession({ method }: PendingMessage): FailureFacts {
  const reason = 'the session was lost and could not be begun anew';
  return { kind: 'unusable', method, reason };
}

/** The gateway restarts: it passed nothing on. */
function isOfStoppingGateway(text: string, status: number): boolean {
  const { code, status: refused } = REFUSALS.stopping;
  return status === refused && readLine(text).messages[0]?.error?.code === code;
}

/** Why requests get no answer though their message was answered. */
function unanswered({ method }: PendingMessage, status: number): FailureFacts {
  return status < 300 ? missingAnswer(method) : { kind: 'http', status, method, hasSession: false };
}

/** A raw line break in JSON is always between its tokens. */
function toLine(text: string): string {
  return /[\r\n]/.test(text) ? text.replaceAll(/[\r\n]+/g, ' ') : text;
}
