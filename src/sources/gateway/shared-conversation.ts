import { type CallVerdict, CANCELLED } from '../../facts/call-outcome.ts';
import { formatLimit } from '../../protocol/classify-failure.ts';
import type { Timer } from '../../facts/ports/clock.ts';
import {
  findAnswered,
  isRequest,
  isResponse,
  type MessageFacts,
} from '../../protocol/message-facts.ts';
import { type RefusalName, REFUSALS, renderRefusal } from '../../facts/refusal.ts';
import { readMessages } from '../../protocol/message-reader.ts';
import { createPendingMap } from '../../protocol/pending-map.ts';
import { createRewriter, type Rewriter } from '../../protocol/rewrite-ids.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { Exchange } from './exchange.ts';
import { carrierOf } from './carrier.ts';
import {
  acceptsEvents,
  type ChannelUpstreamOptions,
  failPost,
  findUnanswered,
  refuse,
  type WaitingPost,
} from './channel-common.ts';
import type {
  ChannelFailure,
  MessageChannel,
  AnswerFailure,
} from '../../protocol/message-channel.ts';
import { createPostReply } from './post-reply.ts';
import type { AdmittedRequest } from './upstream.ts';

/** Modern servers answer the errors of the request ladder with these HTTP statuses. */
const STATUS_OF_CODE: Readonly<Record<number, number>> = {
  [-32601]: 404,
  [-32020]: 400,
  [-32021]: 400,
  [-32022]: 400,
};

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const SUBSCRIPTION_ENDED: CallVerdict = { outcome: 'success', status: 200 };

/** All modern clients on one channel: their ids are made unique on the way in and given back on the way out. */
export class SharedConversation {
  usedMs: MonotonicMs;
  readonly #options: ChannelUpstreamOptions;
  readonly #onEnd: () => void;
  readonly #waiting = createPendingMap<string, WaitingPost & { readonly wireId: string }>();
  readonly #rewriter: Rewriter = createRewriter();
  #channel: MessageChannel | undefined;
  /** Whether the server answered anything, which a legacy server may not do before `initialize`. */
  #hasAnswered = false;
  /** Whether it sent any message, so that it is not just starting. */
  #hasSpoken = false;

  constructor(options: ChannelUpstreamOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
    this.usedMs = options.clock.monotonicMs();
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0;
  }

  attach(channel: MessageChannel): void {
    this.#channel = channel;
  }

  post(admitted: AdmittedRequest): void {
    const startedMs = this.#options.clock.monotonicMs();
    this.usedMs = startedMs;
    const { tracker, clock } = this.#options;
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
    this.#options.onRequest?.();
    admitted.arrival.isCounted = true;
    const exchange = tracker.begin(facts, carrierOf(admitted, 'http', undefined));
    exchange.overheadMs = clock.monotonicMs() - startedMs;
    const isSubscription = facts.method === 'subscriptions/listen';
    const timer = isSubscription ? undefined : this.#startLimit(facts, wireId);
    response.on('close', () => {
      timer?.cancel();
      this.usedMs = clock.monotonicMs();
      this.#leave(wireId, exchange, isSubscription ? SUBSCRIPTION_ENDED : CANCELLED);
    });
    const reply = createPostReply({
      response,
      keys: [wireId],
      isBatch: false,
      acceptsEvents: acceptsEvents(admitted),
      statusOf: (answer) =>
        STATUS_OF_CODE[readMessages(Buffer.from(answer)).messages[0]?.error?.code ?? 0] ?? 200,
      headers: () => ({}),
    });
    const writtenId = (): string | undefined => this.#rewriter.writtenId(wireId);
    this.#waiting.set(wireId, { wireId, reply, exchange, writtenId });
  }

  /** The client has its answer, or is gone. */
  #leave(wireId: string, exchange: Exchange, verdict: CallVerdict): void {
    try {
      if (this.#waiting.delete(wireId)) this.#channel?.send(this.#rewriter.cancellation(wireId));
      this.#options.tracker.end(exchange, verdict);
    } catch (error) {
      this.#options.onFault(error);
    }
    this.#rewriter.forget(wireId);
  }

  onMessage(text: string): void {
    try {
      this.#receive(text);
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #receive(text: string): void {
    const read = readMessages(Buffer.from(text));
    const [facts] = read.messages;
    if (!facts) return;
    this.#hasSpoken ||= facts.method !== undefined || isResponse(facts);
    if (isResponse(facts)) this.#answer(facts, text);
    else if (isRequest(facts)) this.#decline(writtenIdIn(read, facts.id));
    else if (facts.method !== undefined) this.#notify(facts, text);
  }

  onClose({ refusal, detail }: ChannelFailure): void {
    this.#end(refusal, REFUSALS[refusal].verdict, detail);
  }

  onRequestFailed(id: string | undefined, { refusal, detail }: AnswerFailure): void {
    const waiting = findUnanswered(this.#waiting, id);
    if (waiting) this.#giveUp(waiting.wireId, refusal, detail);
  }

  /** On behalf of the gateway: calls that still wait are no failures of the server. */
  async close(): Promise<void> {
    const channel = this.#channel;
    this.#end('child_exit', CANCELLED, 'the gateway stops');
    await channel?.close();
  }

  /** @param name of the errors with which calls that wait are answered */
  #end(name: RefusalName, verdict: CallVerdict, detail: string): void {
    this.#onEnd();
    this.#channel = undefined;
    for (const wireId of [...this.#waiting.keys()]) this.#giveUp(wireId, name, detail, verdict);
  }

  /**
   * A stdio client takes a server that never answers `server/discover` for a legacy one, and an HTTP client does not. So
   * the gateway, which is the stdio client here, says it in the server's place. Nothing is remembered of it.
   */
  #startLimit({ method }: MessageFacts, wireId: string): Timer {
    const { clock, answerTimeoutMs } = this.#options;
    if (method === 'server/discover' && !this.#hasAnswered) return this.#limitDiscover(wireId);
    return clock.after(answerTimeoutMs, () => this.#giveUp(wireId, 'timeout'));
  }

  /** A child that has said nothing at all may still be starting, which is no sign of its era. */
  #limitDiscover(wireId: string): Timer {
    const { clock, answerTimeoutMs, discoverTimeoutMs, assumedEra } = this.#options;
    let timer: Timer | undefined;
    const wait = (waitedMs: number): void => {
      const stepMs = Math.min(discoverTimeoutMs, answerTimeoutMs - waitedMs);
      timer = clock.after(stepMs, () => {
        const nowMs = waitedMs + stepMs;
        if (nowMs >= discoverTimeoutMs && (this.#hasSpoken || assumedEra() === 'legacy'))
          this.#giveUp(wireId, 'legacy_server', describeSilence(nowMs));
        else if (nowMs >= answerTimeoutMs) this.#giveUp(wireId, 'timeout');
        else wait(nowMs);
      });
    };
    wait(0);
    return { cancel: () => timer?.cancel() };
  }

  #answer(facts: MessageFacts, text: string): void {
    this.#hasAnswered = true;
    const waiting = findAnswered(this.#waiting, facts.id);
    if (!waiting) return;
    const { wireId, exchange } = waiting;
    this.#waiting.delete(wireId);
    try {
      const restored = this.#rewriter.answer(text, wireId);
      waiting.reply.answer(wireId, restored);
      const own = new Map([[exchange.key, exchange]]);
      const answer = { ...facts, id: exchange.key };
      this.#options.tracker.answer(answer, Buffer.byteLength(restored), undefined, own);
    } catch (error) {
      failPost(this.#options, waiting, wireId, error);
    }
  }

  #notify(facts: MessageFacts, text: string): void {
    const restored = this.#rewriter.notification(text);
    const waiting = restored && this.#waiting.get(restored.wireId);
    if (!waiting) {
      if (facts.method === 'notifications/message') this.#passLog(text);
      return;
    }
    waiting.exchange.progressCount++;
    if (waiting.reply.acceptsEvents) waiting.reply.relay(restored.text);
  }

  /**
   * Log messages name no request. They go to the one that asked for them, if only one did: several may be of different
   * clients.
   */
  #passLog(text: string): void {
    const asking = [...this.#waiting.values()].filter(
      ({ exchange, reply }) =>
        reply.acceptsEvents && exchange.facts.meta?.[LOG_LEVEL] !== undefined,
    );
    if (asking.length === 1) asking[0]?.reply.relay(text);
  }

  /** A modern server has no requests of its own; one that asks anyway must not wait for ever. */
  #decline(id = 'null'): void {
    this.#channel?.send(
      `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"Method not found"}}`,
    );
  }

  #giveUp(
    wireId: string,
    name: RefusalName,
    detail?: string,
    verdict: CallVerdict = REFUSALS[name].verdict,
  ): void {
    const waiting = this.#waiting.get(wireId);
    if (!waiting) return;
    this.#waiting.delete(wireId);
    try {
      this.#options.tracker.end(waiting.exchange, verdict, detail);
      waiting.reply.answer(wireId, renderRefusal(name, waiting.writtenId(), detail));
    } catch (error) {
      failPost(this.#options, waiting, wireId, error);
    }
  }
}

function describeSilence(waitedMs: number): string {
  return `it did not answer server/discover within ${formatLimit(waitedMs)}`;
}
