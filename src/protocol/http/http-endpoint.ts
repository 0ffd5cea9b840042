import type http from 'node:http';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import { INSTANCE_HEADER } from '../../facts/rules/request-origin.ts';
import { type FailureFacts, formatLimit } from '../classify-failure.ts';
import { addStep } from '../measurement.ts';
import { networkFacts } from '../network-failure.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import type { Measurement } from '../probe-client.ts';
import { type ConnectionTracker, createConnectionTracker } from './connection-tracker.ts';
import type { Connections } from './connections.ts';
import { awaitLateHead, type LateHead } from './late-head.ts';
import { discardBody } from './read-body.ts';
import { followRedirect } from './redirects.ts';

export interface HttpEndpointOptions {
  readonly url: URL;
  /** Configured headers, for every request. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly userAgent?: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  /** Without it the signal of a request is its only limit. */
  readonly connectTimeoutMs?: number;
  /**
   * Whether a request that may be repeated is sent again on a fresh connection if the kept one that it used had been closed
   * before any byte came back: that says nothing about the server (RFC 9112 §9.3.1). Off for callers that repeat it themselves.
   */
  readonly retriesStale: boolean;
  /**
   * If no byte came back for so long on a kept connection, a request that may be repeated is sent on a fresh one as well,
   * and the first answer counts: a middlebox may have forgotten the connection, or the server may be slow.
   */
  readonly silenceMs?: () => number;
}

export interface HttpRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  /** Another address of the same origin. */
  readonly url?: URL;
  /** Win over the configured headers of the same name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For messages: completes "No …". */
  readonly waitedFor: string;
  readonly signal: AbortSignal;
  /** Sending it twice does no harm. Default: false. */
  readonly isRepeatable?: boolean;
  /** Gets phases, bytes and certificate of the connection. */
  readonly measurement?: Measurement;
  /** What the answer begins must be ended: after an abort its head is waited for a while longer. */
  readonly awaitsLateHead?: boolean;
  /** The request left this process. Not called where it fails before, and once more if it is sent again. */
  readonly onWritten?: () => void;
}

export type HttpResult =
  | {
      readonly ok: true;
      readonly response: http.IncomingMessage;
      /** When the request that was answered had left this process: it may be another one than the first. */
      readonly writtenAtMs: MonotonicMs;
      /** The head of another answer to the same request, if that must be ended; undefined if none came in time. */
      readonly late?: Promise<http.IncomingHttpHeaders | undefined>;
      /** Says once that reading is over, so that bytes are counted. */
      finished(): void;
    }
  | {
      readonly ok: false;
      readonly facts: FailureFacts;
      /** Whether there was ever a connection: without one nothing was delivered. */
      readonly wasConnected: boolean;
      /** Of a success that came after the abort; undefined if none came in time. */
      readonly late?: Promise<http.IncomingHttpHeaders | undefined>;
    };

/** Where requests to one configured server go: of checks, and of bridges. */
export interface HttpEndpoint {
  readonly url: URL;
  readonly authority: string;
  readonly isTls: boolean;
  /** Resolves with the response as soon as its head is there. Follows redirects within the origin. Never rejects. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Gives connections back; those in use are destroyed with the last user of their origin. */
  release(): void;
}

/** One HTTP request at a time, as cheap as `node:http` has it. */
export function createHttpEndpoint(options: HttpEndpointOptions): HttpEndpoint {
  return new Endpoint(options);
}

class Endpoint implements HttpEndpoint {
  readonly url: URL;
  readonly authority: string;
  readonly isTls: boolean;
  readonly options: HttpEndpointOptions;
  readonly address: http.RequestOptions;
  readonly configured: Readonly<Record<string, string>>;
  /** At most one: a server that never answers costs one connection more, not one per check. */
  #lateHead: LateHead | undefined;

  constructor(options: HttpEndpointOptions) {
    const { url, connections } = options;
    this.options = options;
    this.url = url;
    this.isTls = url.protocol === 'https:';
    const port = url.port || (this.isTls ? 443 : 80);
    this.authority = `${url.hostname}:${port}`;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    this.address = { host, port, agent: connections.agent };
    this.configured = configuredHeaders(options);
  }

  send(wanted: HttpRequest): Promise<HttpResult> {
    return this.#follow(wanted, [wanted.url ?? this.url]);
  }

  async #follow(wanted: HttpRequest, asked: readonly [URL, ...URL[]]): Promise<HttpResult> {
    const result = await new Promise<HttpResult>((resolve) =>
      new RequestDelivery(this, wanted, resolve).start(),
    );
    if (!result.ok) return result;
    const { statusCode: status = 0, headers } = result.response;
    const { method } = wanted;
    const target = followRedirect({ method, asked, status, location: headers.location });
    if (target === undefined) return result;
    discardBody(result.response);
    result.finished();
    return this.#follow({ ...wanted, url: target }, [...asked, target]);
  }

  release(): void {
    this.#lateHead?.cut();
    this.options.connections.release();
  }

  awaitLateHead(outgoing: http.ClientRequest): LateHead['headers'] {
    this.#lateHead?.cut();
    this.#lateHead = awaitLateHead(outgoing, this.options.clock);
    return this.#lateHead.headers;
  }
}

/** One request: over a kept connection and, if that turns out to be of no use, over a fresh one too. */
class RequestDelivery implements AttemptOwner {
  readonly #endpoint: Endpoint;
  readonly #wanted: HttpRequest;
  readonly #resolve: (result: HttpResult) => void;
  readonly #running = new Set<RequestAttempt>();
  #attemptCount = 0;
  #isOver = false;

  constructor(endpoint: Endpoint, wanted: HttpRequest, resolve: (result: HttpResult) => void) {
    this.#endpoint = endpoint;
    this.#wanted = wanted;
    this.#resolve = resolve;
  }

  start(): void {
    const attempt = new RequestAttempt(this.#endpoint, this.#wanted, this);
    this.#attemptCount += 1;
    this.#running.add(attempt);
    attempt.start();
  }

  onSilence(silentMs: number): void {
    const { measurement } = this.#wanted;
    if (!this.#mayRepeat()) return;
    if (measurement) {
      const detail = `No answer within ${formatLimit(silentMs)}: sent again on a fresh connection.`;
      addStep(measurement, { name: 'kept connection', durationMs: silentMs, ok: false, detail });
    }
    this.#repeat();
  }

  onStale(attempt: RequestAttempt): boolean {
    // The others were idle for longer. Whoever repeats the request needs a fresh one.
    this.#endpoint.options.connections.dropIdle();
    if (!this.#mayRepeat()) return false;
    this.#running.delete(attempt);
    this.#repeat();
    return true;
  }

  onResult(attempt: RequestAttempt, result: HttpResult): void {
    this.#running.delete(attempt);
    const [other] = this.#running;
    // The other one may still be answered.
    if (this.#isOver || (!result.ok && other !== undefined)) return;
    this.#isOver = true;
    const late = other?.abandon();
    this.#resolve(late === undefined ? result : { ...result, late });
  }

  #mayRepeat(): boolean {
    const { retriesStale } = this.#endpoint.options;
    const { isRepeatable, signal } = this.#wanted;
    return retriesStale && isRepeatable === true && this.#attemptCount === 1 && !signal.aborted;
  }

  #repeat(): void {
    this.#endpoint.options.connections.dropIdle();
    this.start();
  }
}

interface AttemptOwner {
  /** Nothing came back for so long on a kept connection. */
  onSilence(silentMs: number): void;
  /** A kept connection had been closed. @returns whether another attempt takes its place */
  onStale(attempt: RequestAttempt): boolean;
  onResult(attempt: RequestAttempt, result: HttpResult): void;
}

/** One request over one connection. */
class RequestAttempt {
  readonly #endpoint: Endpoint;
  readonly #wanted: HttpRequest;
  readonly #owner: AttemptOwner;
  readonly #startedAt: MonotonicMs;
  readonly #tracker: ConnectionTracker;
  readonly #onAbort = (): void => this.#abort();
  #outgoing: http.ClientRequest | undefined;
  #silence: Timer | undefined;
  #writtenAtMs: MonotonicMs;
  #isOver = false;

  constructor(endpoint: Endpoint, wanted: HttpRequest, owner: AttemptOwner) {
    const { clock, connections } = endpoint.options;
    this.#endpoint = endpoint;
    this.#wanted = wanted;
    this.#owner = owner;
    this.#startedAt = clock.monotonicMs();
    this.#writtenAtMs = this.#startedAt;
    this.#tracker = createConnectionTracker(clock, wanted.measurement, connections.expiryOf);
  }

  start(): void {
    const { address, configured, options, url } = this.#endpoint;
    const { signal, method, headers, body, onWritten } = this.#wanted;
    try {
      const { pathname, search } = this.#wanted.url ?? url;
      this.#outgoing = options.connections.request({
        ...address,
        method,
        path: `${pathname}${search}`,
        headers: { ...configured, ...headers },
      });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#listen(this.#outgoing);
    this.#outgoing.once('finish', () => {
      this.#writtenAtMs = options.clock.monotonicMs();
      onWritten?.();
    });
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#abort();
    else this.#outgoing.end(body);
  }

  #listen(outgoing: http.ClientRequest): void {
    const { clock, connectTimeoutMs } = this.#endpoint.options;
    outgoing.once('socket', (socket) => {
      this.#tracker.useSocket(socket);
      // Between an answer and the next request a connection has no listener of Node's own: an error in that moment would
      // end this process.
      if (outgoing.reusedSocket) this.#watchSilence();
      else socket.on('error', () => undefined);
      if (connectTimeoutMs === undefined || !socket.connecting) return;
      const timer = clock.after(connectTimeoutMs, () => {
        if (!this.#tracker.isReady()) outgoing.destroy(new ConnectTimeout());
      });
      socket.once('close', () => timer.cancel());
      socket.once(this.#endpoint.isTls ? 'secureConnect' : 'connect', () => timer.cancel());
    });
    outgoing.once('response', (response) => {
      // One that nobody reads to its end would throw its own end at the process.
      response.on('error', () => undefined);
      const { finished } = this.#tracker;
      this.#settle({ ok: true, response, writtenAtMs: this.#writtenAtMs, finished });
    });
    outgoing.on('error', (error) => this.#onError(error));
  }

  /** Another attempt was answered. @returns what must be ended, should it be answered too */
  abandon(): LateHead['headers'] | undefined {
    this.#end();
    this.#tracker.finished();
    if (this.#outgoing && this.#wanted.awaitsLateHead === true && this.#tracker.isReady())
      return this.#endpoint.awaitLateHead(this.#outgoing);
    this.#outgoing?.destroy();
    return undefined;
  }

  #watchSilence(): void {
    const { clock, silenceMs: limit } = this.#endpoint.options;
    if (limit === undefined || this.#wanted.isRepeatable !== true) return;
    const silenceMs = limit();
    this.#silence = clock.after(silenceMs, () => {
      if (!this.#isOver && !this.#tracker.hasRead()) this.#owner.onSilence(silenceMs);
    });
  }

  #abort(): void {
    const { clock } = this.#endpoint.options;
    const outgoing = this.#outgoing;
    const waitedFor =
      outgoing?.socket?.connecting === true ? 'connection to the server' : this.#wanted.waitedFor;
    const facts = timeoutFacts(
      waitedFor,
      this.#wanted.signal,
      clock.monotonicMs() - this.#startedAt,
    );
    const wasConnected = this.#tracker.isReady();
    if (outgoing !== undefined && this.#wanted.awaitsLateHead === true && wasConnected) {
      const late = this.#endpoint.awaitLateHead(outgoing);
      this.#settle({ ok: false, facts, wasConnected, late });
    } else {
      this.#settle({ ok: false, facts, wasConnected });
      outgoing?.destroy();
    }
  }

  #onError(error: Error): void {
    if (this.#isOver) return;
    const isStale =
      this.#outgoing?.reusedSocket === true && !this.#tracker.hasRead() && isReset(error);
    if (isStale && this.#owner.onStale(this)) this.#end();
    else this.#fail(error);
  }

  #fail(error: unknown): void {
    const { authority, isTls } = this.#endpoint;
    const isConnected = this.#tracker.isReady();
    const facts = networkFacts(error, { authority, isTls, isConnected });
    this.#settle({ ok: false, facts, wasConnected: isConnected });
  }

  #settle(result: HttpResult): void {
    if (this.#isOver) return;
    this.#end();
    if (!result.ok) this.#tracker.finished();
    this.#owner.onResult(this, result);
  }

  #end(): void {
    this.#isOver = true;
    this.#silence?.cancel();
    this.#wanted.signal.removeEventListener('abort', this.#onAbort);
  }
}

class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT';
}

/** What is configured, plus our name; credentials of the URL become a header, as browsers do it. */
function configuredHeaders({
  url,
  headers,
  userAgent,
  instance,
}: HttpEndpointOptions): Readonly<Record<string, string>> {
  const configured: Record<string, string> =
    userAgent === undefined ? {} : { 'user-agent': userAgent };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    configured['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(headers))
    configured[name.toLowerCase()] = value.reveal();
  if (instance !== undefined) configured[INSTANCE_HEADER] = instance;
  return configured;
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
