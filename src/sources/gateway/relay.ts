import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import { describeNetworkError } from '../../protocol/network-failure.ts';
import { isRepeatable } from '../../protocol/repeatable-methods.ts';
import type { UpstreamPool } from '../../protocol/upstream-pool.ts';
import type { AdmittedRequest } from './upstream.ts';
import { reasonPhrase, replaceValues, returnHeaders } from './http-headers.ts';
import { cutUnanswered, FAILED } from './fault.ts';
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
  /** An exception in the gateway; nothing was sent to the client. */
  | { readonly kind: 'internal'; readonly detail: string }
  /** The gateway stops. */
  | { readonly kind: 'cut' };

/**
 * What an observer of a relay gets to see; each is called after the bytes went on their way. Exactly one of `onEnd` and
 * `onFailure` is called, once; if `onEnd` throws, `onFailure` follows.
 */
export interface RelayObserver {
  onHead(status: number, headers: ResponseHeaders): void;
  onBody(chunk: Buffer): void;
  onEnd(): void;
  onFailure(failure: RelayFailure): void;
  /** An exception in the gateway, which ends the request: for the log. */
  onFault(error: unknown): void;
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
 * The relay ends the request on every path: an exception in any callback, its observer's included, goes to `fail`. undici would
 * report it to the same handler as an error of the connection, or close the connection without a report.
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
    try {
      response.on('close', () => {
        if (!this.#isSent) this.#stop('client_gone');
      });
      if (answerTimeoutMs !== undefined)
        this.#timer = clock.after(answerTimeoutMs, () => this.#stop('timeout'));
      pool.dispatch(this.#request(), this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends both sides at once. */
  cut(): void {
    this.#stop('cut');
    try {
      this.#options.response.destroy();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends the answer in order, as if the server had, and the request upstream at once. */
  finish(): void {
    const { response } = this.#options;
    if (!response.headersSent) {
      this.cut();
      return;
    }
    this.#stop('cut');
    try {
      response.end();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends both sides after an exception in the gateway: with a refusal if no head was sent, else by cutting the connection. */
  fail(error: unknown): void {
    const { response } = this.#options;
    this.#report(error);
    if (response.headersSent) {
      this.#isSent = true;
      if (!response.writableEnded) response.destroy();
      this.#fail({ kind: 'broken', detail: FAILED.detail });
    } else {
      this.#fail(FAILED);
      cutUnanswered(response);
    }
    this.#abort(new Error(FAILED.detail));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver || this.#stoppedBy) this.#abort(new Error(this.#stoppedBy ?? FAILED.detail));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusText?: string,
  ): void {
    if (status < 200 || this.#isOver) return;
    try {
      this.#passHead(controller, status, headers, statusText);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#followTo !== undefined || this.#isOver) return;
    try {
      this.#passBody(controller, chunk);
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseEnd(): void {
    try {
      this.#passEnd();
    } catch (error) {
      this.fail(error);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return;
    try {
      this.#passError(error);
    } catch (fault) {
      this.fail(fault);
    }
  }

  #passHead(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: ResponseHeaders,
    statusText: string | undefined,
  ): void {
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
    const location = redirect?.location === headers['location'] ? undefined : redirect?.location;
    response.sendDate = false;
    const raw = Array.isArray(controller.rawHeaders) ? controller.rawHeaders : [];
    const returned = returnHeaders(raw, { status, location, isRewritten: rewrite !== undefined });
    if (rewriteChallenge && (status === 401 || status === 403))
      replaceValues(returned, 'www-authenticate', rewriteChallenge);
    response.writeHead(status, reasonPhrase(status, statusText), returned);
    // Not before: until the head is written, the deadline ends the request.
    this.#timer?.cancel();
    const length = headers['content-length'];
    if (typeof length === 'string' && !rewrite) this.#leftBytes = Number(length);
    // The head of a stream must not wait for its first event. Not by flushHeaders(), which turns latin1 into UTF-8.
    if (Number.isNaN(this.#leftBytes)) response.write('', 'latin1');
    this.#observer.onHead(status, headers);
  }

  #passBody(controller: Dispatcher.DispatchController, chunk: Buffer): void {
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
      response.once('drain', () => this.#resume(controller));
    }
    this.#observer.onBody(chunk);
  }

  #passEnd(): void {
    if (this.#isOver) return;
    if (this.#followTo !== undefined) {
      this.#follow(this.#followTo);
      return;
    }
    if (!this.#isSent) {
      this.#options.response.end();
      this.#isSent = true;
    }
    this.#end();
    try {
      this.#observer.onEnd();
    } catch (error) {
      this.#report(error);
      this.#tellFailure({ kind: 'broken', detail: FAILED.detail });
    }
  }

  #passError(error: Error): void {
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

  #resume(controller: Dispatcher.DispatchController): void {
    try {
      controller.resume();
    } catch (error) {
      this.fail(error);
    }
  }

  #stop(reason: 'client_gone' | 'timeout' | 'cut'): void {
    if (this.#isOver || this.#stoppedBy) return;
    this.#stoppedBy = reason;
    // Without a controller the request still waits for its connection: nobody would report its end.
    if (this.#controller) this.#abort(new Error(reason));
    if (!this.#isOver) this.#fail({ kind: reason });
  }

  #abort(reason: Error): void {
    try {
      this.#controller?.abort(reason);
    } catch (error) {
      this.#report(error);
    }
  }

  #fail(failure: RelayFailure): void {
    if (this.#isOver) return;
    this.#end();
    this.#tellFailure(failure);
  }

  #end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #tellFailure(failure: RelayFailure): void {
    try {
      this.#observer.onFailure(failure);
    } catch (error) {
      this.#report(error);
      cutUnanswered(this.#options.response);
    }
  }

  #report(error: unknown): void {
    try {
      this.#observer.onFault(error);
    } catch {
      // Nobody is left to report it to.
    }
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
