import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { watchUrl } from './http-setup.ts';

interface RunningServer {
  readonly url: string;
  readonly sessions: Map<string, unknown>;
}

const TOOLS = ['echo', 'add'];

test('a stateful server of the v1 SDK keeps one session through many checks of both kinds, and none after', async () => {
  const server = await startStateful();
  const { check, inspect, connection } = watchUrl(server.url);
  for (let round = 0; round < 50; round += 1)
    expect(await check()).toMatchObject({ outcome: 'ok' });
  for (let round = 0; round < 5; round += 1) {
    const report = await inspect();
    expect(report).toMatchObject({ outcome: 'ok', identity: { era: 'legacy', transport: 'http' } });
    expect(report.snapshot?.lists.tools?.definitions.map(({ name }) => name)).toEqual(TOOLS);
  }
  expect(server.sessions.size).toBe(1);
  await connection.close();
  expect(server.sessions.size).toBe(0);
});

test('a stateless server of the v1 SDK is checked by initialize', async () => {
  const server = await startStateless();
  const { check, inspect, connection } = watchUrl(server.url);
  for (let round = 0; round < 3; round += 1) {
    const report = await check();
    expect(report).toMatchObject({
      outcome: 'ok',
      identity: { era: 'legacy', protocolVersion: '2025-11-25' },
    });
    expect(report.detail).toContain('initialize was answered');
  }
  expect(await inspect()).toMatchObject({ outcome: 'ok' });
  await connection.close();
});

test('an SSE server of the v1 SDK keeps one stream, found without being told', async () => {
  const server = await startSse();
  const { check, inspect, connection } = watchUrl(server.url);
  for (let round = 0; round < 20; round += 1) {
    expect(await check()).toMatchObject({
      outcome: 'ok',
      identity: { transport: 'sse', era: 'legacy' },
    });
  }
  expect(await inspect()).toMatchObject({ outcome: 'ok', identity: { transport: 'sse' } });
  await until(() => server.sessions.size === 1);
  await connection.close();
  await until(() => server.sessions.size === 0);
});

test('a synthetic call reaches a real tool', async () => {
  const server = await startStateful();
  const call = { tool: 'echo', arguments: {}, expect: { contains: 'echoed' } };
  expect(await watchUrl(server.url, { monitor: { call } }).inspect()).toMatchObject({
    outcome: 'ok',
  });
  const wrong = { ...call, tool: 'missing' };
  const report = await watchUrl(server.url, { monitor: { call: wrong } }).inspect();
  expect(['rpc_error', 'tool_error']).toContain(report.outcome);
  expect(report.detail).toContain('missing');
});

function createMcpServer(): McpServer {
  const server = new McpServer({ name: 'v1', version: '1.0.0' });
  for (const name of TOOLS)
    server.registerTool(name, {}, () => ({ content: [{ type: 'text', text: `${name}ed` }] }));
  return server;
}

function startStateful(): Promise<RunningServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  return listen('/mcp', sessions, async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (known !== undefined) {
      await known.handleRequest(request, response);
      return;
    }
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (created) => void sessions.set(created, transport),
      onsessionclosed: (closed) => void sessions.delete(closed),
    });
    await createMcpServer().connect(transport);
    await transport.handleRequest(request, response);
  });
}

function startStateless(): Promise<RunningServer> {
  return listen('/mcp', new Map(), async (request, response) => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: undefined,
    } as object);
    await createMcpServer().connect(transport);
    await transport.handleRequest(request, response);
  });
}

function startSse(): Promise<RunningServer> {
  const sessions = new Map<string, SSEServerTransport>();
  return listen('/sse', sessions, async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/message', response);
      sessions.set(transport.sessionId, transport);
      response.on('close', () => sessions.delete(transport.sessionId));
      await createMcpServer().connect(transport);
      return;
    }
    const transport = sessions.get(searchParams.get('sessionId') ?? '');
    if (pathname === '/message' && transport !== undefined)
      await transport.handlePostMessage(request, response);
    else response.writeHead(404, { 'content-type': 'text/html' }).end('Cannot POST');
  });
}

async function listen(
  path: string,
  sessions: Map<string, unknown>,
  handle: (request: http.IncomingMessage, response: http.ServerResponse) => Promise<void>,
): Promise<RunningServer> {
  const server = http.createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, sessions };
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
