import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CallRecord, GatewayLoad } from '../../facts/call-record.ts';
import { startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { isSameEntry } from '../../facts/rules/is-same-server.ts';
import { isRequest, type MessageFacts } from '../../protocol/message-facts.ts';
import { type RefusalName, REFUSALS } from '../../facts/refusal.ts';
import { type ServerSpec, type Transport, TRANSPORTS } from '../../facts/server.ts';
import type { CallTracker } from './call-tracker.ts';
import { PARSE_BYTES_MAX, readMessages, type ReadMessages } from '../../protocol/message-reader.ts';
import { type RefusalDetails, renderRefusalAnswer, sendRefusal } from './send-refusal.ts';
import type { AdmittedRequest, Upstream } from './upstream.ts';
import type { EpochMs, MonotonicMs } from '../../facts/time.ts';

/** What the edge says of a request before its body is read. */
export type Admission =
  | { readonly ok: true; readonly user?: string; readonly leave: () => void }
  | {
      readonly ok: false;
      readonly refusal: RefusalName;
      readonly detail?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export interface Edge {
  /** @param server nothing where no such server is configured */
  admit(request: IncomingMessage, server: string | undefined): Admission | Promise<Admission>;
}

export interface GatewayOptions {
  readonly clock: Clock;
  readonly edge: Edge;
  readonly bodyBytesMax: number;
  /** In place of plain HTTP. */
  readonly createServer?: (options: ServerOptions, onRequest: RequestListener) => Server;
  readonly patience?: Patience;
  /** Whether a server is disabled by hand. */
  readonly isDisabled?: (server: string) => boolean;
  /** Label of requests to names that are not configured: never the name itself. */
  readonly strangers: CallTracker;
  readonly createTracker: (server: ServerSpec) => CallTracker;
  readonly createUpstream: (server: ServerSpec, tracker: CallTracker) => Upstream;
}

/** How long a client may take to send something, against those that do it drop by drop to hold a connection. */
export interface Patience {
  readonly headersMs: number;
  readonly requestMs: number;
  /** Between two looks at who is late. */
  readonly checkMs: number;
}

export interface Gateway {
  /** Takes over a configuration: new servers are added, changed ones replaced, missing ones drained. */
  apply(servers: readonly ServerSpec[]): void;
  /** Ends what clients have open to a server; calls in flight may end first. */
  close(server: string): void;
  listen(host: string, port: number): Promise<{ readonly port: number }>;
  load(): readonly GatewayLoad[];
  /** Stops listening, lets calls in flight end for `drainMs`, then cuts. */
  stop(drainMs: number): Promise<void>;
}

interface Entry {
  readonly spec: ServerSpec;
  readonly tracker: CallTracker;
  readonly upstream: Upstream;
}

const NO_MESSAGES: ReadMessages = { messages: [], isBatch: false, isJson: false };
const NO_BYTES = Buffer.alloc(0);
const PATIENCE: Patience = { headersMs: 15_000, requestMs: 60_000, checkMs: 5_000 };
const CONNECTIONS_MAX = 10_000;
const LISTEN = 'subscriptions/listen';
const DRAIN_MS = 10_000;
const STOPPING = {
  detail: 'the gateway stops',
  headers: { connection: 'close', 'retry-after': '1' },
} as const;

export function createGateway(options: GatewayOptions): Gateway {
  const entries = new Map<string, Entry>();
  const leaving = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  /** The last request of each connection, for what its parser reports apart from it. */
  const arrivals = new WeakMap<Duplex, Arrival>();
  let isStopping = false;
  const { createServer = createHttpServer, patience = PATIENCE } = options;
  const server = createServer(
    {
      keepAliveTimeout: 65_000,
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      connectionsCheckingInterval: patience.checkMs,
      maxHeaderSize: 32_768,
      // A request without one is refused by the edge, with an answer of ours.
      requireHostHeader: false,
    },
    (request, response) => {
      void route(request, response);
    },
  );
  server.maxConnections = CONNECTIONS_MAX;
  server.on('clientError', refuseUnreadable);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedMs = options.clock.monotonicMs();
    const receivedAtMs = options.clock.nowMs();
    const target = parseTarget(request.url ?? '/');
    if (target?.name === '-' && target.route === '/identity') {
      sendIdentity(response, target.query, (name) => entries.has(name));
      return;
    }
    const entry = target && entries.get(target.name);
    const arrival: Arrival = {
      clock: options.clock,
      request,
      response,
      receivedAtMs,
      receivedMs,
      entry,
      tracker: entry?.tracker ?? options.strangers,
    };
    arrivals.set(request.socket, arrival);
    if (request.httpVersionMajor < 1) {
      refuse(arrival, NO_MESSAGES, 'invalid_http');
      return;
    }
    const pending = options.edge.admit(request, entry?.spec.name);
    const admission = pending instanceof Promise ? await pending : pending;
    if (!admission.ok) {
      refuse(arrival, NO_MESSAGES, admission.refusal, { ...admission, isUnread: true });
      return;
    }
    if (response.destroyed) {
      // The client went away meanwhile: its response closes no more.
      admission.leave();
      return;
    }
    response.on('close', admission.leave);
    const length = Number(request.headers['content-length'] ?? Number.NaN);
    if (length > options.bodyBytesMax) {
      const detail = `the limit is ${options.bodyBytesMax} bytes`;
      refuse(arrival, NO_MESSAGES, 'body_too_large', { detail, isUnread: true });
      return;
    }
    readHead(request, (body, isComplete) => {
      const read = isComplete && body.length > 0 ? readMessages(body) : NO_MESSAGES;
      // As with GET: a stream holds no place among the requests in flight.
      if (read.messages.some((facts) => facts.method === LISTEN)) admission.leave();
      // A reload may have come in while the body did: what it replaced takes no more requests.
      const current = target && entries.get(target.name);
      if (isStopping) {
        refuse(arrival, read, 'overloaded', STOPPING);
      } else if (!current || !target) {
        refuse(arrival, read, 'unknown_server', { isUnread: true });
      } else if (!current.spec.gateway.enabled || options.isDisabled?.(current.spec.name)) {
        refuse(arrival, read, 'disabled', { isUnread: true });
      } else {
        if (!isComplete) limitRest(arrival, body.length, options.bodyBytesMax);
        const admitted: AdmittedRequest = {
          request,
          response,
          route: target.route,
          query: target.query,
          body,
          isComplete,
          read,
          receivedAtMs,
          receivedMs:
            Number.isNaN(length) && !isComplete ? receivedMs : options.clock.monotonicMs(),
          ...(admission.user === undefined ? {} : { user: admission.user }),
        };
        current.upstream.handle(admitted);
      }
    });
  }

  /** What never became a request: not HTTP, too large a head, or too slow. */
  function refuseUnreadable(error: Error & { readonly code?: string }, socket: Duplex): void {
    const known = arrivals.get(socket);
    const unfinished = known && !known.response.writableEnded ? known : undefined;
    const isAnswered =
      unfinished && (unfinished.request.complete || unfinished.response.headersSent);
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
      socket.destroy();
      return;
    }
    const name = refusalOf(error.code);
    if (unfinished) {
      refuse(unfinished, NO_MESSAGES, name);
      return;
    }
    const receivedMs = options.clock.monotonicMs();
    count(options.strangers, 'POST', [NO_FACTS], name, {
      receivedAtMs: options.clock.nowMs(),
      receivedMs,
    });
    socket.end(renderRefusalAnswer(name), () => socket.destroy());
  }

  function add(spec: ServerSpec): void {
    const tracker = options.createTracker(spec);
    entries.set(spec.name, { spec, tracker, upstream: options.createUpstream(spec, tracker) });
  }

  function drain(entry: Entry, drainMs: number): void {
    const deadline = startDeadline(options.clock, drainMs);
    const leave = entry.upstream.stop(deadline.signal).finally(() => {
      deadline.end();
      leaving.delete(leave);
    });
    leaving.add(leave);
  }

  return {
    apply(servers) {
      const wanted = new Map(servers.map((spec) => [spec.name, spec]));
      for (const entry of [...entries.values()]) {
        const spec = wanted.get(entry.spec.name);
        if (spec && isSameEntry(spec, entry.spec)) continue;
        entries.delete(entry.spec.name);
        drain(entry, DRAIN_MS);
      }
      for (const spec of servers) if (!entries.has(spec.name)) add(spec);
    },
    close(name) {
      const entry = entries.get(name);
      if (!entry || isStopping) return;
      add(entry.spec);
      drain(entry, DRAIN_MS);
    },
    listen: (host, port) => listen(server, host, port),
    load() {
      return [...entries.values()].flatMap(({ spec, upstream }) => loadOf(spec.name, upstream));
    },
    async stop(drainMs) {
      isStopping = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      for (const entry of entries.values()) drain(entry, drainMs);
      await Promise.all(leaving);
      for (const socket of sockets) socket.destroy();
      await closed;
      options.strangers.stop();
    },
  };
}

/** Tells our own stdio bridge from whatever else may listen on this port. */
function sendIdentity(
  response: ServerResponse,
  query: string,
  knows: (name: string) => boolean,
): void {
  const name = new URLSearchParams(query).get('server') ?? '';
  const body = JSON.stringify({ service: 'mcp-exporter', knowsServer: knows(name) });
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** A request that was not read. */
const NO_FACTS: MessageFacts = { hasResult: false, isError: false };

interface Arrival {
  readonly clock: Clock;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly receivedAtMs: EpochMs;
  readonly receivedMs: MonotonicMs;
  readonly entry: Entry | undefined;
  readonly tracker: CallTracker;
}

/** Answers in the server's place and counts what was refused. */
function refuse(
  arrival: Arrival,
  read: ReadMessages,
  name: RefusalName,
  details: Omit<RefusalDetails, 'id'> = {},
): void {
  const { request, response, tracker } = arrival;
  const verb: CallRecord['verb'] =
    request.method === 'GET' || request.method === 'DELETE' ? request.method : 'POST';
  const requests = read.messages.filter(isRequest);
  const counted = requests.length > 0 || request.method !== 'POST' ? requests : [NO_FACTS];
  count(tracker, verb, counted, name, arrival, details.detail);
  sendRefusal(arrival.clock, response, name, {
    ...details,
    id: requests.length === 1 ? requests[0]?.id : undefined,
  });
}

function count(
  tracker: CallTracker,
  verb: CallRecord['verb'],
  messages: readonly MessageFacts[],
  name: RefusalName,
  { receivedAtMs, receivedMs }: Pick<Arrival, 'receivedAtMs' | 'receivedMs'>,
  detail?: string,
): void {
  for (const facts of messages) {
    const exchange = tracker.begin(facts, {
      transport: 'http',
      verb,
      era: 'legacy',
      receivedAtMs,
      receivedMs,
      bytes: 0,
    });
    tracker.end(exchange, REFUSALS[name].verdict, detail);
  }
}

function refusalOf(code: string | undefined): RefusalName {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  return code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'invalid_http';
}

/** Reads a body up to the size that is parsed whole; a larger one goes on as a stream. */
function readHead(
  request: IncomingMessage,
  onHead: (body: Buffer, isComplete: boolean) => void,
): void {
  const { headers } = request;
  if (
    headers['transfer-encoding'] === undefined &&
    (headers['content-length'] === undefined || headers['content-length'] === '0')
  ) {
    onHead(NO_BYTES, true);
    return;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (): void => {
    request.off('data', onData);
    request.off('end', onEnd);
    request.off('close', stop);
  };
  const joined = (): Buffer =>
    chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  const onData = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= PARSE_BYTES_MAX) return;
    stop();
    request.pause();
    onHead(joined(), false);
  };
  const onEnd = (): void => {
    stop();
    onHead(joined(), true);
  };
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('close', stop);
}

/** The rest of a body whose length nobody announced goes upstream as it comes, until it is too long. */
function limitRest(arrival: Arrival, alreadyBytes: number, bytesMax: number): void {
  const { request, response } = arrival;
  let bytes = alreadyBytes;
  const onData = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= bytesMax) return;
    request.off('data', onData);
    if (response.headersSent) response.destroy();
    else
      refuse(arrival, NO_MESSAGES, 'body_too_large', { detail: `the limit is ${bytesMax} bytes` });
  };
  request.on('data', onData);
  request.pause();
}

/** `/NAME/route?query`; nothing for a path of another shape. */
function parseTarget(url: string): { name: string; route: string; query: string } | undefined {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  if (path.length < 2 || slash === -1) return undefined;
  const encoded = path.slice(1, slash);
  let name = encoded;
  if (encoded.includes('%')) {
    try {
      name = decodeURIComponent(encoded);
    } catch {
      return undefined;
    }
  }
  return { name, route: path.slice(slash), query: mark === -1 ? '' : url.slice(mark) };
}

function loadOf(server: string, upstream: Upstream): GatewayLoad[] {
  const load = upstream.load();
  return TRANSPORTS.map((transport: Transport) => ({
    server,
    transport,
    sessions: load.sessions[transport],
    streams: load.streams[transport],
    inFlight: load.inFlight[transport],
    connections: load.sessions[transport] + load.streams[transport] + load.sessionless[transport],
  }));
}

function listen(server: Server, host: string, port: number): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}
