import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import { describeNetworkError } from '../../protocol/network-failure.ts';
import { isRepeatable } from '../../protocol/repeatable-methods.ts';
import type { UpstreamPool } from '../../protocol/upstream-pool.ts';
import type { AdmittedRequest } from './upstream.ts';
import { forwardHeaders, hasHeader, replaceValues, returnHeaders } from './http-headers.ts';
import { formatTraceParent } from './trace-context.ts';
import { assessRedirect, type RedirectRules, type RedirectVerdict } from './redirects.ts';

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** How a relay ended without a whole answer. */
export type RelayFailure =
  /** The client closed its side. */
  | { readonly kind: 'client_gone' }
  /** No head of an answer in time; nothing was sent to the client. */
  | { readonly kind: 'timeout' }
  /** No connection, or it broke before the head; nothing was sent to the client. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** It broke inside the answer; the client's connection was cut as well, since an orderly end would hide that. */
  | { readonly kind: 'broken'; readonly detail: string }
  /** The gateway stops. */
  | { readonly kind: 'cut' };

/** What an observer of a relay gets to see; each is called after the bytes went on their way. Exactly one of the last two is called, once. */
export interface RelayObserver {
  onHead(status: number, headers: ResponseHeaders): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  onFailure(failure: RelayFailure): void;
}

export interface RelayOptions {
  readonly pool: UpstreamPool;
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query for the upstream. */
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
  /** Sending it twice does no harm, and `body` is no stream. Default: false. */
  readonly isRepeatable?: boolean;
  /** Until the head of the answer; nothing for streams, which may stay silent. */
  readonly answerTimeoutMs?: number;
  /** Changes the bytes of the answer on their way; only HTTP+SSE needs it, for its `endpoint` event. */
  readonly rewrite?: (chunk: Buffer) => Buffer;
  readonly redirects: RedirectRules;
  /** What the client gets in place of a `WWW-Authenticate` of 401 and 403. Default: the header is unchanged. */
  readonly rewriteChallenge?: (challenge: string) => string;
}

/**
 * Passes one HTTP request on and its answer back, byte for byte and as it comes.
 *
 * One upstream request per client request; a redirect within the server is followed. Only one that may be repeated is sent
 * again, once and on a fresh connection, if its connection broke before the answer: the upstream or a middlebox had closed it
 * while it was idle. Closing either side closes the other. Design: undici's dispatcher instead of `http.request`, which costs
 * about a third more CPU.
 */
export class Relay implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions;
  readonly #observer: RelayObserver;
  #controller: Dispatcher.DispatchController | undefined;
  #timer: Timer | undefined;
  #leftBytes = Number.NaN;
  #isSent = false;
  #isOver = false;
  #hasRepeated = false;
  #stoppedBy: 'client_gone' | 'timeout' | 'cut' | undefined;
  #path: string;
  #followedCount = 0;
  /** Where the answer that is being received redirects to; its body goes nowhere. */
  #followTo: string | undefined;

  constructor(options: RelayOptions, observer: RelayObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#path = options.path;
  }

  start(): void {
    const { pool, clock, response, answerTimeoutMs } = this.#options;
    response.on('close', () => {
      if (!this.#isSent) this.#stop('client_gone');
    });
    if (answerTimeoutMs !== undefined)
      this.#timer = clock.after(answerTimeoutMs, () => this.#stop('timeout'));
    pool.dispatch(this.#request(), this);
  }

  /** Ends both sides at once. */
  cut(): void {
    this.#stop('cut');
    this.#options.response.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stoppedBy) controller.abort(new Error(this.#stoppedBy));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusText?: string,
  ): void {
    if (status < 200) return;
    const { response, rewrite, rewriteChallenge } = this.#options;
    if (response.headersSent) {
      // Refused meanwhile: its body grew too large.
      this.#stop('client_gone');
      return;
    }
    const redirect = status >= 300 && status < 400 ? this.#assess(status, headers) : undefined;
    if (redirect?.kind === 'follow') {
      this.#followTo = redirect.path;
      return;
    }
    this.#timer?.cancel();
    response.sendDate = false;
    const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
    const returned = returnHeaders(raw, redirect?.location);
    if (rewriteChallenge && (status === 401 || status === 403))
      replaceValues(returned, 'www-authenticate', rewriteChallenge);
    response.writeHead(status, statusText, returned);
    const length = headers['content-length'];
    if (typeof length === 'string' && !rewrite) this.#leftBytes = Number(length);
    // The head of a stream must not wait for its first event. Not by flushHeaders(), which turns latin1 into UTF-8.
    if (Number.isNaN(this.#leftBytes)) response.write('', 'latin1');
    this.#observer.onHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#followTo !== undefined) return;
    const { response, rewrite } = this.#options;
    const out = rewrite ? rewrite(chunk) : chunk;
    const isWhole = this.#leftBytes === chunk.length;
    this.#leftBytes -= chunk.length;
    if (this.#leftBytes === 0) {
      this.#isSent = true;
      // A string leaves in one piece with the head, where a buffer makes it a vector of two; latin1 keeps every byte.
      if (isWhole && out.length <= ONE_PIECE_BYTES_MAX)
        response.end(out.toString('latin1'), 'latin1');
      else response.end(out);
    } else if (out.length > 0 && !response.write(out)) {
      controller.pause();
      response.once('drain', () => controller.resume());
    }
    this.#observer.onBody(chunk);
  }

  onResponseEnd(): void {
    if (this.#followTo !== undefined) {
      this.#follow(this.#followTo);
      return;
    }
    if (!this.#isSent) {
      this.#isSent = true;
      this.#options.response.end();
    }
    this.#over(() => this.#observer.onEnd());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { response } = this.#options;
    const stoppedBy = this.#stoppedBy;
    if (stoppedBy) this.#fail({ kind: stoppedBy });
    else if (!response.headersSent && this.#mayRepeat(error)) this.#repeat();
    else if (!response.headersSent)
      this.#fail({ kind: 'unreachable', detail: describeNetworkError(error) });
    else {
      this.#isSent = true;
      response.destroy();
      this.#fail({ kind: 'broken', detail: describeNetworkError(error) });
    }
  }

  #request(): Dispatcher.DispatchOptions {
    const { request, headers, body } = this.#options;
    return { method: request.method as Dispatcher.HttpMethod, path: this.#path, headers, body };
  }

  #mayRepeat(error: Error): boolean {
    return this.#options.isRepeatable === true && !this.#hasRepeated && isBroken(error);
  }

  #repeat(): void {
    this.#hasRepeated = true;
    this.#followTo = undefined;
    this.#controller = undefined;
    const fresh = this.#options.pool.openFresh();
    fresh.dispatch(this.#request(), this);
    void fresh.close().catch(() => undefined);
  }

  #assess(status: number, { location }: ResponseHeaders): RedirectVerdict | undefined {
    if (typeof location !== 'string') return undefined;
    const { body, redirects } = this.#options;
    const isBodyHeld = body === null || Buffer.isBuffer(body);
    const [path, followedCount] = [this.#path, this.#followedCount];
    return assessRedirect({ status, location, path, followedCount, isBodyHeld }, redirects);
  }

  #follow(path: string): void {
    this.#followTo = undefined;
    this.#controller = undefined;
    if (this.#isOver) return;
    this.#path = path;
    this.#followedCount += 1;
    this.#options.pool.dispatch(this.#request(), this);
  }

  #stop(reason: 'client_gone' | 'timeout' | 'cut'): void {
    if (this.#isOver || this.#stoppedBy) return;
    this.#stoppedBy = reason;
    // Without a controller the request still waits for its connection: nobody would tell of its end.
    if (this.#controller) this.#controller.abort(new Error(reason));
    else this.#fail({ kind: reason });
  }

  #fail(failure: RelayFailure): void {
    this.#over(() => this.#observer.onFailure(failure));
  }

  #over(tell: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    tell();
  }
}

/** Whether sending the request twice does no harm: it opens a stream, or all of its messages only read. */
export function mayRepeat({ request, read }: AdmittedRequest): boolean {
  if (request.method === 'GET') return true;
  const { messages } = read;
  return (
    request.method === 'POST' &&
    messages.length > 0 &&
    messages.every(({ method }) => isRepeatable(method))
  );
}

/** Whether a connection ended that had been established. */
function isBroken(error: Error): boolean {
  return 'code' in error && BROKEN_CODES.has(String(error.code));
}

const BROKEN_CODES = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

/** Past it the detour over a string costs more than it saves. */
const ONE_PIECE_BYTES_MAX = 4_096;

export interface RequestHeaderOptions {
  readonly host: string;
  readonly preserveHost: boolean;
  /** Headers of the configuration, for requests that carry none of that name. */
  readonly configured: Readonly<Record<string, Secret>>;
  /** Replaces the client's own; absent without tracing. */
  readonly trace?: CallRecord['trace'];
  /** Whether the body is sent whole, so that its length is set anew. */
  readonly isBodyWhole: boolean;
  /** Whether the answer has to be readable on its way, so that none in compressed form is asked for. */
  readonly isPlainWanted?: boolean;
}

/** The headers of the upstream request: the client's, less those of its own hop, plus `host`, trace context and configured ones. */
export function requestHeaders(request: IncomingMessage, options: RequestHeaderOptions): string[] {
  const replaced = ['host'];
  if (options.isBodyWhole) replaced.push('content-length');
  if (options.isPlainWanted) replaced.push('accept-encoding');
  if (options.trace) replaced.push('traceparent', 'tracestate');
  const headers = forwardHeaders(request.rawHeaders, request.headers.connection, replaced);
  headers.push(
    'host',
    options.preserveHost && request.headers.host ? request.headers.host : options.host,
  );
  const { trace } = options;
  if (trace) headers.push('traceparent', formatTraceParent(trace));
  if (trace?.traceState !== undefined) headers.push('tracestate', trace.traceState);
  for (const name in options.configured) {
    const secret = options.configured[name];
    if (secret && !hasHeader(headers, name.toLowerCase())) headers.push(name, secret.reveal());
  }
  return headers;
}
