import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRawReader, type RawMessage, valueOf } from './raw-http.ts';

/** What the upstream does when a request has come in whole. */
export type RawScript = (socket: Socket, request: RawMessage) => void | Promise<void>;

export interface RawUpstream {
  readonly port: number;
  /** Requests so far. */
  readonly requests: readonly RawMessage[];
  /** What to do with requests whose `x-exchange` header has this value. */
  on(exchange: string, script: RawScript): void;
  connections(): number;
  stop(): Promise<void>;
}

/** A server that answers byte for byte what a test tells it. */
export async function startRawUpstream(fallback?: RawScript): Promise<RawUpstream> {
  const scripts = new Map<string, RawScript>();
  const requests: RawMessage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const reader = createRawReader('request', (request) => {
      requests.push(request);
      const script = scripts.get(valueOf(request.headers, 'x-exchange') ?? '') ?? fallback;
      void script?.(socket, request);
    });
    socket.on('data', (bytes) => reader.feed(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    on: (exchange, script) => void scripts.set(exchange, script),
    connections: () => sockets.size,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Writes pieces one by one, so that they arrive apart. */
export async function writePieces(socket: Socket, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (!socket.write(piece)) await once(socket, 'drain').catch(() => undefined);
    await nextTurn();
  }
}
