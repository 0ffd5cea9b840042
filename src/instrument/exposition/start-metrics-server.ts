import type { AddressInfo } from 'node:net';
import type { HttpHandler } from './answer-http.ts';
import { metricsHandler, type MetricsHandlerOptions } from './metrics-handler.ts';

export interface MetricsServerOptions extends MetricsHandlerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** `127.0.0.1` by default; `0.0.0.0` if Prometheus runs on another machine or in another container. */
  readonly host?: string;
  /** What `/health` answers: that of `healthHandler`. */
  readonly health?: HttpHandler;
}

export interface MetricsServer {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

const HEAD_TIMEOUT_MS = 10_000;

/** Serves `/metrics`, and `/health` if it is given, on a port of its own. The server does not keep the process running. */
export async function startMetricsServer(options: MetricsServerOptions): Promise<MetricsServer> {
  const { port, host = '127.0.0.1', health } = options;
  const routes: Readonly<Record<string, HttpHandler>> = {
    '/metrics': metricsHandler(options),
    ...(health && { '/health': health }),
  };
  // Loaded only here: a server with a port of its own has no use for it.
  const { createServer } = await import('node:http');
  const server = createServer({ headersTimeout: HEAD_TIMEOUT_MS }, (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (handler) void handler(request, response);
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found.\n');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  server.unref();
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
