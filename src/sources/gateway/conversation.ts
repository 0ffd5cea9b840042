import { type CallVerdict, CANCELLED } from '../../facts/call-outcome.ts';
import type { ServerResponse } from 'node:http';
import {
  findAnswered,
  isRequest,
  isResponse,
  type MessageFacts,
} from '../../protocol/message-facts.ts';
import { type RefusalName, REFUSALS, renderRefusal } from '../../facts/refusal.ts';
import type { Exchange } from './exchange.ts';
import { readMessages } from '../../protocol/message-reader.ts';
import { createPendingMap } from '../../protocol/pending-map.ts';
import { parseKeepingNumbers } from '../../protocol/rewrite-ids.ts';
import { createWrittenIds } from '../../protocol/written-ids.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import { carrierOf } from './carrier.ts';
import {
  acceptsEvents,
  type ChannelUpstreamOptions,
  failPost,
  findUnanswered,
  refuse,
  toLine,
  type WaitingPost,
} from './channel-common.ts';
import type {
  ChannelFailure,
  MessageChannel,
  AnswerFailure,
} from '../../protocol/message-channel.ts';
import { createPostReply, EVENT_STREAM_HEADERS, eventOf } from './post-reply.ts';
import type { HeldSession } from './session-room.ts';
import type { AdmittedRequest } from './upstream.ts';

const QUEUE_MAX = 200;

export interface ConversationOwner {
  readonly id: string;
  /** As limits tell clients apart. */
  readonly client: string;
  readonly onEnd: () => void;
}

/** One client's session on a channel of its own: nothing needs to be rewritten. */
export class Conversation implements HeldSession {
  readonly id: string;
  readonly client: string;
  usedMs: MonotonicMs;
  readonly #options: ChannelUpstreamOptions;
  readonly #onEnd: () => void;
  readonly #waiting = createPendingMap<string, WaitingPost>();
  #channel: MessageChannel | undefined;
  #stream: ServerResponse | undefined;
  #queue: string[] = [];
  #isOpened = false;

  constructor(options: ChannelUpstreamOptions, { id, client, onEnd }: ConversationOwner) {
    this.#options = options;
    this.id = id;
    this.client = client;
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
    const startedMs = clock.monotonicMs();
    this.usedMs = startedMs;
    const requests = read.messages.filter(isRequest);
    if (this.#hasIdInUse(requests)) {
      refuse(this.#options, admitted, 'id_in_use');
      return;
    }
    const carrier = carrierOf(admitted, 'http', this.#isOpened ? this.id : undefined);
    if (!this.#channel?.send(toLine(body))) {
      refuse(this.#options, admitted, 'overloaded', 'the server leaves too much unread');
      return;
    }
    this.#options.onRequest?.();
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
    const ids = createWrittenIds(read);
    const exchanges: Exchange[] = [];
    const timer = clock.after(this.#options.answerTimeoutMs, () =>
      this.#giveUp(exchanges, 'timeout', REFUSALS.timeout.verdict),
    );
    response.on('close', () => {
      timer.cancel();
      this.#leave(exchanges);
    });
    admitted.arrival.isCounted = true;
    for (const facts of requests) {
      const exchange = tracker.begin(facts, carrier);
      exchanges.push(exchange);
      exchange.overheadMs = clock.monotonicMs() - startedMs;
      this.#waiting.set(exchange.key, { reply, exchange, writtenId: () => ids.of(facts.id) });
    }
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

  /** The client has its answer, or is gone. */
  #leave(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) {
      this.#waiting.delete(exchange.key);
      try {
        this.#options.tracker.end(exchange, CANCELLED);
      } catch (error) {
        this.#options.onFault(error);
      }
    }
  }

  onMessage(text: string): void {
    try {
      this.#receive(text);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #receive(text: string): void {
    this.usedMs = this.#options.clock.monotonicMs();
    const read = readMessages(Buffer.from(text));
    if (read.isBatch) {
      for (const element of parseKeepingNumbers(text) as unknown[])
        this.#receive(JSON.stringify(element));
      return;
    }
    const [facts] = read.messages;
    if (!facts) return;
    if (isResponse(facts)) this.#answer(facts, text);
    // JSON that is no message, such as a line of a log, is for nobody: the Python SDK would end at it.
    else if (facts.method !== undefined) this.#relay(facts, text);
  }

  onClose({ refusal, detail }: ChannelFailure): void {
    this.#end(refusal, REFUSALS[refusal].verdict, detail);
  }

  onRequestFailed(id: string | undefined, { refusal, detail }: AnswerFailure): void {
    const waiting = findUnanswered(this.#waiting, id);
    if (waiting) this.#giveUp([waiting.exchange], refusal, REFUSALS[refusal].verdict, detail);
  }

  /** On behalf of the client or of the gateway: calls that still wait are no failures of the server. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#end('session_not_found', CANCELLED, 'the session ended');
    await channel?.close();
  }

  /** @param name of the errors with which calls that wait are answered */
  #end(name: RefusalName, verdict: CallVerdict, detail: string): void {
    this.#onEnd();
    this.#channel = undefined;
    const waiting = [...this.#waiting.values()].map(({ exchange }) => exchange);
    this.#giveUp(waiting, name, verdict, detail);
    this.#stream?.end();
    this.#options.tracker.closeSession(this.id, verdict, detail);
  }

  /** Answers are told apart by their ids alone: one that waits already cannot be used again (JSON-RPC 2.0 §4). */
  #hasIdInUse(requests: readonly MessageFacts[]): boolean {
    const ids = new Set(requests.map((facts) => facts.id ?? ''));
    return ids.size < requests.length || [...ids].some((id) => this.#waiting.get(id) !== undefined);
  }

  #answer(facts: MessageFacts, text: string): void {
    const { tracker } = this.#options;
    const waiting = findAnswered(this.#waiting, facts.id);
    if (!waiting) return;
    const { exchange, reply } = waiting;
    this.#waiting.delete(exchange.key);
    try {
      if (exchange.facts.method === 'initialize') this.#noteOpening(exchange, facts);
      reply.answer(exchange.key, text);
      const own = new Map([[exchange.key, exchange]]);
      tracker.answer(facts, Buffer.byteLength(text), undefined, own);
    } catch (error) {
      failPost(this.#options, waiting, exchange.key, error);
    }
  }

  #noteOpening({ facts }: Exchange, answer: MessageFacts): void {
    if (answer.error) return;
    this.#isOpened = true;
    this.#options.tracker.openSession(this.id, 'http', {
      ...(facts.client && { client: facts.client }),
      ...(answer.protocolVersion === undefined ? {} : { protocolVersion: answer.protocolVersion }),
    });
  }

  /** A message of the server's own goes where its cause is known to be, else to the session's stream, else it waits. */
  #relay(facts: MessageFacts, text: string): void {
    const { tracker, clock } = this.#options;
    const progressing = this.#findByToken(facts.progressToken);
    if (progressing) {
      const { exchange, reply } = progressing;
      tracker.notice(facts, this.id, new Map([[exchange.key, exchange]]));
      if (reply.acceptsEvents) reply.relay(text);
      return;
    }
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

  /** The request that asked for progress with this token. */
  #findByToken(token: MessageFacts['progressToken']): WaitingPost | undefined {
    if (token === undefined) return undefined;
    for (const waiting of this.#waiting.values())
      if (waiting.exchange.facts.meta?.['progressToken'] === token) return waiting;
    return undefined;
  }

  #notice(facts: MessageFacts): void {
    const own = new Map(
      [...this.#waiting.values()].map(({ exchange }) => [exchange.key, exchange]),
    );
    this.#options.tracker.notice(facts, this.id, own);
  }

  #giveUp(
    exchanges: readonly Exchange[],
    name: RefusalName,
    verdict: CallVerdict,
    detail?: string,
  ): void {
    for (const exchange of exchanges) {
      const waiting = this.#waiting.get(exchange.key);
      if (!waiting) continue;
      this.#waiting.delete(exchange.key);
      try {
        this.#options.tracker.end(exchange, verdict, detail);
        waiting.reply.answer(exchange.key, renderRefusal(name, waiting.writtenId(), detail));
      } catch (error) {
        failPost(this.#options, waiting, exchange.key, error);
      }
    }
  }
}
