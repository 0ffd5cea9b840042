import { startDeadline } from '../../../facts/deadline.ts';
import type { JsonObject } from '../../../facts/json-object.ts';
import { assessDiscover } from '../../../protocol/assess-discover.ts';
import type { EraMemory } from '../../../protocol/era-memory.ts';
import type { HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { postMessage } from '../../../protocol/http/post-message.ts';
import type { RpcAnswer } from '../../../protocol/json-rpc.ts';
import { CHECK_LIMITS } from '../../../protocol/http/read-body.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import { openSseStream, type SseStream } from '../../../protocol/sse/sse-stream.ts';
import { timeoutFacts } from '../../../protocol/timeout-facts.ts';
import type { OpenResult, RequestOptions, ProbeClient } from '../../../protocol/probe-client.ts';
import {
  type Answered,
  type Failed,
  failed,
  isIgnored,
  modernParams,
  openRemote,
  readResult,
  type RemoteOptions,
  requestText,
  shakeHands,
  unusable,
} from './open-remote.ts';
import {
  CLOSED_SSE,
  type SseReply,
  nextSseState,
  type SseProbeClientEffect,
  type SseProbeClientEvent,
  type SseProbeClientState,
} from './sse-probe-client-state.ts';
import { type OpeningResult, timeAliveness } from './timed-steps.ts';

export interface SseProbeClientOptions extends Omit<RemoteOptions, 'transport'> {
  readonly endpoint: HttpEndpoint;
  readonly memory: EraMemory;
}

type Done = { readonly ok: true } | Failed;

const REPLY_MS_MAX = 5_000;
/** Time for a POST to end after its answer has come. */
const LINGER_MS = 250;
const CLOSED_REASON = 'the SSE stream is closed';

/** HTTP with SSE (2024-11-05): one kept stream that carries every answer, one POST per message. */
export function createSseProbeClient(options: SseProbeClientOptions): ProbeClient {
  return new SseProbeClient(options);
}

class SseProbeClient implements ProbeClient {
  readonly #options: SseProbeClientOptions;
  readonly #remote: RemoteOptions;
  #state: SseProbeClientState = CLOSED_SSE;
  #stream: SseStream | undefined;
  /** By id of the request. */
  readonly #waiting = new Map<number, (exchange: SseReply) => void>();
  #nextId = 1;
  /** Of the last `server/discover`. */
  #discoverId = 0;

  constructor(options: SseProbeClientOptions) {
    this.#options = options;
    this.#remote = { ...options, transport: 'sse' };
  }

  /** Where the era is to be asked for again, or turned out to be another one, the next check begins with that. */
  state(): ReturnType<ProbeClient['state']> {
    const { identity } = this.#state;
    return identity !== undefined && identity.era === this.#options.memory.era()
      ? 'open'
      : 'closed';
  }

  async open(options: RequestOptions): Promise<OpenResult> {
    const first = await this.#openOnce(options);
    if (!first.opening.ok || !first.turnedLegacy) return first.opening;
    // The stream on which `initialize` was accepted as well is one of a legacy session.
    return (await this.#openOnce(options)).opening;
  }

  async #openOnce(
    options: RequestOptions,
  ): Promise<{ readonly opening: OpenResult; readonly turnedLegacy: boolean }> {
    const { memory } = this.#options;
    this.#take({ kind: 'closed' });
    const opened = await this.#openStream(options);
    if (!opened.ok) return { opening: opened, turnedLegacy: false };
    const handshakes = {
      discover: (limited: RequestOptions) => this.#shake('modern', limited),
      initialize: (rest: RequestOptions) => this.#initialize(rest),
      canGoOn: () => this.#state.isStreamOpen,
    };
    const { opening, isEraAssumed, asked } = await openRemote(
      memory,
      handshakes,
      this.#remote,
      options,
    );
    if (opening.ok && this.#state.isStreamOpen) {
      const { identity } = opening;
      memory.learn(identity.era, isEraAssumed);
      this.#take({ kind: 'identified', identity });
      if (isEraAssumed && asked.has('discover'))
        this.#take({ kind: 'late_answer_wanted', id: this.#discoverId });
      return { opening, turnedLegacy: identity.era === 'modern' && asked.has('initialize') };
    }
    this.#take({ kind: 'closed' });
    if (opening.ok) {
      const lost = unusable('initialize', 'the SSE stream ended right after it');
      return { opening: lost, turnedLegacy: false };
    }
    if (opening.facts.kind === 'rpc' || opening.facts.kind === 'unusable') memory.forget();
    return { opening, turnedLegacy: false };
  }

  request(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): ReturnType<ProbeClient['request']> {
    const isModern = this.#state.identity?.era === 'modern';
    const sent = isModern ? modernParams(params, this.#options.client) : params;
    return timeAliveness(method, options, this.#options.clock, () =>
      this.#call(method, sent, options),
    );
  }

  abandon(): void {
    this.#take({ kind: 'closed' });
  }

  close(): Promise<void> {
    this.#take({ kind: 'closed' });
    return Promise.resolve();
  }

  #take(event: SseProbeClientEvent): void {
    const { state, effects } = nextSseState(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: SseProbeClientEffect): void {
    switch (effect.kind) {
      case 'resolve':
        this.#waiting.get(effect.id)?.(effect.exchange);
        this.#waiting.delete(effect.id);
        return;
      case 'late_answer':
        if (isModern(effect.answer)) this.#options.memory.learn('modern');
        return;
      case 'post_reply':
        void this.#reply(effect.method, effect.text);
        return;
      case 'close_stream':
        this.#stream?.close();
        this.#stream = undefined;
    }
  }

  #openStream(options: RequestOptions): Promise<Done> {
    const { endpoint, clock } = this.#options;
    const handlers = {
      onMessage: (data: string) => this.#take({ kind: 'message_received', data }),
      onLost: (facts: Failed['facts']) => this.#take({ kind: 'stream_lost', facts }),
    };
    const run = async (): Promise<Done> => {
      const opened = await openSseStream(
        endpoint,
        { ...options, ...handlers, limits: CHECK_LIMITS },
        clock,
      );
      if (!opened.ok) return failed(opened.facts);
      this.#stream = opened.stream;
      this.#take({ kind: 'stream_opened' });
      return { ok: true };
    };
    const describe = (): string => 'the stream is open and names its endpoint';
    return timeStep(options.measurement, clock, 'GET stream', run, describe);
  }

  #shake(era: 'legacy' | 'modern', options: RequestOptions): Promise<OpeningResult> {
    return shakeHands(era, this.#remote, options, (method, params) =>
      this.#call(method, params, options),
    );
  }

  async #initialize(options: RequestOptions): Promise<OpeningResult> {
    const opening = await this.#shake('legacy', options);
    if (!opening.ok) return opening;
    const confirmed = await this.#confirm(options);
    return confirmed.ok || isIgnored(confirmed.facts) ? opening : confirmed;
  }

  #confirm(options: RequestOptions): Promise<Done> {
    const method = 'notifications/initialized';
    const { endpoint, clock } = this.#options;
    const run = async (): Promise<Done> => {
      if (this.#stream === undefined) return unusable(method, CLOSED_REASON);
      const text = JSON.stringify({ jsonrpc: '2.0', method });
      const message = { method, url: this.#stream.postUrl, context: {}, text };
      const posted = await postMessage(endpoint, message, options, clock);
      return posted.ok ? { ok: true } : failed(posted.facts);
    };
    return timeStep(options.measurement, clock, method, run, () => 'accepted');
  }

  async #call(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): Promise<Answered> {
    if (this.#stream === undefined) return unusable(method, CLOSED_REASON);
    const id = this.#nextId++;
    if (method === 'server/discover') this.#discoverId = id;
    const exchange = await this.#exchange(this.#stream, { id, method, params }, options);
    return exchange.ok ? readResult(method, exchange.answer) : failed(exchange.facts);
  }

  /** Posts a request and waits for its answer on the stream. */
  async #exchange(
    stream: SseStream,
    { id, method, params }: { id: number; method: string; params: JsonObject | undefined },
    { signal, measurement }: RequestOptions,
  ): Promise<SseReply> {
    const { endpoint, clock } = this.#options;
    const startedAt = clock.monotonicMs();
    const bytesBefore = stream.bytesReceived();
    const { promise, resolve } = Promise.withResolvers<SseReply>();
    this.#waiting.set(id, resolve);
    this.#take({ kind: 'request_sent', id, method });
    const fail = (facts: Failed['facts']): void =>
      this.#take({ kind: 'request_failed', id, facts });
    const onAbort = (): void =>
      fail(
        timeoutFacts(
          `answer to ${method} on the SSE stream`,
          signal,
          clock.monotonicMs() - startedAt,
        ),
      );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const posting = new AbortController();
    let isPosted = false;
    let writtenAtMs = startedAt;
    const message = {
      method,
      url: stream.postUrl,
      context: {},
      text: requestText(id, method, params),
    };
    const onWritten = (): void => {
      writtenAtMs = clock.monotonicMs();
    };
    const posted = { signal: posting.signal, measurement, onWritten };
    void postMessage(endpoint, message, posted, clock).then((result) => {
      isPosted = true;
      if (!result.ok) fail(result.facts);
    });
    const exchange = await promise;
    if (exchange.ok) measurement.roundTrip = { writtenAtMs, answeredAtMs: clock.monotonicMs() };
    signal.removeEventListener('abort', onAbort);
    // The answer may overtake the 202 of its request; a server that never sends one must not keep the connection.
    if (!isPosted) clock.after(exchange.ok ? LINGER_MS : 0, () => posting.abort());
    measurement.bytesReceived += stream.bytesReceived() - bytesBefore;
    return exchange;
  }

  async #reply(method: string, text: string): Promise<void> {
    const { endpoint, clock } = this.#options;
    if (this.#stream !== undefined) {
      const deadline = startDeadline(clock, REPLY_MS_MAX);
      const message = {
        method: `answer to ${method}`,
        url: this.#stream.postUrl,
        context: {},
        text,
        isRepeatable: true,
      };
      await postMessage(endpoint, message, { signal: deadline.signal }, clock);
      deadline.end();
    }
    this.#take({ kind: 'reply_posted' });
  }
}

function isModern(answer: RpcAnswer): boolean {
  return (
    answer.kind === 'result' &&
    assessDiscover({ kind: 'result', result: answer.result }).kind === 'modern'
  );
}
