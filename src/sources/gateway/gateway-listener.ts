import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

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
}

export interface ListenerEvents {
  readonly onRequest: RequestListener;
  /** What never became a request: not HTTP, too large a head, or too slow. */
  readonly onUnreadable: (error: Error & { readonly code?: string }, socket: Duplex) => void;
}

const CLIENT_TIMEOUTS: ClientTimeouts = { headersMs: 15_000, requestMs: 60_000, checkMs: 5_000 };
const CONNECTIONS_MAX = 10_000;

/** The gateway's HTTP server and its connections. */
export class GatewayListener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(
    { createServer = createHttpServer, clientTimeouts = CLIENT_TIMEOUTS }: ListenerOptions,
    { onRequest, onUnreadable }: ListenerEvents,
  ) {
    const options = {
      keepAliveTimeout: 65_000,
      headersTimeout: clientTimeouts.headersMs,
      requestTimeout: clientTimeouts.requestMs,
      connectionsCheckingInterval: clientTimeouts.checkMs,
      maxHeaderSize: 32_768,
      // A request without one is refused by the edge, with an answer of ours.
      requireHostHeader: false,
    };
    this.#server = createServer(options, onRequest);
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('clientError', onUnreadable);
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
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
