import type { ServerIdentity } from '../../../facts/check-report.ts';
import { classifyFailure, type FailureFacts } from '../../../protocol/classify-failure.ts';
import {
  type Answer,
  isAnswerTo,
  METHOD_NOT_FOUND,
  parseMessages,
  type RpcMessage,
} from '../../../protocol/json-rpc.ts';
import { isJsonObject, type JsonObject } from '../../../facts/json-object.ts';
import { assessDiscover } from '../../../protocol/assess-discover.ts';
import {
  type ClientName,
  type HandshakeReading,
  initializeParams,
  modernMeta,
  readDiscoverResult,
  readInitializeResult,
} from '../../../protocol/handshake.ts';
import type { Era } from '../../../facts/server.ts';
import type { Clock } from '../../../facts/ports/clock.ts';
import { startDeadline } from '../../../facts/deadline.ts';
import { timeoutFacts } from '../../../protocol/timeout-facts.ts';
import { discoverAnswerOf } from '../../../protocol/discover-answer.ts';
import type { EraMemory } from '../../../protocol/era-memory.ts';
import { type Opening, timeAliveness, timeHandshake } from './timed-steps.ts';
import type { HttpEndpoint } from '../../../protocol/http/http-endpoint.ts';
import { timeStep } from '../../../protocol/measurement.ts';
import { postMessage } from '../../../protocol/http/post-message.ts';
import { CHECK_LIMITS } from '../../../protocol/http/read-body.ts';
import { openSseStream, type SseStream } from '../../../protocol/sse/sse-stream.ts';
import type { OpenResult, RequestOptions, Wire, WireFailure } from '../../../protocol/wire.ts';

export interface SseWireOptions {
  readonly endpoint: HttpEndpoint;
  readonly memory: EraMemory;
  readonly client: ClientName;
  readonly clock: Clock;
  /** Most servers of this transport are legacy, and some of them never answer `server/discover`. */
  readonly discoverLimitMs: number;
}

interface Pending {
  readonly id: number;
  settle(outcome: Exchange): void;
}

type Exchange =
  | { readonly ok: true; readonly answer: Answer }
  | { readonly ok: false; readonly facts: FailureFacts };

type Answered =
  | { readonly ok: true; readonly result: JsonObject }
  | { readonly ok: false; readonly failure: WireFailure; readonly facts: FailureFacts };

/** A server that asks faster than we answer is left without answers, not given our memory. */
const REPLIES_MAX = 4;
const REPLY_MS_MAX = 5_000;
/** Time for a POST to end after its answer has come. */
const LINGER_MS = 250;

/**
 * HTTP with SSE (2024-11-05): one kept stream that carries every answer, one POST per message. The stream is kept for
 * hours, so requests of the server are answered: a ping with `{}`, everything else with "method not found".
 */
export function createSseWire({
  endpoint,
  memory,
  client,
  clock,
  discoverLimitMs,
}: SseWireOptions): Wire {
  let stream: SseStream | undefined;
  let identity: ServerIdentity | undefined;
  /** Requests never overlap, so one is enough. */
  let pending: Pending | undefined;
  let nextId = 1;
  let repliesInFlight = 0;

  function closeStream(): void {
    const closed = stream;
    stream = undefined;
    identity = undefined;
    closed?.close();
  }

  function onLost(facts: FailureFacts): void {
    closeStream();
    pending?.settle({ ok: false, facts });
  }

  function onMessage(data: string): void {
    const parsed = parseMessages(data);
    if (!parsed.ok) {
      pending?.settle({
        ok: false,
        facts: { kind: 'unusable', method: 'a request', reason: parsed.reason },
      });
      return;
    }
    for (const message of parsed.messages) {
      if (message.kind === 'request') void reply(message);
      else if (
        pending !== undefined &&
        isAnswerTo(message, pending.id, !isLate(message, pending.id))
      ) {
        pending.settle({ ok: true, answer: message });
      }
    }
  }

  async function reply(request: Extract<RpcMessage, { kind: 'request' }>): Promise<void> {
    const { id, method } = request;
    if (stream === undefined || repliesInFlight >= REPLIES_MAX) return;
    const answer =
      method === 'ping'
        ? { result: {} }
        : { error: { code: METHOD_NOT_FOUND, message: 'Method not found' } };
    const deadline = startDeadline(clock, REPLY_MS_MAX);
    repliesInFlight += 1;
    const message = {
      method: `answer to ${method}`,
      url: stream.postUrl,
      headers: {},
      text: JSON.stringify({ jsonrpc: '2.0', id, ...answer }),
    };
    await postMessage(endpoint, message, { signal: deadline.signal }, clock);
    repliesInFlight -= 1;
    deadline.end();
  }

  /** Posts a request and waits for its answer on the stream. */
  async function exchange(
    id: number,
    method: string,
    body: JsonObject,
    options: RequestOptions,
  ): Promise<Exchange> {
    const used = stream;
    if (used === undefined)
      return { ok: false, facts: { kind: 'unusable', method, reason: 'the SSE stream is closed' } };
    const { signal, measurement } = options;
    const startedAt = clock.monotonicMs();
    const bytesBefore = used.bytesReceived();
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const onAbort = (): void =>
      resolve({
        ok: false,
        facts: timeoutFacts(
          `answer to ${method} on the SSE stream`,
          clock.monotonicMs() - startedAt,
        ),
      });
    pending = { id, settle: resolve };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    const posting = new AbortController();
    let isPosted = false;
    const message = { method, url: used.postUrl, headers: {}, text: JSON.stringify(body) };
    void postMessage(endpoint, message, { signal: posting.signal, measurement }, clock).then(
      (posted) => {
        isPosted = true;
        if (!posted.ok) resolve(posted);
      },
    );
    const outcome = await promise;
    signal.removeEventListener('abort', onAbort);
    pending = undefined;
    // The answer may overtake the 202 of its request; a server that never sends one must not keep the connection.
    if (!isPosted) clock.after(outcome.ok ? LINGER_MS : 0, () => posting.abort());
    measurement.bytesReceived += used.bytesReceived() - bytesBefore;
    return outcome;
  }

  async function call(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): Promise<Answered> {
    const id = nextId;
    nextId += 1;
    const body = { jsonrpc: '2.0', id, method, ...(params !== undefined && { params }) };
    const exchanged = await exchange(id, method, body, options);
    if (!exchanged.ok)
      return failed(
        exchanged.facts.kind === 'unusable' ? { ...exchanged.facts, method } : exchanged.facts,
      );
    if (exchanged.answer.kind === 'error')
      return failed({ kind: 'rpc', error: exchanged.answer.error, method });
    const { result } = exchanged.answer;
    return isJsonObject(result)
      ? { ok: true, result }
      : failed({ kind: 'unusable', method, reason: 'its result is not an object' });
  }

  function callModern(
    method: string,
    params: JsonObject | undefined,
    options: RequestOptions,
  ): Promise<Answered> {
    return call(method, { ...params, _meta: modernMeta(client) }, options);
  }

  function shake(method: string, era: Era, options: RequestOptions): Promise<Opening> {
    return timeHandshake(method, options, clock, async () => {
      const answered =
        era === 'modern'
          ? await callModern(method, undefined, options)
          : await call(method, initializeParams(client), options);
      if (!answered.ok) return answered;
      const read = era === 'modern' ? readDiscoverResult : readInitializeResult;
      return identify(method, era, read(answered.result));
    });
  }

  async function detect(options: RequestOptions): Promise<Opening> {
    const deadline = startDeadline(clock, discoverLimitMs, options.signal);
    const discovered = await shake('server/discover', 'modern', {
      ...options,
      signal: deadline.signal,
    });
    deadline.end();
    if (discovered.ok || options.signal.aborted || stream === undefined) return discovered;
    return assessDiscover(discoverAnswerOf(discovered.facts)).kind === 'try_initialize'
      ? initialize(options)
      : discovered;
  }

  async function initialize(options: RequestOptions): Promise<Opening> {
    const opening = await shake('initialize', 'legacy', options);
    if (!opening.ok) return opening;
    const confirmed = await confirm(options);
    return confirmed.ok ? opening : confirmed;
  }

  function confirm(
    options: RequestOptions,
  ): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> {
    const method = 'notifications/initialized';
    const run = async (): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> => {
      if (stream === undefined)
        return failed({ kind: 'unusable', method, reason: 'the SSE stream is closed' });
      const message = {
        method,
        url: stream.postUrl,
        headers: {},
        text: JSON.stringify({ jsonrpc: '2.0', method }),
      };
      const posted = await postMessage(endpoint, message, options, clock);
      return posted.ok ? { ok: true } : failed(posted.facts);
    };
    return timeStep(options.measurement, clock, method, run, () => 'accepted');
  }

  function openStream(
    options: RequestOptions,
  ): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> {
    const run = async (): Promise<{ readonly ok: true } | Extract<Answered, { ok: false }>> => {
      const opened = await openSseStream(
        endpoint,
        { ...options, limits: CHECK_LIMITS, onMessage, onLost },
        clock,
      );
      if (!opened.ok) return failed(opened.facts);
      ({ stream } = opened);
      return { ok: true };
    };
    return timeStep(
      options.measurement,
      clock,
      'GET stream',
      run,
      () => 'the stream is open and names its endpoint',
    );
  }

  return {
    state: () => (stream !== undefined && identity !== undefined ? 'open' : 'closed'),

    async open(options): Promise<OpenResult> {
      closeStream();
      const opened = await openStream(options);
      if (!opened.ok) return opened;
      const known = memory.era();
      const opening = await (known === undefined
        ? detect(options)
        : known === 'modern'
          ? shake('server/discover', 'modern', options)
          : initialize(options));
      if (opening.ok && stream !== undefined) {
        ({ identity } = opening);
        memory.learn(identity.era);
        return opening;
      }
      closeStream();
      if (!opening.ok && (opening.facts.kind === 'rpc' || opening.facts.kind === 'unusable'))
        memory.forget();
      return opening.ok
        ? failed({
            kind: 'unusable',
            method: 'initialize',
            reason: 'the SSE stream ended right after it',
          })
        : opening;
    },

    request: (method, params, options) =>
      timeAliveness(method, options, clock, async () => {
        const answered =
          identity?.era === 'modern'
            ? await callModern(method, params, options)
            : await call(method, params, options);
        const isGone = !answered.ok && answered.facts.kind === 'http';
        // A stream whose messages are refused is of no more use; the server forgot its session.
        if (isGone && (answered.facts.status === 404 || answered.facts.status === 400))
          closeStream();
        return answered;
      }),

    close() {
      closeStream();
      return Promise.resolve();
    },
  };
}

/** An error that answers an earlier request of ours, which was given up meanwhile. */
function isLate(message: RpcMessage, id: number): boolean {
  return message.kind === 'error' && typeof message.id === 'number' && message.id < id;
}

function identify(method: string, era: Era, reading: HandshakeReading): Opening {
  return reading.ok
    ? { ok: true, identity: { transport: 'sse', era, ...reading.handshake } }
    : failed({ kind: 'unusable', method, reason: reading.reason });
}

function failed(facts: FailureFacts): {
  readonly ok: false;
  readonly failure: WireFailure;
  readonly facts: FailureFacts;
} {
  return { ok: false, failure: classifyFailure(facts), facts };
}
