import type http from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import type { FailureFacts } from '../classify-failure.ts';
import { networkFacts } from '../network-failure.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import type { Measurement } from '../probe-client.ts';
import { type ConnectionTracker, createConnectionTracker } from './connection-tracker.ts';
import type { Connections } from './connections.ts';
import { awaitLateHead, type LateHead } from './late-head.ts';

export interface HttpEndpointOptions {
  readonly url: URL;
  /** Configured headers, for every request. */
  readonly headers: Readonly<Record<string, Secret>>;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly userAgent?: string;
  /** Without it the signal of a request is its only limit. */
  readonly connectTimeoutMs?: number;
  /**
   * Where a kept connection had been closed by the server before any byte came back, a request is made again (RFC 9112
   * §9.3.1): that says nothing about the server. Off for bridges, whose messages may not be repeated.
   */
  readonly retriesStale: boolean;
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
  /** Gets phases, bytes and certificate of the connection. */
  readonly measurement?: Measurement;
  /** What the answer begins must be ended: after an abort its head is waited for a while longer. */
  readonly awaitsLateHead?: boolean;
  /** The request left this process. Not called where it fails before. */
  readonly onWritten?: () => void;
}

export type HttpResult =
  | {
      readonly ok: true;
      readonly response: http.IncomingMessage;
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
  /** Resolves with the response as soon as its head is there. Follows no redirect. Never rejects. */
  send(request: HttpRequest): Promise<HttpResult>;
  /** Gives connections back; those in use are destroyed with the last user of their origin. */
  release(): void;
}

/** Every idle connection may turn out stale, one after the other, before a fresh one is opened. */
const ATTEMPTS_MAX = 17;

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
    const attemptsMax = this.options.retriesStale ? ATTEMPTS_MAX : 1;
    return new Promise((resolve) => new RequestAttempt(this, wanted, attemptsMax, resolve).start());
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

/** One request over one connection. */
class RequestAttempt {
  readonly #endpoint: Endpoint;
  readonly #wanted: HttpRequest;
  readonly #attemptsLeft: number;
  readonly #resolve: (result: HttpResult) => void;
  readonly #startedAt: number;
  readonly #tracker: ConnectionTracker;
  readonly #onAbort = (): void => this.#abort();
  #outgoing: http.ClientRequest | undefined;
  #hasHead = false;

  constructor(
    endpoint: Endpoint,
    wanted: HttpRequest,
    attemptsLeft: number,
    resolve: (result: HttpResult) => void,
  ) {
    const { clock, connections } = endpoint.options;
    this.#endpoint = endpoint;
    this.#wanted = wanted;
    this.#attemptsLeft = attemptsLeft;
    this.#resolve = resolve;
    this.#startedAt = clock.monotonicMs();
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
    if (onWritten) this.#outgoing.once('finish', onWritten);
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
      if (!outgoing.reusedSocket) socket.on('error', () => undefined);
      if (connectTimeoutMs === undefined || !socket.connecting) return;
      const timer = clock.after(connectTimeoutMs, () => {
        if (!this.#tracker.isReady()) outgoing.destroy(new ConnectTimeout());
      });
      socket.once('close', () => timer.cancel());
      socket.once(this.#endpoint.isTls ? 'secureConnect' : 'connect', () => timer.cancel());
    });
    outgoing.once('response', (response) => {
      this.#hasHead = true;
      // One that nobody reads to its end would throw its own end at the process.
      response.on('error', () => undefined);
      this.#settle({ ok: true, response, finished: this.#tracker.finished });
    });
    outgoing.on('error', (error) => this.#onError(error));
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
    const { signal } = this.#wanted;
    if (signal.aborted || this.#hasHead) return;
    const isStale =
      this.#outgoing?.reusedSocket === true && !this.#tracker.hasRead() && isReset(error);
    if (!isStale || this.#attemptsLeft === 1) {
      this.#fail(error);
      return;
    }
    signal.removeEventListener('abort', this.#onAbort);
    new RequestAttempt(this.#endpoint, this.#wanted, this.#attemptsLeft - 1, this.#resolve).start();
  }

  #fail(error: unknown): void {
    const { authority, isTls } = this.#endpoint;
    const isConnected = this.#tracker.isReady();
    const facts = networkFacts(error, { authority, isTls, isConnected });
    this.#settle({ ok: false, facts, wasConnected: isConnected });
  }

  #settle(result: HttpResult): void {
    this.#wanted.signal.removeEventListener('abort', this.#onAbort);
    if (!result.ok) this.#tracker.finished();
    this.#resolve(result);
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
}: HttpEndpointOptions): Readonly<Record<string, string>> {
  const configured: Record<string, string> =
    userAgent === undefined ? {} : { 'user-agent': userAgent };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    configured['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(headers))
    configured[name.toLowerCase()] = value.reveal();
  return configured;
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
