import { PassThrough, type Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { judgeHttpStatus, type CallVerdict } from '../../domain/call-outcome.ts';
import type { Clock, Timer } from '../../domain/clock.ts';
import type { MessageFacts } from '../../domain/message-facts.ts';
import { isRequest, isResponse } from '../../domain/message-facts.ts';
import { renderRefusal, REFUSALS, type RefusalName } from '../../domain/refusal.ts';
import type { Secret } from '../../domain/secret.ts';
import type { Era } from '../../domain/server.ts';
import { formatTraceParent } from '../../domain/trace-context.ts';
import type { CallTracker, Carrier, Exchange } from '../../gateway/call-tracker.ts';
import { createMessageReader, type MessageReader, type ReadMessages } from '../../gateway/message-reader.ts';
import { createSseScanner, type SseScanner } from '../../gateway/sse-scanner.ts';
import { forwardHeaders, returnHeaders } from './http-headers.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';

export interface HttpUpstreamOptions {
  readonly url: URL;
  readonly clock: Clock;
  readonly tracker: CallTracker;
  /** Headers of the configuration, for requests that carry none of that name. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Until the head of the answer; streams may then last as long as both sides like. */
  readonly answerTimeoutMs: number;
  readonly preserveHost: boolean;
  readonly tls: { readonly ca?: string; readonly rejectUnauthorized: boolean };
}

const MODERN = '2026-07-28';
const LISTEN = 'subscriptions/listen';
const NO_RESPONSE: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'no_response' };
const INVALID: CallVerdict = { outcome: 'transport_error', status: 502, errorType: 'invalid_response' };
const CANCELLED: CallVerdict = { outcome: 'cancelled', status: 499, errorType: 'cancelled' };

/**
 * Streamable HTTP to Streamable HTTP, byte for byte: one upstream request per client request, never retried.
 *
 * Design: raw streams instead of an SDK client and server back to back, which would rebuild every message; undici's
 * dispatcher instead of `http.request`, which costs about a third more CPU. Each chunk is written to the client first and
 * read by the observer afterwards, so that observing delays nothing.
 */
export function createHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const pool = new Pool(options.url.origin, {
    // One request per connection at a time: a slow call must not hold up the next.
    pipelining: 1,
    connections: null,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000, rejectUnauthorized: options.tls.rejectUnauthorized, ...(options.tls.ca ? { ca: options.tls.ca } : {}) },
  });
  const passages = new Set<Passage>();
  const context: PassageContext = { ...options, pool, done: (passage) => passages.delete(passage) };
  return {
    handle(admitted) {
      const passage = new Passage(context, admitted);
      passages.add(passage);
      passage.start();
    },
    load() {
      let streams = 0;
      for (const passage of passages) if (passage.isStream) streams++;
      return { ...options.tracker.load(), streams: { http: streams, sse: 0, stdio: 0 } };
    },
    async stop(signal) {
      for (const passage of passages) if (passage.isStream) passage.cut();
      await new Promise<void>((resolve) => {
        const cutAll = (): void => {
          for (const passage of [...passages]) passage.cut();
          resolve();
        };
        if (passages.size === 0) resolve();
        else if (signal.aborted) cutAll();
        else {
          context.onIdle = () => {
            if (passages.size === 0) resolve();
          };
          signal.addEventListener('abort', cutAll, { once: true });
        }
      });
      await pool.destroy();
      options.tracker.stop();
    },
  };
}

interface PassageContext extends HttpUpstreamOptions {
  readonly pool: Pool;
  readonly done: (passage: Passage) => void;
  onIdle?: () => void;
}

/** One request on its way through, and its answer back. */
class Passage implements Dispatcher.DispatchHandler {
  /** A GET stream or a subscription: long-lived by nature. */
  isStream = false;
  readonly #context: PassageContext;
  readonly #admitted: AdmittedRequest;
  readonly #exchanges = new Map<string, Exchange>();
  readonly #carrier: Carrier;
  readonly #session: string | undefined;
  #opening: MessageFacts | undefined;
  #newSession: string | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: Timer | undefined;
  #status = 0;
  #lengthLeft = Number.NaN;
  #sse: SseScanner | undefined;
  #json: MessageReader | undefined;
  #bodyBytes = 0;
  #eventBytes = 0;
  #isBodyRead = true;
  #isAnswered = false;
  #isEnded = false;
  #timedOut = false;
  #clientGone = false;

  constructor(context: PassageContext, admitted: AdmittedRequest) {
    this.#context = context;
    this.#admitted = admitted;
    const { headers, method } = admitted.request;
    const session = headers['mcp-session-id'];
    this.#session = typeof session === 'string' ? session : undefined;
    const version = headers['mcp-protocol-version'];
    const [first] = admitted.read.messages;
    const protocolVersion = (typeof version === 'string' ? version : undefined) ?? first?.protocolVersion;
    const tracestate = headers['tracestate'];
    this.#carrier = {
      transport: 'http',
      verb: method === 'GET' || method === 'DELETE' ? method : 'POST',
      era: eraOf(protocolVersion),
      receivedAtMs: admitted.receivedAtMs,
      receivedMs: admitted.receivedMs,
      bytes: admitted.body.length,
      ...(this.#session === undefined ? {} : { session: this.#session }),
      ...(admitted.user === undefined ? {} : { user: admitted.user }),
      ...(protocolVersion === undefined ? {} : { protocolVersion }),
      ...(typeof headers['traceparent'] === 'string' ? { traceparent: headers['traceparent'] } : {}),
      ...(typeof tracestate === 'string' ? { tracestate } : {}),
    };
  }

  start(): void {
    const { request, response, query } = this.#admitted;
    const { pool, url, clock, answerTimeoutMs } = this.#context;
    this.isStream = request.method === 'GET';
    let body: Buffer | Readable | null = null;
    if (this.#admitted.isComplete) {
      if (this.#admitted.body.length > 0) body = this.#admitted.body;
      this.#noteMessages(this.#admitted.read, this.#admitted.body.length);
    } else {
      body = this.#streamBody();
    }
    response.on('close', () => this.#onClientClose());
    if (!this.isStream) this.#timer = clock.after(answerTimeoutMs, () => this.#onTimeout());
    this.#noteOverhead(this.#admitted.receivedMs);
    pool.dispatch(
      {
        method: request.method as Dispatcher.HttpMethod,
        path: `${url.pathname}${joinQueries(url.search, query)}`,
        headers: this.#requestHeaders(),
        body,
      },
      this,
    );
  }

  /** Ends both sides at once, for shutdown. */
  cut(): void {
    this.#controller?.abort(new Error('the gateway stops'));
    this.#admitted.response.destroy();
    this.#settle(CANCELLED);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientGone || this.#timedOut) controller.abort(new Error('nobody waits'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Record<string, string | string[] | undefined>, statusText?: string): void {
    if (status < 200) return;
    const startedMs = this.#context.clock.monotonicMs();
    this.#status = status;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { response } = this.#admitted;
    const raw = Array.isArray(controller.rawHeaders) ? returnHeaders(controller.rawHeaders) : [];
    response.sendDate = false;
    response.writeHead(status, statusText, raw);
    const type = textOf(headers['content-type']);
    const encoded = headers['content-encoding'] !== undefined;
    if (!encoded && type?.startsWith('text/event-stream')) {
      this.#sse = createSseScanner((read) => this.#onAnswer(read));
      response.flushHeaders();
    } else if (!encoded && type !== undefined && isJsonType(type)) {
      this.#json = createMessageReader();
    }
    const length = textOf(headers['content-length']);
    if (length !== undefined) this.#lengthLeft = Number(length);
    this.#noteSession(status, textOf(headers['mcp-session-id']));
    this.#noteOverhead(startedMs);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const startedMs = this.#context.clock.monotonicMs();
    const { response } = this.#admitted;
    this.#bodyBytes += chunk.length;
    this.#lengthLeft -= chunk.length;
    if (this.#lengthLeft === 0) {
      this.#isEnded = true;
      response.end(chunk);
    } else if (!response.write(chunk)) {
      controller.pause();
      response.once('drain', () => controller.resume());
    }
    if (this.#exchanges.size > 0) this.#noteOverhead(startedMs);
    if (this.#sse) {
      this.#eventBytes += chunk.length;
      this.#sse.write(chunk);
    } else if (this.#json) {
      this.#json.write(chunk);
      if (this.#lengthLeft === 0) this.#onAnswer(this.#json.end());
    }
  }

  onResponseEnd(): void {
    if (!this.#isEnded) {
      this.#isEnded = true;
      this.#admitted.response.end();
      if (this.#json && !this.#json.isEmpty) this.#onAnswer(this.#json.end());
    }
    if (this.#isBodyRead) this.#settleAfterAnswer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#clientGone) {
      this.#settleLostClient();
      return;
    }
    const { response } = this.#admitted;
    if (this.#timedOut) {
      this.#refuse('timeout', `no answer within ${Math.round(this.#context.answerTimeoutMs / 1000)} s`);
    } else if (response.headersSent) {
      // The client must see the break: an orderly end would make half a message look whole.
      response.destroy();
      this.#settleOrPark({ outcome: 'transport_error', status: 502, errorType: 'connection' }, describe(error));
    } else {
      this.#refuse('unreachable', describe(error));
    }
  }

  #streamBody(): Readable {
    const { request, body } = this.#admitted;
    const pass = new PassThrough();
    const reader = createMessageReader();
    this.#isBodyRead = false;
    let bytes = body.length;
    reader.write(body);
    pass.write(body);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      reader.write(chunk);
    });
    request.on('end', () => {
      this.#isBodyRead = true;
      this.#noteMessages(reader.end(), bytes);
      if (this.#isEnded) this.#settleAfterAnswer();
    });
    request.on('error', (error) => pass.destroy(error));
    request.pipe(pass);
    return pass;
  }

  #requestHeaders(): string[] {
    const { request } = this.#admitted;
    const { url, headers: configured, preserveHost } = this.#context;
    const [first] = this.#exchanges.values();
    const replaced = ['host', ...(this.#admitted.isComplete ? ['content-length'] : []), ...(first ? ['traceparent', 'tracestate'] : [])];
    const { headers, has } = forwardHeaders(request.rawHeaders, request.headers.connection, replaced);
    headers.push('host', preserveHost && request.headers.host ? request.headers.host : url.host);
    if (first) {
      headers.push('traceparent', formatTraceParent(first.trace));
      if (first.trace.traceState) headers.push('tracestate', first.trace.traceState);
    }
    for (const [name, secret] of Object.entries(configured)) {
      if (!has.has(name.toLowerCase())) headers.push(name, secret.reveal());
    }
    return headers;
  }

  #noteMessages(read: ReadMessages, bytes: number): void {
    const { tracker } = this.#context;
    const share = read.isBatch ? Math.round(bytes / Math.max(1, read.messages.length)) : bytes;
    for (const facts of read.messages) {
      if (isRequest(facts)) {
        const exchange = tracker.begin(facts, { ...this.#carrier, bytes: share });
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
    const { tracker } = this.#context;
    if (this.#session !== undefined) {
      if (status === 404 || (this.#carrier.verb === 'DELETE' && status < 300)) tracker.closeSession(this.#session);
      else if (status < 300) tracker.touchSession(this.#session, 'http');
    }
    if (this.#opening && announced && status === 200) {
      this.#newSession = announced;
      tracker.openSession(announced, 'http', { ...(this.#opening.client ? { client: this.#opening.client } : {}) });
    }
  }

  #onAnswer(read: ReadMessages): void {
    const { tracker } = this.#context;
    const bytes = this.#sse ? this.#eventBytes : this.#bodyBytes;
    this.#eventBytes = 0;
    const share = read.isBatch ? Math.round(bytes / Math.max(1, read.messages.length)) : bytes;
    for (const facts of read.messages) {
      if (isResponse(facts)) {
        this.#isAnswered = true;
        if (this.#newSession && this.#opening?.id === facts.id) {
          tracker.openSession(this.#newSession, 'http', {
            ...(this.#opening?.client ? { client: this.#opening.client } : {}),
            ...(facts.protocolVersion ? { protocolVersion: facts.protocolVersion } : {}),
          });
        }
        tracker.answer(facts, share, this.#session, this.#exchanges);
      } else if (isRequest(facts)) {
        tracker.beginServerCall(facts, { ...this.#carrier, bytes: share, receivedMs: this.#context.clock.monotonicMs(), receivedAtMs: this.#context.clock.nowMs() });
      } else {
        tracker.notice(facts, this.#session, this.#exchanges);
      }
    }
  }

  /** The answer is over; what has no result by now gets a verdict. */
  #settleAfterAnswer(): void {
    if (this.#status >= 300) this.#settle(judgeHttpStatus(this.#status));
    else if (this.isStream) this.#settle({ outcome: 'success', status: this.#status });
    else if (this.#json && !this.#isAnswered) this.#settle(INVALID);
    else this.#settleOrPark(NO_RESPONSE, 'the answer ended without a result');
  }

  /** A resumable stream may break off: its result can still come on another one. */
  #settleOrPark(verdict: CallVerdict, message?: string): void {
    if (this.#sse?.isResumable && this.#session !== undefined) {
      for (const exchange of this.#exchanges.values()) this.#context.tracker.park(exchange, verdict);
      this.#finish();
    } else {
      this.#settle(verdict, message);
    }
  }

  #settleLostClient(): void {
    if (this.isStream) this.#settle({ outcome: 'success', status: 200 });
    else this.#settleOrPark(CANCELLED);
  }

  #settle(verdict: CallVerdict, message?: string): void {
    for (const exchange of this.#exchanges.values()) {
      if (!exchange.isDone) this.#context.tracker.end(exchange, verdict, message);
    }
    this.#finish();
  }

  #finish(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#context.done(this);
    this.#context.onIdle?.();
  }

  #refuse(name: RefusalName, detail: string): void {
    const { response } = this.#admitted;
    if (!response.headersSent) {
      const [first] = this.#exchanges.keys();
      const body = renderRefusal(name, this.#exchanges.size === 1 ? first : undefined, detail);
      response.writeHead(REFUSALS[name].status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    }
    this.#settle(REFUSALS[name].verdict, detail);
  }

  #onTimeout(): void {
    this.#timedOut = true;
    if (this.#controller) this.#controller.abort(new Error('no answer in time'));
    else this.#refuse('timeout', `no connection within ${Math.round(this.#context.answerTimeoutMs / 1000)} s`);
  }

  #onClientClose(): void {
    if (this.#isEnded) return;
    this.#clientGone = true;
    if (this.#controller) this.#controller.abort(new Error('the client went away'));
    else this.#settleLostClient();
  }

  #noteOverhead(sinceMs: number): void {
    const spentMs = this.#context.clock.monotonicMs() - sinceMs;
    for (const exchange of this.#exchanges.values()) if (!exchange.isDone) exchange.overheadMs += spentMs;
  }
}

function eraOf(protocolVersion: string | undefined): Era {
  return protocolVersion !== undefined && protocolVersion >= MODERN ? 'modern' : 'legacy';
}

function isJsonType(type: string): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

function joinQueries(own: string, clients: string): string {
  if (clients === '' || clients === '?') return own;
  return own === '' ? clients : `${own}&${clients.slice(1)}`;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** The cause in words, without addresses beyond host and port. */
function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'its host name does not resolve';
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'no connection within 10 s';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection broke';
    default:
      return code ?? 'the connection failed';
  }
}
