import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * A TCP forwarder on loopback that forgets connections as NAT gateways and load balancers do: without a word to either
 * side. What is sent on a forgotten connection is taken and goes nowhere.
 */
export interface Middlebox {
  /** The address of a server behind it. */
  url(path: string): string;
  /** Forgets every connection that is open now. What the server still sends on it arrives. */
  forget(): void;
  /** Resets every connection that is open now when the client sends something on it, as some do that forgot them. */
  reset(): void;
  /** Connections so far. */
  connectionCount(): number;
  /** Connections that are open on the client's side. */
  openCount(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** @param target of a server on loopback */
export async function startMiddlebox(target: string): Promise<Middlebox> {
  const { port } = new URL(target);
  const pairs = new Set<Pair>();
  let connectionCount = 0;
  const listening = createServer((client) => {
    connectionCount += 1;
    const server = connect(Number(port), '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    client.setNoDelay();
    server.setNoDelay();
    client.pipe(server);
    server.pipe(client);
    for (const socket of [client, server]) socket.on('error', () => undefined);
    client.on('close', () => {
      pairs.delete(pair);
      server.destroy();
    });
    server.on('close', () => client.destroy());
  });
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const own = (listening.address() as AddressInfo).port;
  return {
    url: (path) => `http://127.0.0.1:${own}${path}`,
    forget() {
      for (const { client } of pairs) {
        client.unpipe();
        client.resume();
      }
    },
    reset() {
      for (const { client } of pairs) {
        client.unpipe();
        client.on('data', () => client.resetAndDestroy());
        client.resume();
      }
    },
    connectionCount: () => connectionCount,
    openCount: () => pairs.size,
    async close() {
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      listening.close();
      await once(listening, 'close');
    },
  };
}
