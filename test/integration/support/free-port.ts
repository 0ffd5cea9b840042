import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

/**
 * A free port, for programs that cannot take port 0 and tell. A connection to it was just closed from its side, which
 * keeps it from everybody who asks for any port for a minute (TIME_WAIT, RFC 9293 section 3.3.2); a server that is told
 * to listen there may.
 */
export async function freePort(): Promise<number> {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}
