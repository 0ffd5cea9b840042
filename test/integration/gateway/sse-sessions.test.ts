import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { expect, onTestFinished, test } from 'vitest';
import { httpServer, startGateway } from '../support/start-gateway.ts';

/**
 * Goal: a session over HTTP+SSE outlives what it outlives directly: calls end before their stream, and clients come back.
 * Method: a server that answers `tools/call` when the test wants it, and the official client.
 */
const RETRY_MS = 30;

interface SseServerOptions {
  /** Where `/sse` is redirected to, by 301. */
  readonly movedTo?: (origin: string) => string;
}

/** An HTTP+SSE server; each stream is a session. */
async function startSseServer({ movedTo }: SseServerOptions = {}) {
  const streams = new Map<string, ServerResponse>();
  const urls: string[] = [];
  const calls: (() => void)[] = [];
  let server: Server | undefined;
  let sessions = 0;

  function answer(session: string, text: string): void {
    const { id, method, params } = JSON.parse(text) as {
      id?: number;
      method: string;
      params: { protocolVersion: string };
    };
    if (id === undefined) return;
    const serverInfo = { name: 'old', version: '1' };
    const { protocolVersion } = params;
    const result =
      method === 'initialize'
        ? { protocolVersion, capabilities: { tools: {} }, serverInfo }
        : { content: [] };
    const message = JSON.stringify({ jsonrpc: '2.0', id, result });
    const send = (): void => void streams.get(session)?.write(`data: ${message}\n\n`);
    if (method === 'tools/call') calls.push(send);
    else send();
  }

  async function start(port = 0): Promise<number> {
    server = createServer((request, response) => void serve(request, response));
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    urls.push(request.url ?? '');
    if (movedTo && request.url?.startsWith('/sse')) {
      response.writeHead(301, { location: movedTo(`http://${request.headers.host}`) }).end();
      return;
    }
    if (request.method === 'GET') {
      const session = String((sessions += 1));
      streams.set(session, response);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`retry: ${RETRY_MS}\nevent: endpoint\ndata: /message?session=${session}\n\n`);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    response.writeHead(202).end();
    const session = new URL(request.url ?? '', 'http://x').searchParams.get('session') ?? '';
    answer(session, Buffer.concat(chunks).toString());
  }

  async function stop(): Promise<void> {
    const stopped = server;
    if (!stopped) return;
    server = undefined;
    const closed = once(stopped, 'close');
    stopped.close();
    stopped.closeAllConnections();
    await closed;
  }

  onTestFinished(stop);
  return { port: await start(), start, stop, urls, calls };
}

async function setUp(options?: SseServerOptions) {
  const server = await startSseServer(options);
  const old = httpServer('old', `http://127.0.0.1:${server.port}/sse`, {}, 'sse');
  const gateway = await startGateway({ servers: [old] });
  onTestFinished(() => gateway.stop(0));
  async function connect(): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new SSEClientTransport(new URL(`${gateway.url('old', '/sse')}?tenant=7`)));
    onTestFinished(() => client.close());
    return client;
  }
  return { server, old, gateway, connect };
}

test.each(['a stop', 'the removal of the server'])(
  '%s lets a running call end before its stream',
  async (way) => {
    const { server, gateway, connect } = await setUp();
    const client = await connect();
    const result = client.callTool({ name: 'slow', arguments: {} });
    await expect.poll(() => server.calls.length).toBe(1);
    const stopped = way === 'a stop' ? gateway.stop(5_000) : gateway.apply([]);
    server.calls[0]?.();
    expect(await result).toEqual({ content: [] });
    await stopped;
    expect(gateway.records.map(({ outcome }) => outcome)).toEqual(['success', 'success']);
    await expect.poll(() => gateway.load().some(({ streams }) => streams > 0)).toBe(false);
  },
);

test('a client comes back by itself after a restart of its server, with the query of its address', async () => {
  const { server, connect } = await setUp();
  const client = await connect();
  await server.stop();
  const failures: Error[] = [];
  Object.assign(client, { onerror: (error: Error) => void failures.push(error) });
  // It tried while the server was away.
  await expect.poll(() => failures.length).toBeGreaterThan(1);
  await server.start(server.port);
  await expect.poll(() => server.urls.filter((url) => url === '/sse?tenant=7').length).toBe(2);
});

test.each([
  ['/events', '/events'],
  ['http://HOST/events?a=1', '/events?a=1'],
])('a client follows a redirect of the event stream to %s', async (location, path) => {
  const { server, connect } = await setUp({
    movedTo: (origin) => location.replace('http://HOST', origin),
  });
  const client = await connect();
  const result = client.callTool({ name: 'echo', arguments: {} });
  await expect.poll(() => server.calls.length).toBe(1);
  server.calls[0]?.();
  expect(await result).toEqual({ content: [] });
  expect(server.urls).toContain(path);
});

test('a message to a session that has ended is told so, and counted', async () => {
  const { gateway } = await setUp();
  const response = await fetch(gateway.url('old', '/message?session=9'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":"a","method":"tools/list"}',
  });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ id: 'a', error: { code: -32001 } });
  expect(gateway.records).toMatchObject([
    { outcome: 'client_error', status: 404, transport: 'sse' },
  ]);
});

test('an unreachable server is an error for a client that is no EventSource', async () => {
  const { server, gateway } = await setUp();
  await server.stop();
  const response = await fetch(gateway.url('old', '/sse'));
  expect(response.status).toBe(502);
  const asEventSource = fetch(gateway.url('old', '/sse'), {
    headers: { accept: 'text/event-stream' },
  });
  await expect(asEventSource).rejects.toThrow();
});
