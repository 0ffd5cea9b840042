import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What went through: enough to tell a kept session from a leaked one. */
export interface CountingProxy {
  /** The upstream's URL, as it is reached through the proxy. */
  readonly url: string;
  /** Sessions that an answer to `initialize` has given out. */
  sessionsOpened(): number;
  /** Of those, the ones that a DELETE has ended with a 2xx. */
  sessionsDeleted(): number;
  /** Requests with this JSON-RPC method. */
  calls(method: string): number;
  /** Answers to GET that are still going on. */
  openStreams(): number;
  close(): Promise<void>;
}

/** A streaming proxy in front of one MCP endpoint; it changes nothing but `Host`. */
export async function startCountingProxy(upstreamUrl: string): Promise<CountingProxy> {
  const upstream = new URL(upstreamUrl);
  const calls = new Map<string, number>();
  const opened = new Set<string>();
  const deleted = new Set<string>();
  const streams = new Set<ServerResponse>();

  const noteAnswer = (incoming: IncomingMessage, method: string, answer: IncomingMessage): void => {
    const isSuccess = (answer.statusCode ?? 500) < 300;
    const given = answer.headers['mcp-session-id'];
    if (method === 'initialize' && isSuccess && typeof given === 'string') opened.add(given);
    const sent = incoming.headers['mcp-session-id'];
    if (incoming.method !== 'DELETE' || !isSuccess || typeof sent !== 'string') return;
    if (opened.has(sent)) deleted.add(sent);
  };

  const forward = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await buffer(incoming);
    const method = methodOf(body);
    calls.set(method, (calls.get(method) ?? 0) + 1);
    const headers = { ...incoming.headers, host: upstream.host };
    const outgoing = request(
      new URL(incoming.url ?? '/', upstream),
      { method: incoming.method, headers },
      (answer) => {
        noteAnswer(incoming, method, answer);
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    outgoing.once('error', () => response.destroy());
    response.once('close', () => outgoing.destroy());
    outgoing.end(body);
  };

  const server = createServer((incoming, response) => {
    if (incoming.method === 'GET') {
      streams.add(response);
      response.once('close', () => streams.delete(response));
    }
    forward(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}${upstream.pathname}`,
    sessionsOpened: () => opened.size,
    sessionsDeleted: () => deleted.size,
    calls: (method) => calls.get(method) ?? 0,
    openStreams: () => streams.size,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function methodOf(body: Buffer): string {
  if (body.length === 0) return '';
  try {
    const message: unknown = JSON.parse(body.toString());
    const method =
      typeof message === 'object' && message && 'method' in message ? message.method : '';
    return typeof method === 'string' ? method : '';
  } catch {
    return '';
  }
}
