import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  createHttpEndpoint,
  type HttpEndpoint,
} from '../../../../../src/protocol/http/http-endpoint.ts';
import { type AgentPool, createAgentPool } from '../../../../../src/protocol/http/agent-pool.ts';
import { createMeasurement } from '../../../../../src/protocol/measurement.ts';
import type { HttpTarget } from '../../../../../src/facts/server.ts';
import { parseRetryAfter } from '../../../../../src/protocol/http/http-facts.ts';
import { readBody } from '../../../../../src/protocol/http/read-body.ts';
import { REAL_CLOCK } from '../../../../fakes/real-clock.ts';
import {
  error,
  events,
  hang,
  INITIALIZE_RESULT,
  result,
  status,
  text,
} from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

test('a session is kept, pinged and ended', async () => {
  const server = await startServer();
  const { check, connection } = watchUrl(server.url);
  expect(connection.isOpen()).toBe(false);
  const first = await check();
  expect(first.detail).toContain('initialize was answered');
  expect(first.detail).toContain('a session is kept');
  expect(connection.isOpen()).toBe(true);
  for (let round = 0; round < 3; round += 1) {
    const report = await check();
    expect(report).toMatchObject({
      outcome: 'ok',
      kind: 'steady',
      identity: { implementation: 'scripted' },
    });
    expect(report.detail).toMatch(
      /^ping was answered in \d+ ms in a session that is kept \(2025-11-25\)\.$/,
    );
    expect(report.bytesSent).toBeGreaterThan(100);
    expect(report.bytesReceived).toBeGreaterThan(50);
    expect(report.phasesMs.connect).toBeUndefined();
  }
  const ping = server.received.at(-1);
  expect(ping?.headers).toMatchObject({
    'mcp-session-id': 'session-1',
    'mcp-protocol-version': '2025-11-25',
  });
  expect(server.sessions.size).toBe(1);
  expect(server.openSockets()).toBe(1);
  await connection.close();
  expect(server.keys().at(-1)).toBe('DELETE');
  expect(server.sessions.size).toBe(0);
  await server.socketsGone();
});

test('the GET stream is never opened', async () => {
  const server = await startServer();
  const { check, inspect, connection } = watchUrl(server.url);
  await check();
  await check();
  await inspect();
  await connection.close();
  expect(server.keys()).not.toContain('GET');
});

test('before 2025-06-18 no version header is sent', async () => {
  const server = await startServer();
  server.script('initialize', ({ response, message }) => {
    server.sessions.add('old');
    const value = { ...INITIALIZE_RESULT, protocolVersion: '2025-03-26' };
    response.writeHead(200, { 'content-type': 'application/json', 'mcp-session-id': 'old' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: value }));
  });
  const { check } = watchUrl(server.url);
  await check();
  await check();
  expect(server.received.at(-1)?.headers['mcp-protocol-version']).toBeUndefined();
});

test('a legacy server without session ids is checked by initialize alone', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  const { check, connection } = watchUrl(server.url);
  await check();
  expect(connection.isOpen()).toBe(true);
  await check();
  await connection.close();
  expect(server.keys()).toEqual(['server/discover', 'initialize', 'initialize']);
});

test('a session id that comes with a refused request is not adopted', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  server.script('server/discover', status(400, { 'mcp-session-id': 'dead' }));
  const { check } = watchUrl(server.url);
  const ended = server.arrival('DELETE');
  await check();
  await check();
  await ended;
  const named = server.received.filter(({ headers }) => headers['mcp-session-id'] === 'dead');
  expect(named.map(({ key }) => key)).toEqual(['DELETE']);
});

test('a lost session is replaced within the same check', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.sessions.clear();
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.detail).toContain('The session no longer worked (HTTP 404) and was replaced.');
  expect(server.keys().slice(3)).toEqual([
    'ping',
    'initialize',
    'notifications/initialized',
    'ping',
  ]);
});

test('a session that is lost right again is session_lost', async () => {
  const server = await startServer();
  const { check, connection } = watchUrl(server.url);
  await check();
  server.script('ping', text(404, 'Session not found'));
  server.script('tools/list', text(404, 'Session not found'));
  const report = await check();
  expect(report).toMatchObject({ outcome: 'session_lost', httpStatus: 404 });
  expect(report.detail).toContain('no longer knows our session');
  expect(server.keys().filter((key) => key === 'initialize')).toHaveLength(2);
  expect(connection.isOpen()).toBe(false);
});

test('a server that reports the loss with 400 gets a new session, and leaks none', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.script(
    'ping',
    error(-32000, 'Bad Request: No valid session ID', { status: 400 }),
    result({}),
  );
  const deleted = server.arrival('DELETE');
  expect(await check()).toMatchObject({ outcome: 'ok' });
  await deleted;
  expect(server.sessions.size).toBe(1);
});

test.each([
  ['status 200', error(-32601, 'Method not found')],
  ['status 400', error(-32601, 'Method not found', { status: 400 })],
])('a server that never implemented ping and says so with %s is alive', async (_, script) => {
  const server = await startServer();
  server.script('ping', script);
  const { check } = watchUrl(server.url);
  await check();
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
});

test('a ping that is not answered leaves the session in place', async () => {
  const server = await startServer();
  const { check, connection } = watchUrl(server.url);
  await check();
  server.script('ping', hang, result({}));
  const abort = new AbortController();
  const arrival = server.arrival('ping');
  const hung = connection.check({ signal: abort.signal });
  await arrival;
  abort.abort();
  expect(await hung).toMatchObject({ outcome: 'timeout' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
});

test('a session is ended when notifications/initialized is refused', async () => {
  const server = await startServer();
  server.script('notifications/initialized', text(403, 'no'));
  const { check, connection } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'forbidden' });
  expect(server.sessions.size).toBe(0);
  expect(connection.isOpen()).toBe(false);
});

test('405 to DELETE is no failure, and a DELETE that is never answered does not hold up closing', async () => {
  const server = await startServer();
  const first = watchUrl(server.url);
  await first.check();
  server.script('DELETE', status(405));
  await first.connection.close();
  const second = watchUrl(server.url);
  await second.check();
  server.script('DELETE', hang);
  await second.connection.close();
  await server.socketsGone();
}, 5_000);

test('closing in the middle of a check ends the check and the session', async () => {
  const server = await startServer();
  const { check, connection } = watchUrl(server.url);
  await check();
  server.script('ping', hang);
  const arrival = server.arrival('ping');
  const checked = check();
  await arrival;
  await connection.close();
  expect(await checked).toMatchObject({ outcome: 'timeout' });
  expect(server.sessions.size).toBe(0);
  await server.socketsGone();
});

test('calls never overlap', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await Promise.all([check(), check(), check()]);
  expect(server.keys()).toEqual([
    'server/discover',
    'initialize',
    'notifications/initialized',
    'ping',
    'ping',
  ]);
});

test('an answer in a stream of events is taken as soon as it comes, past all that precedes it', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  const initialized = JSON.stringify(INITIALIZE_RESULT, null, 1).replaceAll('\n', '\r\ndata: ');
  server.script(
    'initialize',
    events(
      [
        'id: 1\r\nretry: 10\r\ndata: \r\n\r\n',
        ': keep-alive\r\n\r\n',
        'event: message\r\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\r\n\r\n',
        'data: {"jsonrpc":"2.0","id":ID,"method":"roots/list"}\r\n\r\n',
        `event: message\r\ndata: {"jsonrpc":"2.0","id":ID,"result":${initialized}}\r\n\r\n`,
      ].join(''),
      { end: false },
    ),
  );
  const { check, connection } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { implementation: 'scripted' } });
  await connection.close();
  await server.socketsGone();
});

test('an answer inside a batch is found', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  server.script('initialize', ({ response, message }) => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(
      JSON.stringify([
        { jsonrpc: '2.0', method: 'notifications/message' },
        { jsonrpc: '2.0', id: message['id'], result: INITIALIZE_RESULT },
      ]),
    );
  });
  expect(await watchUrl(server.url).check()).toMatchObject({ outcome: 'ok' });
});

test('connections of one origin end with its last user', async () => {
  const server = await startServer();
  const pool = createAgentPool(10);
  const target = {
    kind: 'http',
    url: server.url,
    transport: 'http',
    headers: {},
    tlsSkipVerify: false,
  } as const;
  const first = endpointOf(target, pool);
  const second = endpointOf(target, pool);
  await requestOnce(first);
  first.release();
  expect(server.openSockets()).toBe(1);
  second.release();
  await server.socketsGone();
});

test('past the bound of idle connections an answered one is closed', async () => {
  const servers = [await startServer(), await startServer()];
  const pool = createAgentPool(1);
  const endpoints = servers.map(({ url }) =>
    endpointOf({ kind: 'http', url, transport: 'http', headers: {}, tlsSkipVerify: false }, pool),
  );
  for (const endpoint of endpoints) await requestOnce(endpoint);
  await servers[1]?.socketsGone();
  expect(servers[0]?.openSockets()).toBe(1);
  for (const endpoint of endpoints) endpoint.release();
});

test('a kept connection that the server had closed is replaced without a failure', async () => {
  let connections = 0;
  let requests = 0;
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} });
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const server = net.createServer((socket) => {
    connections += 1;
    let served = 0;
    socket.on('error', () => undefined);
    socket.on('data', () => {
      requests += 1;
      served += 1;
      // The second request on a connection meets a reset, as when an idle limit and a request cross on the way.
      if (served === 1) socket.write(answer);
      else socket.resetAndDestroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/mcp`;
  const target = {
    kind: 'http',
    url,
    transport: 'http',
    headers: {},
    tlsSkipVerify: false,
  } as const;
  const endpoint = endpointOf(target, createAgentPool(10));
  expect(await requestOnce(endpoint)).toBe(200);
  expect(await requestOnce(endpoint)).toBe(200);
  expect({ connections, requests }).toEqual({ connections: 2, requests: 3 });
  endpoint.release();
});

test.each([
  ['seconds', '7', 7_000],
  ['a date', 'Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
  ['a date in the past', 'Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['far more than a day', '99999999', 86_400_000],
  ['nonsense', 'soon', undefined],
])('Retry-After as %s is read', (_, value, expected) => {
  expect(parseRetryAfter(value, Date.UTC(2026, 0, 1))).toBe(expected);
});

function endpointOf(target: HttpTarget, pool: AgentPool): HttpEndpoint {
  return createHttpEndpoint({
    url: new URL(target.url),
    headers: target.headers,
    connections: pool.lease(target),
    clock: REAL_CLOCK,
    retriesStale: true,
  });
}

async function requestOnce(endpoint: HttpEndpoint): Promise<number | undefined> {
  const { signal } = new AbortController();
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'server/discover' });
  const sent = await endpoint.send({
    method: 'POST',
    headers: {},
    body,
    waitedFor: 'answer',
    signal,
    isRepeatable: true,
    measurement: createMeasurement(),
  });
  if (!sent.ok) return undefined;
  await readBody(sent.response, signal);
  // The agent takes the connection back after the end of the answer.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  return sent.response.statusCode;
}

test.each([
  ['null', null],
  ['a word', 'pong'],
])('a ping that is answered with %s is answered', async (_, value) => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.script('ping', result(value));
  expect(await check()).toMatchObject({ outcome: 'ok' });
});
