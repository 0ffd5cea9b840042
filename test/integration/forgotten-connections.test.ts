import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpEndpoint } from '../../src/protocol/http/http-endpoint.ts';
import { openConnections } from '../../src/protocol/http/connections.ts';
import { postMessage } from '../../src/protocol/http/post-message.ts';
import { createUpstreamPool } from '../../src/protocol/upstream-pool.ts';
import { type Middlebox, startMiddlebox } from '../fakes/middlebox.ts';
import {
  hangUp,
  INITIALIZE_RESULT,
  result,
  type Script,
  type ScriptedMcpServer,
  type ScriptedServerOptions,
} from '../fakes/scripted-mcp-server.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { serverSpec } from './support/server-spec.ts';
import { startGateway } from './support/start-gateway.ts';
import {
  startServer,
  type Watched,
  type WatchOptions,
  watchUrl,
} from '../unit/sources/probe/connection/http-setup.ts';

// Goal: a connection that something between us and the server forgot costs no check, and a tool is never called twice.
// Method: real sockets through a forwarder that forgets its connections.

/** Half of it is how long a kept connection may stay silent. */
const TIMEOUT_MS = 800;

interface Behind extends Watched {
  readonly server: ScriptedMcpServer;
  readonly box: Middlebox;
}

async function watchBehindMiddlebox(
  profile: NonNullable<ScriptedServerOptions['profile']>,
  { monitor, ...options }: WatchOptions = {},
): Promise<Behind> {
  const server = await startServer({ profile });
  const box = await startMiddlebox(server.url);
  onTestFinished(() => box.close());
  const url = box.url(new URL(server.url).pathname);
  const watched = watchUrl(url, { ...options, monitor: { timeoutMs: TIMEOUT_MS, ...monitor } });
  return { ...watched, server, box };
}

/** Answers later than a kept connection may stay silent, and earlier than the timeout. */
function slowly(script: Script): Script {
  return (exchange) => void delay(0.7 * TIMEOUT_MS).then(() => script(exchange));
}

test.each([
  ['ping', 'legacy-session'],
  ['initialize', 'legacy-stateless'],
  ['server/discover', 'modern'],
] as const)(
  'a %s on a connection that was forgotten is sent again on a fresh one, whose time is the response time',
  async (method, profile) => {
    const { check, box, server } = await watchBehindMiddlebox(profile);
    await check();
    await check();
    expect(box.connectionCount()).toBe(1);
    box.forget();
    const report = await check();
    expect(report).toMatchObject({ outcome: 'ok' });
    expect(report.responseMs).toBeLessThan(TIMEOUT_MS / 2);
    expect(report.steps).toContainEqual({
      name: 'kept connection',
      durationMs: TIMEOUT_MS / 2,
      ok: false,
      detail: 'No answer within 400 ms: sent again on a fresh connection.',
    });
    expect(report.durationMs).toBeLessThan(TIMEOUT_MS);
    expect(server.keys().at(-1)).toBe(method);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(box.connectionCount()).toBe(2);
  },
);

test('a connection that is reset by what is sent on it is replaced at once', async () => {
  const { check, box } = await watchBehindMiddlebox('legacy-session');
  await check();
  box.reset();
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.durationMs).toBeLessThan(TIMEOUT_MS / 2);
  expect(box.connectionCount()).toBe(2);
});

test('the lists of a deep check are read over a fresh connection as well', async () => {
  const { check, inspect, box } = await watchBehindMiddlebox('legacy-session');
  await check();
  box.forget();
  expect(await inspect()).toMatchObject({ outcome: 'ok', kind: 'deep' });
  expect(box.connectionCount()).toBe(2);
});

test('a server that is slow is asked twice, and its first answer counts with all of its time', async () => {
  const { check, server } = await watchBehindMiddlebox('legacy-session');
  await check();
  server.script('ping', slowly(result({})));
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  const { responseMs = 0, lateMs = 0 } = report;
  expect(responseMs + lateMs).toBeGreaterThan(TIMEOUT_MS / 2);
  expect(server.keys().filter((key) => key === 'ping')).toHaveLength(2);
});

test('a session that a slow server began for the first of two requests is ended', async () => {
  const { check, connection, server } = await watchBehindMiddlebox('legacy-session');
  await check();
  let opened = 0;
  const open: Script = (exchange) => {
    const id = `again-${(opened += 1)}`;
    server.sessions.add(id);
    result(INITIALIZE_RESULT, { 'mcp-session-id': id })(exchange);
  };
  server.sessions.clear();
  server.script('initialize', slowly(open), open);
  expect(await check()).toMatchObject({ outcome: 'ok' });
  await connection.close();
  expect(opened).toBe(2);
  expect([...server.sessions]).toEqual([]);
});

test.each(['forget', 'reset'] as const)(
  'a tool is never called twice, also if its connection is gone: %s',
  async (way) => {
    const { check, inspect, box, server } = await watchBehindMiddlebox('legacy-session', {
      monitor: { call: { tool: 'echo', arguments: {}, expect: {} } },
      signal: AbortSignal.timeout(4 * TIMEOUT_MS),
    });
    await check();
    server.script('tools/list', (exchange) => {
      box[way]();
      result({ tools: [{ name: 'echo', inputSchema: { type: 'object' } }] })(exchange);
    });
    expect(await inspect()).toMatchObject({ outcome: way === 'reset' ? 'reset' : 'timeout' });
    expect(server.keys()).not.toContain('tools/call');
    expect(server.keys()).toContain('tools/list');
  },
);

test('a connection is not kept for longer than the server says', async () => {
  const server = await startServer();
  const hint = { 'keep-alive': 'timeout=2' };
  server.script('initialize', result(INITIALIZE_RESULT, hint));
  const connections = await openConnections(new URL(server.url), { tlsSkipVerify: false });
  const endpoint = createHttpEndpoint({
    url: new URL(server.url),
    headers: {},
    connections,
    clock: REAL_CLOCK,
    retriesStale: false,
  });
  const method = 'initialize';
  const message = {
    id: 1,
    method,
    text: '{"jsonrpc":"2.0","id":1,"method":"initialize"}',
    context: {},
  };
  const options = { signal: AbortSignal.timeout(5_000) };
  expect(await postMessage(endpoint, message, options, REAL_CLOCK)).toMatchObject({ ok: true });
  expect(server.openSockets()).toBe(1);
  await server.socketsGone();
  endpoint.release();
});

test('the gateway keeps a connection for no longer than its own bound, whatever the server says', async () => {
  const server = await startServer();
  server.script('GET', result({}, { 'keep-alive': 'timeout=600' }));
  const pool = createUpstreamPool(new URL(server.url).origin, { tlsSkipVerify: false }, 500);
  onTestFinished(() => pool.destroy());
  const { body } = await pool.request({ method: 'GET', path: '/mcp' });
  await body.dump();
  expect(server.openSockets()).toBe(1);
  await server.socketsGone();
});

function post(url: string, method: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-session-id': 'one',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: 'echo' } }),
  });
}

async function gatewayBehindMiddlebox(transport: 'http' | 'sse') {
  const server = await startServer({ profile: transport === 'sse' ? 'sse' : 'legacy-stateless' });
  const box = await startMiddlebox(server.url);
  onTestFinished(() => box.close());
  const url = box.url(new URL(server.url).pathname);
  const spec = serverSpec('a', { kind: 'http', url, transport, headers: {}, tlsSkipVerify: false });
  const gateway = await startGateway({ servers: [spec] });
  onTestFinished(() => gateway.stop());
  return { server, box, gateway };
}

test('the gateway sends a list again whose kept connection was gone, and a call never', async () => {
  const { server, box, gateway } = await gatewayBehindMiddlebox('http');
  await post(gateway.url('a'), 'ping');
  box.reset();
  expect((await post(gateway.url('a'), 'tools/list')).status).toBe(200);
  expect(box.connectionCount()).toBe(2);
  await post(gateway.url('a'), 'ping');
  box.reset();
  expect((await post(gateway.url('a'), 'tools/call')).status).toBe(502);
  expect(server.keys()).toEqual(['ping', 'tools/list', 'ping']);
  expect(gateway.records.map(({ outcome }) => outcome)).toEqual([
    'success',
    'success',
    'success',
    'transport_error',
  ]);
});

test('the gateway does the same with the messages of an HTTP+SSE server', async () => {
  const { server, box, gateway } = await gatewayBehindMiddlebox('sse');
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url('a'))));
  onTestFinished(() => client.close());
  box.reset();
  expect((await client.listTools()).tools).toHaveLength(1);
  box.reset();
  await expect(client.callTool({ name: 'echo' })).rejects.toThrow();
  expect(server.keys()).toContain('tools/list');
  expect(server.keys()).not.toContain('tools/call');
});

test('a list that meets nothing but broken connections is sent twice, and no more', async () => {
  const { server, gateway } = await gatewayBehindMiddlebox('http');
  server.script('tools/list', hangUp);
  expect((await post(gateway.url('a'), 'tools/list')).status).toBe(502);
  expect(server.keys()).toEqual(['tools/list', 'tools/list']);
});
