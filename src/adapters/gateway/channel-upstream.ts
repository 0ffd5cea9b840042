import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { CallVerdict } from '../../domain/call-outcome.ts';
import type { Clock, Timer } from '../../domain/clock.ts';
import { isRequest, isResponse, type MessageFacts } from '../../domain/message-facts.ts';
import { REFUSALS, renderRefusal, type RefusalName } from '../../domain/refusal.ts';
import type { Era } from '../../domain/server.ts';
import type { CallTracker, Exchange } from '../../gateway/call-tracker.ts';
import { readMessages } from '../../gateway/message-reader.ts';
import { createRewriter, parseKeepingNumbers, type Rewriter } from '../../gateway/rewrite-ids.ts';
import { carrierOf, textOf } from './carrier.ts';
import type { ChannelFailure, MessageChannel, OpenChannel } from './message-channel.ts';
import { createPostReply, EVENT_STREAM_HEADERS, eventOf, type PostReply } from './post-reply.ts';
import { readRest } from './read-rest.ts';
import { sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

export interface ChannelUpstreamOptions {
  readonly clock: Clock;
  readonly tracker: CallTracker;
  readonly open: OpenChannel;
  /** What the prober knows of the server; decides what a request of the modern era is worth. */
  readonly knownEra: () => Era | undefined;
  /** Conversations, and so children, at the same time. */
  readonly sessionsMax: number;
  readonly idleMs: number;
  readonly answerTimeoutMs: number;
}

const CANCELLED: CallVerdict = { outcome: 'cancelled', status: 499, errorType: 'cancelled' };
const QUEUE_MAX = 200;
const SWEEP_MS = 5_000;
/** Modern servers answer the errors of the request ladder with these. */
const STATUS_OF_CODE: Readonly<Record<number, number>> = {
  [-32601]: 404,
  [-32020]: 400,
  [-32021]: 400,
  [-32022]: 400,
};

/**
 * Streamable HTTP in front of a server that talks in single messages: stdio, or HTTP+SSE.
 *
 * Legacy clients get a conversation (a child) each, since a server's own requests could not be told apart otherwise;
 * modern requests stand for themselves and share one. Never a conversation per request.
 */
export function createChannelUpstream(options: ChannelUpstreamOptions): Upstream {
  return new ChannelUpstream(options);
}

class ChannelUpstream implements Upstream {
  readonly #options: ChannelUpstreamOptions;
  readonly #conversations = new Map<string, Conversation>();
  #shared: Promise<SharedConversation | ChannelFailure> | undefined;
  #sweeper: Timer | undefined;
  #opening = 0;
  #isStopping = false;

  constructor(options: ChannelUpstreamOptions) {
    this.#options = options;
  }

  handle(admitted: AdmittedRequest): void {
    void this.#route(admitted);
  }

  load(): ReturnType<Upstream['load']> {
    let streams = 0;
    for (const conversation of this.#conversations.values()) if (conversation.hasStream) streams++;
    return { ...this.#options.tracker.load(), streams: { http: streams, sse: 0, stdio: 0 } };
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.#sweeper?.cancel();
    const shared = await this.#shared;
    const isBusy = (): boolean =>
      [
        ...this.#conversations.values(),
        ...(shared instanceof SharedConversation ? [shared] : []),
      ].some((each) => each.isBusy);
    while (isBusy() && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    await Promise.all(
      [...this.#conversations.values()].map((conversation) => conversation.close()),
    );
    if (shared instanceof SharedConversation) await shared.close();
    this.#conversations.clear();
    this.#options.tracker.stop();
  }

  async #route(head: AdmittedRequest): Promise<void> {
    const { request, response } = head;
    if (head.route !== '/mcp') {
      refuse(this.#options, head, 'wrong_transport');
      return;
    }
    const admitted = head.isComplete ? head : await readRest(head);
    if (!admitted) return;
    const session = textOf(request.headers['mcp-session-id']);
    const conversation = session === undefined ? undefined : this.#conversations.get(session);
    if (session !== undefined && !conversation)
      refuse(this.#options, admitted, 'session_not_found');
    else if (request.method === 'GET')
      conversation
        ? conversation.openStream(admitted)
        : refuse(this.#options, admitted, 'method_not_allowed');
    else if (request.method === 'DELETE')
      conversation
        ? await this.#end(conversation, response)
        : refuse(this.#options, admitted, 'method_not_allowed');
    else if (request.method !== 'POST') refuse(this.#options, admitted, 'method_not_allowed');
    else if (!admitted.read.isJson || admitted.read.messages.length === 0)
      refuse(this.#options, admitted, 'invalid_json');
    else if (conversation) conversation.post(admitted);
    else if (admitted.read.messages.some((facts) => facts.method === 'initialize'))
      await this.#begin(admitted);
    else if (carrierOf(admitted, 'http', undefined).era === 'modern')
      await this.#postShared(admitted);
    else refuse(this.#options, admitted, 'not_initialized');
  }

  async #begin(admitted: AdmittedRequest): Promise<void> {
    if (this.#isStopping || !this.#makeRoom()) {
      refuse(
        this.#options,
        admitted,
        'overloaded',
        `${this.#options.sessionsMax} sessions of this server are in use`,
      );
      return;
    }
    this.#opening++;
    const id = randomUUID();
    const conversation = new Conversation(this.#options, id, () => this.#conversations.delete(id));
    const opening = await this.#options.open(conversation);
    this.#opening--;
    if (!opening.ok) {
      refuse(this.#options, admitted, opening.failure.refusal, opening.failure.detail);
      return;
    }
    conversation.attach(opening.channel);
    if (this.#isStopping || admitted.response.destroyed) {
      await conversation.close();
      return;
    }
    this.#conversations.set(id, conversation);
    this.#watch();
    conversation.post(admitted);
  }

  async #postShared(admitted: AdmittedRequest): Promise<void> {
    if (this.#isStopping) {
      refuse(this.#options, admitted, 'overloaded');
      return;
    }
    if (this.#options.knownEra() === 'legacy') {
      refuse(this.#options, admitted, 'legacy_server');
      return;
    }
    this.#shared ??= this.#openShared();
    const shared = await this.#shared;
    if (shared instanceof SharedConversation) shared.post(admitted);
    else refuse(this.#options, admitted, shared.refusal, shared.detail);
  }

  async #openShared(): Promise<SharedConversation | ChannelFailure> {
    const forget = (): void => {
      this.#shared = undefined;
    };
    const shared = new SharedConversation(this.#options, forget);
    const opening = await this.#options.open(shared);
    if (!opening.ok) {
      forget();
      return opening.failure;
    }
    shared.attach(opening.channel);
    return shared;
  }

  async #end(conversation: Conversation, response: ServerResponse): Promise<void> {
    this.#conversations.delete(conversation.id);
    await conversation.close();
    response.writeHead(200, { 'content-length': 0 });
    response.end();
  }

  /** At the cap the conversation that was idle longest makes room, if it was idle for a while. */
  #makeRoom(): boolean {
    if (this.#conversations.size + this.#opening < this.#options.sessionsMax) return true;
    const nowMs = this.#options.clock.monotonicMs();
    const [idlest] = [...this.#conversations.values()]
      .filter((each) => !each.isBusy && nowMs - each.usedMs > SWEEP_MS)
      .toSorted((a, b) => a.usedMs - b.usedMs);
    if (!idlest) return false;
    this.#conversations.delete(idlest.id);
    void idlest.close();
    return true;
  }

  #watch(): void {
    this.#sweeper ??= this.#options.clock.after(SWEEP_MS, () => {
      this.#sweeper = undefined;
      const nowMs = this.#options.clock.monotonicMs();
      for (const conversation of [...this.#conversations.values()]) {
        if (conversation.isBusy || nowMs - conversation.usedMs < this.#options.idleMs) continue;
        this.#conversations.delete(conversation.id);
        void conversation.close();
      }
      if (this.#conversations.size > 0 && !this.#isStopping) this.#watch();
    });
  }
}

interface Waiting {
  readonly reply: PostReply;
  readonly exchange: Exchange;
}

/** One client's session on a channel of its own: nothing needs to be rewritten. */
class Conversation {
  readonly id: string;
  usedMs: number;
  readonly #options: ChannelUpstreamOptions;
  readonly #onEnd: () => void;
  readonly #waiting = new Map<string, Waiting>();
  #channel: MessageChannel | undefined;
  #stream: ServerResponse | undefined;
  #queue: string[] = [];
  #isOpened = false;

  constructor(options: ChannelUpstreamOptions, id: string, onEnd: () => void) {
    this.#options = options;
    this.id = id;
    this.#onEnd = onEnd;
    this.usedMs = options.clock.monotonicMs();
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  get hasStream(): boolean {
    return this.#stream !== undefined;
  }

  attach(channel: MessageChannel): void {
    this.#channel = channel;
  }

  post(admitted: AdmittedRequest): void {
    const { tracker, clock } = this.#options;
    const { read, body, response } = admitted;
    this.usedMs = clock.monotonicMs();
    const requests = read.messages.filter(isRequest);
    const carrier = carrierOf(admitted, 'http', this.#isOpened ? this.id : undefined);
    if (!this.#channel?.send(toLine(body))) {
      refuse(this.#options, admitted, 'overloaded', 'the server leaves too much unread');
      return;
    }
    for (const facts of read.messages) {
      if (isResponse(facts)) tracker.answerServerCall(facts, body.length, this.id);
      else if (!isRequest(facts)) this.#notice(facts);
    }
    if (requests.length === 0) {
      response.writeHead(202, { 'content-length': 0 });
      response.end();
      return;
    }
    const reply = createPostReply({
      response,
      keys: requests.map((facts) => facts.id ?? ''),
      isBatch: read.isBatch,
      acceptsEvents: acceptsEvents(admitted),
      statusOf: () => 200,
      headers: () => ({ 'mcp-session-id': this.id }),
    });
    const exchanges = requests.map((facts) => tracker.begin(facts, carrier));
    for (const exchange of exchanges) {
      exchange.overheadMs = clock.monotonicMs() - admitted.receivedMs;
      this.#waiting.set(exchange.key, { reply, exchange });
    }
    const timer = clock.after(this.#options.answerTimeoutMs, () =>
      this.#giveUp(exchanges, 'timeout'),
    );
    response.on('close', () => {
      timer.cancel();
      for (const exchange of exchanges) {
        this.#waiting.delete(exchange.key);
        tracker.end(exchange, CANCELLED);
      }
    });
  }

  openStream(admitted: AdmittedRequest): void {
    const { response } = admitted;
    if (this.#stream) {
      refuse(this.#options, admitted, 'stream_taken');
      return;
    }
    this.#stream = response;
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...EVENT_STREAM_HEADERS,
      'mcp-session-id': this.id,
    });
    response.flushHeaders();
    for (const text of this.#queue.splice(0)) response.write(eventOf(text));
    response.on('close', () => {
      this.#stream = undefined;
    });
  }

  onMessage(text: string): void {
    this.usedMs = this.#options.clock.monotonicMs();
    const read = readMessages(Buffer.from(text));
    if (read.isBatch) {
      for (const element of parseKeepingNumbers(text) as unknown[])
        this.onMessage(JSON.stringify(element));
      return;
    }
    const [facts] = read.messages;
    if (!facts) return;
    if (isResponse(facts)) this.#answer(facts, text);
    else this.#relay(facts, text);
  }

  onClose(failure: ChannelFailure): void {
    this.#onEnd();
    this.#channel = undefined;
    this.#giveUp(
      [...this.#waiting.values()].map(({ exchange }) => exchange),
      failure.refusal,
      failure.detail,
    );
    this.#stream?.end();
    this.#options.tracker.closeSession(this.id);
  }

  async close(): Promise<void> {
    const channel = this.#channel;
    this.onClose({ refusal: 'child_exit', detail: 'the session ended' });
    await channel?.close();
  }

  #answer(facts: MessageFacts, text: string): void {
    const { tracker } = this.#options;
    const waiting = this.#waiting.get(facts.id ?? '');
    if (!waiting) return;
    this.#waiting.delete(waiting.exchange.key);
    if (waiting.exchange.facts.method === 'initialize') this.#noteOpening(waiting.exchange, facts);
    waiting.reply.answer(waiting.exchange.key, text);
    tracker.answer(
      facts,
      Buffer.byteLength(text),
      undefined,
      new Map([[waiting.exchange.key, waiting.exchange]]),
    );
  }

  #noteOpening({ facts }: Exchange, answer: MessageFacts): void {
    if (answer.error) return;
    this.#isOpened = true;
    this.#options.tracker.openSession(this.id, 'http', {
      ...(facts.client ? { client: facts.client } : {}),
      ...(answer.protocolVersion === undefined ? {} : { protocolVersion: answer.protocolVersion }),
    });
  }

  /** A message of the server's own goes where its cause is known to be, else to the session's stream, else it waits. */
  #relay(facts: MessageFacts, text: string): void {
    const { tracker, clock } = this.#options;
    const open = [...new Set([...this.#waiting.values()].map(({ reply }) => reply))].filter(
      (reply) => reply.acceptsEvents,
    );
    const [only] = open;
    if (isRequest(facts)) {
      tracker.beginServerCall(facts, {
        transport: 'http',
        verb: 'POST',
        era: 'legacy',
        session: this.id,
        receivedAtMs: clock.nowMs(),
        receivedMs: clock.monotonicMs(),
        bytes: Buffer.byteLength(text),
      });
    } else {
      this.#notice(facts);
    }
    if (only && (open.length === 1 || !this.#stream)) only.relay(text);
    else if (this.#stream) this.#stream.write(eventOf(text));
    else if (this.#queue.length < QUEUE_MAX) this.#queue.push(text);
  }

  #notice(facts: MessageFacts): void {
    const own = new Map([...this.#waiting].map(([key, { exchange }]) => [key, exchange]));
    this.#options.tracker.notice(facts, this.id, own);
  }

  #giveUp(exchanges: readonly Exchange[], name: RefusalName, detail?: string): void {
    for (const exchange of exchanges) {
      const waiting = this.#waiting.get(exchange.key);
      if (!waiting) continue;
      this.#waiting.delete(exchange.key);
      this.#options.tracker.end(exchange, REFUSALS[name].verdict, detail);
      waiting.reply.answer(exchange.key, renderRefusal(name, exchange.key, detail));
    }
  }
}

/** All modern clients on one channel: their ids are made unique on the way in and given back on the way out. */
class SharedConversation {
  readonly #options: ChannelUpstreamOptions;
  readonly #onEnd: () => void;
  readonly #waiting = new Map<string, Waiting>();
  readonly #rewriter: Rewriter = createRewriter();
  #channel: MessageChannel | undefined;

  constructor(options: ChannelUpstreamOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  attach(channel: MessageChannel): void {
    this.#channel = channel;
  }

  post(admitted: AdmittedRequest): void {
    const { tracker, clock, answerTimeoutMs } = this.#options;
    const { read, body, response } = admitted;
    const [facts] = read.messages;
    if (!facts || read.isBatch) {
      refuse(this.#options, admitted, 'invalid_json', 'batches are not part of this revision');
      return;
    }
    if (!isRequest(facts)) {
      // Cancellation is the only notification of a modern client, and over HTTP it is the closing of the stream.
      response.writeHead(202, { 'content-length': 0 });
      response.end();
      return;
    }
    const { text, wireId } = this.#rewriter.request(body.toString('utf8'));
    if (!this.#channel?.send(text)) {
      this.#rewriter.forget(wireId);
      refuse(this.#options, admitted, 'overloaded', 'the server leaves too much unread');
      return;
    }
    const exchange = tracker.begin(facts, carrierOf(admitted, 'http', undefined));
    exchange.overheadMs = clock.monotonicMs() - admitted.receivedMs;
    const reply = createPostReply({
      response,
      keys: [wireId],
      isBatch: false,
      acceptsEvents: acceptsEvents(admitted),
      statusOf: (answer) =>
        STATUS_OF_CODE[readMessages(Buffer.from(answer)).messages[0]?.error?.code ?? 0] ?? 200,
      headers: () => ({}),
    });
    this.#waiting.set(wireId, { reply, exchange });
    const isSubscription = facts.method === 'subscriptions/listen';
    const timer = isSubscription
      ? undefined
      : clock.after(answerTimeoutMs, () => this.#giveUp(wireId, 'timeout'));
    response.on('close', () => {
      timer?.cancel();
      if (this.#waiting.delete(wireId)) {
        this.#channel?.send(this.#rewriter.cancellation(wireId));
        tracker.end(exchange, isSubscription ? { outcome: 'success', status: 200 } : CANCELLED);
      }
      this.#rewriter.forget(wireId);
    });
  }

  onMessage(text: string): void {
    const [facts] = readMessages(Buffer.from(text)).messages;
    if (!facts) return;
    if (isResponse(facts)) this.#answer(facts, text);
    else if (isRequest(facts)) this.#decline(facts);
    else this.#notify(text);
  }

  onClose(failure: ChannelFailure): void {
    this.#onEnd();
    this.#channel = undefined;
    for (const wireId of [...this.#waiting.keys()])
      this.#giveUp(wireId, failure.refusal, failure.detail);
  }

  async close(): Promise<void> {
    const channel = this.#channel;
    this.onClose({ refusal: 'child_exit', detail: 'the gateway stops' });
    await channel?.close();
  }

  #answer(facts: MessageFacts, text: string): void {
    const wireId = facts.id ?? '';
    const waiting = this.#waiting.get(wireId);
    const restored = this.#rewriter.answer(text, wireId);
    if (!waiting || restored === undefined) return;
    this.#waiting.delete(wireId);
    waiting.reply.answer(wireId, restored);
    this.#options.tracker.answer(
      { ...facts, id: waiting.exchange.key },
      Buffer.byteLength(restored),
      undefined,
      new Map([[waiting.exchange.key, waiting.exchange]]),
    );
  }

  #notify(text: string): void {
    const restored = this.#rewriter.notification(text);
    const waiting = restored && this.#waiting.get(restored.wireId);
    if (!waiting) return;
    waiting.exchange.progressCount++;
    if (waiting.reply.acceptsEvents) waiting.reply.relay(restored.text);
  }

  /** A modern server has no requests of its own; one that asks anyway must not wait for ever. */
  #decline(facts: MessageFacts): void {
    this.#channel?.send(
      `{"jsonrpc":"2.0","id":${facts.id ?? 'null'},"error":{"code":-32601,"message":"Method not found"}}`,
    );
  }

  #giveUp(wireId: string, name: RefusalName, detail?: string): void {
    const waiting = this.#waiting.get(wireId);
    if (!waiting) return;
    this.#waiting.delete(wireId);
    this.#options.tracker.end(waiting.exchange, REFUSALS[name].verdict, detail);
    waiting.reply.answer(wireId, renderRefusal(name, waiting.exchange.key, detail));
  }
}

function refuse(
  { tracker }: ChannelUpstreamOptions,
  admitted: AdmittedRequest,
  name: RefusalName,
  detail?: string,
): void {
  const requests = admitted.read.messages.filter(isRequest);
  for (const facts of requests)
    tracker.end(
      tracker.begin(facts, carrierOf(admitted, 'http', undefined)),
      REFUSALS[name].verdict,
      detail,
    );
  sendRefusal(admitted.response, name, {
    id: requests.length === 1 ? requests[0]?.id : undefined,
    detail,
  });
}

/** One line: a raw line break in JSON is always between its tokens. */
function toLine(body: Buffer): string {
  return body.toString('utf8').replaceAll(/[\r\n]+/g, ' ');
}

function acceptsEvents({ request }: AdmittedRequest): boolean {
  const accept = request.headers.accept ?? '*/*';
  return /text\/event-stream|text\/\*|\*\/\*/.test(accept);
}
