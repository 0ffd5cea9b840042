import { PassThrough, type Readable } from 'node:stream';
import type { Pool } from 'undici';
import { type CallVerdict, CANCELLED, judgeHttpStatus } from '../../facts/call-outcome.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { isRequest, isResponse, type MessageFacts } from '../../protocol/message-facts.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import type { Secret } from '../../facts/secret.ts';
import { formatTraceParent } from './trace-context.ts';
import type { CallTracker } from './call-tracker.ts';
import type { Carrier, Exchange } from './exchange.ts';
import {
  createMessageReader,
  type MessageReader,
  type ReadMessages,
} from '../../protocol/message-reader.ts';
import { createSseScanner, type SseScanner } from './sse-scanner.ts';
import { type BodyDecoder, createBodyDecoder } from './body-decoder.ts';
import { carrierOf, textOf } from './carrier.ts';
import {
  Relay,
  type RelayFailure,
  type RelayObserver,
  requestHeaders,
  type ResponseHeaders,
} from './relay.ts';
import { createUpstreamPool } from '../../protocol/upstream-pool.ts';
import { sendRefusal } from './send-refusal.ts';
import { ForwardedRequests } from './forwarded-requests.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

export interface HttpUpstreamOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly tracker: CallTracker;
  /** Headers of the configuration, for requests that carry none of that name. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Until the head of the answer; streams may then last as long as both sides like. */
  readonly answerTimeoutMs: number;
  /** Called for each request that goes upstream. */
  readonly onRequest?: () => void;
  readonly preserveHost: boolean;
  /** Whether our span takes part in the trace; without tracing the client's own context passes unchanged. */
  readonly propagatesTrace: boolean;
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized: boolean };
}

const LISTEN = 'subscriptions/listen';
const NO_RESPONSE: CallVerdict = {
  outcome: 'transport_error',
  status: 502,
  errorType: 'no_response',
};
const INVALID: CallVerdict = {
  outcome: 'transport_error',
  status: 502,
  errorType: 'invalid_response',
};
const BROKEN: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'connection' };
const DUPLICATE_ID: CallVerdict = {
  outcome: 'client_error',
  status: 400,
  errorType: 'invalid_request',
};

/** Streamable HTTP to Streamable HTTP: a relay for the bytes, an observer for the calls. */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const pool = createUpstreamPool(options.url.origin, options.tls);
  const forwarded = new ForwardedRequests();
  return {
    handle(admitted) {
      const request = new ForwardedRequest(options, pool, admitted, () =>
        forwarded.delete(request),
      );
      forwarded.add(request);
      request.start();
    },
    load() {
      const streams = { http: forwarded.countStreams(), sse: 0, stdio: 0 };
      return { ...options.tracker.load(), streams };
    },
    async stop(signal) {
      await forwarded.drain(signal);
      await pool.destroy();
      options.tracker.stop();
    },
  };
}

/** One request on its way through, and its answer back. */
class ForwardedRequest implements RelayObserver {
  /** A GET stream or a subscription: long-lived by nature. */
  isStream = false;
  readonly #options: HttpUpstreamOptions;
  readonly #pool: Pool;
  readonly #admitted: AdmittedRequest;
  readonly #onOver: () => void;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #carrier: Carrier;
  readonly #session: string | undefined;
  #relay: Relay | undefined;
  #opening: MessageFacts | undefined;
  #newSession: string | undefined;
  #status = 0;
  #sse: SseScanner | undefined;
  #json: MessageReader | undefined;
  #decoder: BodyDecoder | undefined;
  /** Compressed in a way that is not known here: what it says cannot be judged. */
  #isUnreadable = false;
  #unreadBytes = 0;
  #isRequestRead = true;
  #isRefused = false;
  #stopUpload: (() => void) | undefined;
  /** Of whatever had no answer when it ended. */
  #verdict: { readonly verdict: CallVerdict; readonly message: string | undefined } | undefined;
  #isAnswerOver = false;
  #hasAnswer = false;

  constructor(
    options: HttpUpstreamOptions,
    pool: Pool,
    admitted: AdmittedRequest,
    onOver: () => void,
  ) {
    this.#options = options;
    this.#pool = pool;
    this.#admitted = admitted;
    this.#onOver = onOver;
    this.#session = textOf(admitted.request.headers['mcp-session-id']);
    this.#carrier = carrierOf(admitted, 'http', this.#session);
  }

  start(): void {
    const { request, response, query, body, isComplete, read, receivedMs } = this.#admitted;
    const { url, clock, headers, preserveHost, answerTimeoutMs } = this.#options;
    this.isStream = request.method === 'GET';
    if (isComplete) this.#noteMessages(read, body.length);
    const [first] = this.#options.propagatesTrace ? this.#exchanges.values() : [];
    this.#relay = new Relay(
      {
        pool: this.#pool,
        clock,
        request,
        response,
        path: `${url.pathname}${joinQueries(url.search, query)}`,
        headers: requestHeaders(request, {
          host: url.host,
          preserveHost,
          configured: headers,
          isBodyWhole: isComplete,
          ...(first && { traceparent: formatTraceParent(first.trace) }),
          ...(first?.trace.traceState === undefined ? {} : { tracestate: first.trace.traceState }),
        }),
        body: isComplete ? (body.length > 0 ? body : null) : this.#streamBody(),
        ...(this.isStream ? {} : { answerTimeoutMs }),
      },
      this,
    );
    this.#noteOverhead(receivedMs);
    this.#options.onRequest?.();
    this.#relay.start();
  }

  cut(): void {
    this.#relay?.cut();
  }

  onHead(status: number, headers: ResponseHeaders): void {
    this.#status = status;
    const type = textOf(headers['content-type']);
    if (type?.startsWith('text/event-stream'))
      this.#sse = createSseScanner((read) => this.#onMessages(read));
    else if (type !== undefined && isJsonType(type)) this.#json = createMessageReader();
    this.#noteEncoding(textOf(headers['content-encoding']));
    this.#noteSession(status, textOf(headers['mcp-session-id']));
  }

  onBody(chunk: Buffer): void {
    this.#unreadBytes += chunk.length;
    if (this.#decoder) this.#decoder.write(chunk);
    else this.#read(chunk);
  }

  onEnd(): void {
    if (this.#decoder) this.#decoder.end();
    else this.#endReading();
  }

  onFailure(failure: RelayFailure): void {
    this.#decoder?.stop();
    switch (failure.kind) {
      case 'timeout':
        this.#refuse(
          'timeout',
          `no answer within ${Math.round(this.#options.answerTimeoutMs / 1000)} s`,
        );
        return;
      case 'unreachable':
        this.#refuse('unreachable', failure.detail);
        return;
      case 'broken':
        this.#settleOrPark(BROKEN, failure.detail);
        return;
      case 'client_gone':
      case 'cut':
        if (this.isStream) this.#settle({ outcome: 'success', status: 200 });
        else this.#settleOrPark(CANCELLED);
    }
  }

  /** A compressed answer goes to the client as it is; it is unpacked beside, to be read. */
  #noteEncoding(encoding: string | undefined): void {
    if (encoding === undefined || /^\s*(?:identity)?\s*$/i.test(encoding)) return;
    if (!this.#sse && !this.#json) return;
    this.#decoder = createBodyDecoder(
      encoding,
      (chunk) => this.#read(chunk),
      (end) => {
        if (end === 'given_up') this.#isUnreadable = true;
        this.#endReading();
      },
    );
    if (this.#decoder) return;
    this.#isUnreadable = true;
    this.#sse = undefined;
    this.#json = undefined;
  }

  #read(chunk: Buffer): void {
    this.#sse?.write(chunk);
    this.#json?.write(chunk);
  }

  #endReading(): void {
    if (this.#json && !this.#json.isEmpty) this.#onMessages(this.#json.end());
    this.#isAnswerOver = true;
    if (this.#isRequestRead) this.#settleAfterAnswer();
  }

  /** A body too large to be read first: it is read as it passes. */
  #streamBody(): Readable {
    const { request, body } = this.#admitted;
    const pass = new PassThrough();
    const reader = createMessageReader();
    this.#isRequestRead = false;
    let bytes = body.length;
    reader.write(body);
    pass.write(body);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      reader.write(chunk);
    });
    const endReading = (): void => {
      // Refused because it grew too large: that is counted already.
      const isCounted =
        this.#status === 0 && this.#admitted.response.headersSent && !this.#isRefused;
      if (this.#isRequestRead || isCounted) return;
      this.#isRequestRead = true;
      this.#noteMessages(reader.end(), bytes);
      this.#settleLate();
    };
    request.on('end', endReading);
    // Broken off.
    request.on('close', endReading);
    // A server that has answered reads no more, yet the rest says what was called.
    this.#stopUpload = () => {
      request.unpipe(pass);
      request.resume();
    };
    pass.on('close', this.#stopUpload);
    request.on('error', (error) => pass.destroy(error));
    // Nobody else listens once the request upstream is over: the error of a client that left would end the process.
    pass.on('error', () => undefined);
    request.pipe(pass);
    return pass;
  }

  #noteMessages(read: ReadMessages, bytes: number): void {
    const { tracker } = this.#options;
    const share = shareOf(bytes, read);
    for (const facts of read.messages) {
      if (isRequest(facts)) {
        const twin = this.#exchanges.get(facts.id ?? '');
        // Only one of them can be told its answer, here as at the server.
        if (twin) tracker.end(twin, DUPLICATE_ID, 'another request of the batch has its id');
        const exchange = tracker.begin(
          facts,
          share === this.#carrier.bytes ? this.#carrier : { ...this.#carrier, bytes: share },
        );
        this.#exchanges.set(exchange.key, exchange);
        if (facts.method === 'initialize') this.#opening = facts;
        if (facts.method === LISTEN) this.isStream = true;
      } else if (isResponse(facts)) {
        tracker.answerServerCall(facts, share, this.#session);
      } else {
        tracker.notice(facts, this.#session, this.#exchanges);
      }
    }
  }

  #noteSession(status: number, announced: string | undefined): void {
    const { tracker } = this.#options;
    if (this.#session !== undefined) {
      if (status === 404 || (this.#carrier.verb === 'DELETE' && status < 300))
        tracker.closeSession(this.#session);
      else if (status < 300) tracker.touchSession(this.#session, 'http');
    }
    if (this.#opening && announced !== undefined && status === 200) this.#newSession = announced;
  }

  #onMessages(read: ReadMessages): void {
    const startedMs = this.#options.clock.monotonicMs();
    const { tracker, clock } = this.#options;
    const share = shareOf(this.#unreadBytes, read);
    this.#unreadBytes = 0;
    for (const facts of read.messages) {
      if (isResponse(facts)) {
        this.#hasAnswer = true;
        this.#noteOpening(facts);
        this.#noteOverhead(startedMs);
        tracker.answer(facts, share, this.#session, this.#exchanges);
      } else if (isRequest(facts)) {
        tracker.beginServerCall(facts, {
          ...this.#carrier,
          bytes: share,
          receivedMs: startedMs,
          receivedAtMs: clock.nowMs(),
        });
      } else {
        tracker.notice(facts, this.#session, this.#exchanges);
      }
    }
  }

  /** A session counts once its `initialize` succeeded. */
  #noteOpening(facts: MessageFacts): void {
    if (this.#newSession === undefined || this.#opening?.id !== facts.id || facts.error) return;
    this.#options.tracker.openSession(this.#newSession, 'http', {
      ...(this.#opening?.client && { client: this.#opening.client }),
      ...(facts.protocolVersion === undefined ? {} : { protocolVersion: facts.protocolVersion }),
    });
  }

  /** The request was read after all the rest. */
  #settleLate(): void {
    if (!this.#verdict) {
      if (this.#isAnswerOver) this.#settleAfterAnswer();
      return;
    }
    const { tracker } = this.#options;
    const exchanges = [...this.#exchanges.values()];
    if (exchanges.length === 0 && this.#isRefused)
      exchanges.push(tracker.begin({ hasResult: false, isError: false }, this.#carrier));
    for (const exchange of exchanges)
      tracker.end(exchange, this.#verdict.verdict, this.#verdict.message);
  }

  /** The answer is over; what has no result by now gets a verdict. */
  #settleAfterAnswer(): void {
    if (this.#status >= 300) this.#settle(judgeHttpStatus(this.#status));
    else if (this.isStream || this.#isUnreadable)
      this.#settle({ outcome: 'success', status: this.#status });
    else if (this.#json && !this.#hasAnswer)
      this.#settle(INVALID, 'the answer is no JSON-RPC response');
    else this.#settleOrPark(NO_RESPONSE, 'the answer ended without a result');
  }

  /** A resumable stream may break off: its result can still come on another one. */
  #settleOrPark(verdict: CallVerdict, message?: string): void {
    if (!this.#sse?.isResumable || this.#session === undefined) {
      this.#settle(verdict, message);
      return;
    }
    this.#verdict = { verdict, message };
    for (const exchange of this.#exchanges.values()) this.#options.tracker.park(exchange, verdict);
    this.#onOver();
  }

  #settle(verdict: CallVerdict, message?: string): void {
    this.#verdict = { verdict, message };
    for (const exchange of this.#exchanges.values())
      this.#options.tracker.end(exchange, verdict, message);
    this.#onOver();
  }

  #refuse(name: RefusalName, detail: string): void {
    this.#isRefused = true;
    this.#stopUpload?.();
    const [first] = this.#exchanges.keys();
    sendRefusal(this.#options.clock, this.#admitted.response, name, {
      id: this.#exchanges.size === 1 ? first : undefined,
      detail,
      isUnread: !this.#isRequestRead,
    });
    this.#settle(REFUSALS[name].verdict, detail);
  }

  #noteOverhead(sinceMs: number): void {
    const spentMs = this.#options.clock.monotonicMs() - sinceMs;
    for (const exchange of this.#exchanges.values())
      if (!exchange.isDone) exchange.overheadMs += spentMs;
  }
}

function isJsonType(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

function shareOf(bytes: number, read: ReadMessages): number {
  return read.messages.length > 1 ? Math.round(bytes / read.messages.length) : bytes;
}

function joinQueries(own: string, clients: string): string {
  if (clients === '' || clients === '?') return own;
  return own === '' ? clients : `${own}&${clients.slice(1)}`;
}
