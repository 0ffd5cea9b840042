import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createTroubleProxy } from '../../../src/demo/fleet/create-trouble-proxy.ts';
import type { Fate } from '../../../src/demo/fleet/trouble.ts';

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function serveTrouble(upstreamPort: number, fate: Partial<Fate> = {}): Promise<string> {
  const nextFate = (): Fate => ({ delayMs: 0, end: 'answer', ...fate });
  return `http://127.0.0.1:${await serve(createTroubleProxy({ upstreamPort, nextFate }))}`;
}

function echo(): Promise<number> {
  return serve((request, response) => {
    response.writeHead(201, { 'X-Method': request.method, 'X-Path': request.url });
    request.pipe(response);
  });
}

test('a request and its answer pass as they are', async () => {
  const url = await serveTrouble(await echo(), { delayMs: 1 });
  const response = await fetch(`${url}/mcp?a=1`, { method: 'POST', body: 'hello' });
  expect(response.status).toBe(201);
  expect(response.headers.get('x-method')).toBe('POST');
  expect(response.headers.get('x-path')).toBe('/mcp?a=1');
  expect(await response.text()).toBe('hello');
});

test('the head of a stream is not kept until its end', async () => {
  const upstream = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  });
  const response = await fetch(await serveTrouble(upstream));
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  await response.body?.cancel();
});

test('an overloaded server says so', async () => {
  const response = await fetch(await serveTrouble(await echo(), { end: 'unavailable' }));
  expect(response.status).toBe(503);
});

test('a connection that is reset brings no answer', async () => {
  await expect(fetch(await serveTrouble(await echo(), { end: 'reset' }))).rejects.toThrow();
});

test('without the real server there is no answer either', async () => {
  const dead = createServer().listen(0, '127.0.0.1');
  await once(dead, 'listening');
  const { port } = dead.address() as AddressInfo;
  dead.close();
  await once(dead, 'close');
  await expect(fetch(await serveTrouble(port))).rejects.toThrow();
});
