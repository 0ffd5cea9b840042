import {
  type IncomingMessage,
  request,
  type RequestListener,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Fate } from './trouble.ts';

export interface TroubleProxyOptions {
  /** Of the real server, on loopback. */
  readonly upstreamPort: number;
  readonly nextFate: () => Fate;
}

/** Passes requests on to a real server after what fate has for them. */
export function createTroubleProxy({
  upstreamPort,
  nextFate,
}: TroubleProxyOptions): RequestListener {
  return (incoming, response) => {
    const { delayMs, end } = nextFate();
    if (end === 'reset') {
      incoming.socket.destroy();
      return;
    }
    if (end === 'unavailable') {
      response.writeHead(503, { 'Retry-After': '1' }).end('overloaded');
      return;
    }
    // An end on either side ends the other; nobody is left to tell.
    void delay(delayMs)
      .then(() => pass(incoming, response, upstreamPort))
      .catch(() => response.destroy());
  };
}

async function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  port: number,
): Promise<void> {
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: incoming.method,
    path: incoming.url,
    headers: incoming.headers,
  });
  response.once('close', () => outgoing.destroy());
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
  });
  const [received] = await Promise.all([answer, pipeline(incoming, outgoing)]);
  response.writeHead(received.statusCode ?? 502, received.headers);
  response.flushHeaders();
  await pipeline(received, response);
}
