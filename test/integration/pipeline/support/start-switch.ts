import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

interface Switch {
  /** The upstream's URL, as it is reached through the switch. */
  readonly url: string;
  /** Connections break, and new ones are refused. */
  off(): Promise<void>;
  on(): Promise<void>;
}

/** A way to a server that can be cut and mended at once, as a restart of the server cannot. */
export async function startSwitch(upstreamUrl: string): Promise<Switch> {
  const upstream = new URL(upstreamUrl);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;

  async function on(): Promise<void> {
    server = createServer((socket) => {
      const further = connect(Number(upstream.port), upstream.hostname);
      for (const each of [socket, further]) {
        sockets.add(each);
        each.once('close', () => sockets.delete(each)).on('error', () => undefined);
      }
      socket.pipe(further).pipe(socket);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  async function off(): Promise<void> {
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await on();
  onTestFinished(off);
  return { url: `http://127.0.0.1:${port}${upstream.pathname}`, off, on };
}
