import {
  createServer as createHttpServer,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpLog } from './ports.ts';
import { refuseUnreadable } from './refuse-unreadable.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly log?: Pick<HttpLog, 'debug'>;
  /** Instead of plain HTTP. */
  readonly createServer?: (options: ServerOptions, onRequest: RequestListener) => Server;
}

export interface Listener {
  readonly ok: true;
  readonly host: string;
  readonly port: number;
  /** Accepts no more requests, waits for running ones for `graceMs`, then cuts every connection. */
  close(graceMs?: number): Promise<void>;
}

export interface ListenFailure {
  readonly ok: false;
  readonly code: 'listen_in_use' | 'listen_denied' | 'listen_address' | 'listen_failed';
  /** One sentence with what to do. */
  readonly message: string;
  readonly cause: unknown;
}

const CLOSE_GRACE_MS = 2_000;
const CONNECTIONS_MAX = 2_000;

/** Serves `app` on one address. Failures that an operator can fix are values; nothing rejects. */
export async function listen(
  app: RequestListener,
  options: ListenOptions,
): Promise<Listener | ListenFailure> {
  const { createServer = createHttpServer } = options;
  const server = createServer(
    {
      // Against clients that send a request drop by drop to hold a connection.
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      connectionsCheckingInterval: 2_000,
      // Longer than the usual scrape interval, so that Prometheus keeps its connection.
      keepAliveTimeout: 75_000,
    },
    app,
  );
  server.maxConnections = CONNECTIONS_MAX;
  refuseUnreadable(server, options.log);
  server.on('request', (_request, response) => {
    // A connection whose last answer leaves while we close would be kept for the next request.
    response.once('close', () => {
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  const { promise, resolve } = Promise.withResolvers<Listener | ListenFailure>();
  server.once('error', (error) => resolve(explainListenFailure(error, options, 'listen')));
  server.listen({ host: options.host, port: options.port }, () => {
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : options.port;
    resolve({
      ok: true,
      host: options.host,
      port,
      close: (graceMs = CLOSE_GRACE_MS) => close(server, options.clock, graceMs),
    });
  });
  return promise;
}

async function close(server: Server, clock: Clock, graceMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  const cut = clock.after(graceMs, () => server.closeAllConnections());
  await promise;
  cut.cancel();
}

/**
 * Why an address could not be listened on, and what to do.
 * @param key of the configuration that names the address
 */
export function explainListenFailure(
  error: unknown,
  { host, port }: Pick<ListenOptions, 'host' | 'port'>,
  key: string,
): ListenFailure {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const systemCode = error instanceof Error && 'code' in error ? error.code : undefined;
  const failure = (code: ListenFailure['code'], message: string): ListenFailure => ({
    ok: false,
    code,
    message,
    cause: error,
  });
  switch (systemCode) {
    case 'EADDRINUSE':
      return failure(
        'listen_in_use',
        `${address} is in use; set ${key}: or stop the other program.`,
      );
    case 'EACCES':
      return failure(
        'listen_denied',
        `${address} requires privileges that this process does not have; set ${key}: to a port above 1023.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(
        'listen_address',
        `${address} is not an address of this machine; set ${key}: to one that is, for example 127.0.0.1:${port}.`,
      );
    default:
      return failure(
        'listen_failed',
        `Cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
}
