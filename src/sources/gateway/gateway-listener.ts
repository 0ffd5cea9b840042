import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

/** How long a client may take to send something, so that none holds a connection by sending drop by drop. */
export interface ClientTimeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  /** Between two checks for clients that are late. */
  readonly checkMs: number;
}

export interface ListenerOptions {
  /** In place of plain HTTP. */
  readonly createServer?: (options: ServerOptions, onRequest: RequestListener) => Server;
  readonly clientTimeouts?: ClientTimeouts;
  /** Beyond it, idle connections are closed for new ones. */
  readonly connectionsMax?: number;
}

export interface ListenerEvents {
  readonly onRequest: RequestListener;
  /** What never became a request: not HTTP, too large a head, or too slow. */
  readonly onUnreadable: (error: Error & { readonly code?: string }, socket: Duplex) => void;
  /** CONNECT. */
  readonly onTunnel: (socket: Duplex) => void;
  /** Whether a request of this connection waits for its answer. */
  readonly isBusy: (socket: Duplex) => boolean;
}

const CLIENT_TIMEOUTS: ClientTimeouts = { headersMs: 15_000, requestMs: 60_000, checkMs: 5_000 };
const CONNECTIONS_MAX = 10_000;
/** Request line and headers. */
const HEAD_BYTES_MAX = 32_768;
/** Connections that make room at a time, since more new ones will come. */
const ROOM = 16;

/** The gateway's HTTP server and its connections. */
export class GatewayListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those that carry HTTP, oldest first; with TLS each is on top of another socket. */
  readonly #connections = new Set<Socket>();

  constructor(
    {
      createServer = createHttpServer,
      clientTimeouts = CLIENT_TIMEOUTS,
      connectionsMax = CONNECTIONS_MAX,
    }: ListenerOptions,
    { onRequest, onUnreadable, onTunnel, isBusy }: ListenerEvents,
  ) {
    const options = {
      keepAliveTimeout: 65_000,
      headersTimeout: clientTimeouts.headersMs,
      requestTimeout: clientTimeouts.requestMs,
      connectionsCheckingInterval: clientTimeouts.checkMs,
      maxHeaderSize: HEAD_BYTES_MAX,
      // A request without one is refused by the router, with an answer of ours.
      requireHostHeader: false,
    };
    this.#server = createServer(options, onRequest);
    // A few more than wanted, so that new ones get in and idle ones make room.
    this.#server.maxConnections = connectionsMax + ROOM;
    // Their size is bounded; headers beyond a number would be dropped or refused, by version of Node.js.
    this.#server.maxHeadersCount = 0;
    this.#server.on('clientError', onUnreadable);
    this.#server.on('connect', (_request, socket: Duplex) => onTunnel(socket));
    // Node.js would answer 417 itself, uncounted; what is expected may be ignored (RFC 9110 §10.1.1).
    this.#server.on('checkExpectation', onRequest);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    const carriesHttp = this.#server instanceof TlsServer ? 'secureConnection' : 'connection';
    this.#server.on(carriesHttp, (socket: Socket) => {
      if (this.#connections.size >= connectionsMax) this.#closeIdle(isBusy);
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
  }

  #closeIdle(isBusy: ListenerEvents['isBusy']): void {
    let count = 0;
    for (const socket of this.#connections) {
      if (isBusy(socket)) continue;
      socket.destroy();
      count += 1;
      if (count === ROOM) return;
    }
  }

  listen(host: string, port: number): Promise<{ readonly port: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly port: number }>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, () => {
      this.#server.off('error', reject);
      resolve({ port: (this.#server.address() as AddressInfo).port });
    });
    return promise;
  }

  /** Takes no more connections; resolves when the last one is closed. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    return closed;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
