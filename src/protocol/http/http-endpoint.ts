import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { FailureFacts } from '../classify-failure.ts';
import type { HttpTarget } from '../../facts/server.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { AgentPool } from './agent-pool.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import { networkFacts } from '../network-failure.ts';
import type { ExpiryReader } from './certificate-expiry.ts';
import type { Measurement } from '../wire.ts';
import { asEpochMs } from '../../facts/time.ts';

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
  readonly measurement: Measurement;
  /** What the answer begins must be ended: after an abort its head is waited for a while longer. */
  readonly awaitsLateHead?: boolean;
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
      /** Of a success that came after the abort; nothing if none came in time. */
      readonly late?: Promise<http.IncomingHttpHeaders | undefined>;
    };

/** Where requests to one configured server go. */
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
/** How long the head of an answer is waited for after its request was aborted. */
const LATE_HEAD_MS = 5_000;

/**
 * One HTTP request at a time, as cheap as `node:http` has it. A request is made once; only where a kept connection had
 * been closed by the server before any byte came back it is made again (RFC 9112 §9.3.1), since that says nothing
 * about the server.
 */
export function createHttpEndpoint(
  target: HttpTarget,
  pool: AgentPool,
  userAgent: string,
  clock: Clock,
): HttpEndpoint {
  const url = new URL(target.url);
  const isTls = url.protocol === 'https:';
  const request = isTls ? https.request : http.request;
  const lease = pool.lease(target);
  const authority = `${url.hostname}:${url.port || (isTls ? 443 : 80)}`;
  const address = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (isTls ? 443 : 80),
    agent: lease.agent,
  };
  const configured = configuredHeaders(target, url, userAgent);
  /** At most one: a server that never answers costs one connection more, not one per check. */
  let lateHead: LateHead | undefined;

  function attempt(
    wanted: HttpRequest,
    attemptsLeft: number,
    resolve: (result: HttpResult) => void,
  ): void {
    const { signal, measurement } = wanted;
    const startedAt = clock.monotonicMs();
    const track = createTracker(measurement, clock, lease.expiryOf);
    let outgoing: http.ClientRequest;
    let hasHead = false;
    try {
      const { pathname, search } = wanted.url ?? url;
      outgoing = request({
        ...address,
        method: wanted.method,
        path: `${pathname}${search}`,
        headers: { ...configured, ...wanted.headers },
      });
    } catch (error) {
      resolve({ ok: false, facts: networkFacts(error, { authority, isTls, isConnected: false }) });
      return;
    }
    const onAbort = (): void => {
      const facts = timeoutFacts(describeWait(outgoing, wanted), clock.monotonicMs() - startedAt);
      if (wanted.awaitsLateHead !== true || !track.isReady()) {
        settle({ ok: false, facts });
        outgoing.destroy();
        return;
      }
      lateHead?.cut();
      lateHead = awaitLateHead(outgoing, clock);
      settle({ ok: false, facts, late: lateHead.headers });
    };
    const settle = (result: HttpResult): void => {
      signal.removeEventListener('abort', onAbort);
      if (!result.ok) track.finished();
      resolve(result);
    };
    outgoing.once('socket', track.useSocket);
    outgoing.once('response', (response) => {
      hasHead = true;
      settle({ ok: true, response, finished: track.finished });
    });
    outgoing.on('error', (error) => {
      if (signal.aborted || hasHead) return;
      if (outgoing.reusedSocket && !track.hasRead() && isReset(error) && attemptsLeft > 1) {
        signal.removeEventListener('abort', onAbort);
        attempt(wanted, attemptsLeft - 1, resolve);
        return;
      }
      settle({
        ok: false,
        facts: networkFacts(error, { authority, isTls, isConnected: track.isReady() }),
      });
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) {
      onAbort();
      return;
    }
    outgoing.end(wanted.body);
  }

  return {
    url,
    authority,
    isTls,
    send: (wanted) => new Promise((resolve) => attempt(wanted, ATTEMPTS_MAX, resolve)),
    release() {
      lateHead?.cut();
      lease.release();
    },
  };
}

interface LateHead {
  readonly headers: Promise<http.IncomingHttpHeaders | undefined>;
  /** Waits no longer. */
  cut(): void;
}

/** The body of such an answer interests nobody, so the connection goes with it. */
function awaitLateHead(outgoing: http.ClientRequest, clock: Clock): LateHead {
  const { promise: headers, resolve } = Promise.withResolvers<
    http.IncomingHttpHeaders | undefined
  >();
  const end = (found?: http.IncomingHttpHeaders): void => {
    timer.cancel();
    resolve(found);
    outgoing.destroy();
  };
  const timer = clock.after(LATE_HEAD_MS, end);
  outgoing.once('response', (response) => {
    response.on('error', () => undefined);
    end(response.statusCode === 200 ? response.headers : undefined);
  });
  outgoing.once('close', () => end());
  return { headers, cut: end };
}

/** What is configured, plus our name; credentials of the URL become a header, as browsers do it. */
function configuredHeaders(
  target: HttpTarget,
  url: URL,
  userAgent: string,
): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': userAgent };
  if (url.username !== '' || url.password !== '') {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  for (const [name, value] of Object.entries(target.headers))
    headers[name.toLowerCase()] = value.reveal();
  return headers;
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function describeWait(outgoing: http.ClientRequest, wanted: HttpRequest): string {
  const { socket } = outgoing;
  if (socket === null || !socket.connecting) return wanted.waitedFor;
  return 'connection to the server';
}

interface Tracker {
  readonly useSocket: (socket: Socket) => void;
  readonly hasRead: () => boolean;
  /** Connected, TLS included. */
  readonly isReady: () => boolean;
  readonly finished: () => void;
}

/** Notes phases, bytes and certificate of the connection that a request runs over. */
function createTracker(measurement: Measurement, clock: Clock, expiryOf: ExpiryReader): Tracker {
  const startedAt = clock.monotonicMs();
  let socket: Socket | undefined;
  let writtenBefore = 0;
  let readBefore = 0;
  let isReady = false;
  const noteExpiry = (used: TLSSocket): void => {
    const expiresAtMs = expiryOf(used);
    if (expiresAtMs !== undefined) measurement.tlsExpiresAtMs = asEpochMs(expiresAtMs);
  };
  return {
    useSocket(used) {
      socket = used;
      writtenBefore = used.bytesWritten;
      readBefore = used.bytesRead;
      if (!used.connecting) {
        isReady = true;
        if (used instanceof TLSSocket) noteExpiry(used);
        return;
      }
      used.once('connect', () => {
        const connectedAt = clock.monotonicMs();
        addPhase(measurement, 'connect', connectedAt - startedAt);
        if (!(used instanceof TLSSocket)) {
          isReady = true;
          return;
        }
        used.once('secureConnect', () => {
          isReady = true;
          addPhase(measurement, 'tls', clock.monotonicMs() - connectedAt);
          noteExpiry(used);
        });
      });
    },
    isReady: () => isReady,
    hasRead: () => socket !== undefined && socket.bytesRead > readBefore,
    finished() {
      if (socket === undefined) return;
      measurement.bytesSent += socket.bytesWritten - writtenBefore;
      measurement.bytesReceived += socket.bytesRead - readBefore;
      socket = undefined;
    },
  };
}

function addPhase(measurement: Measurement, phase: 'connect' | 'tls', durationMs: number): void {
  measurement.phasesMs[phase] = (measurement.phasesMs[phase] ?? 0) + durationMs;
}
