import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import type { ChildExited, ChildStarted } from '../../../../../src/facts/child-facts.ts';
import type { Connection } from '../../../../../src/sources/probe/ports.ts';
import { createConnector } from '../../../../../src/sources/probe/connection/connector.ts';
import { buildServer } from '../../../../fakes/build-server.ts';
import {
  error,
  hang,
  hangUp,
  result,
  type Script,
  type ScriptedExchange,
  type ScriptedMcpServer,
  status,
} from '../../../../fakes/scripted-mcp-server.ts';
import { fakeServer, type StdioBehaviour } from '../../../../fakes/stdio-behaviour.ts';
import { startServer, watchUrl } from './http-setup.ts';

const LOST = 'Session unknown on this instance';

/** What servers say of a session that they do not know. */
const REPORTS: readonly (readonly [string, Script])[] = [
  ...[400, 401, 403, 404, 409, 410, 422, 500, 502, 503].map(
    (code) => [`${code} with a JSON-RPC error`, error(-32001, LOST, { status: code })] as const,
  ),
  ...[401, 404, 500, 503].map((code) => [`a bare ${code}`, status(code)] as const),
  ['a redirect', status(302, { location: '/login' })],
  ['a JSON-RPC error -32001 with 200', error(-32001, LOST)],
  ['a JSON-RPC error -32603 with 200', error(-32603, 'Internal error')],
  ['the end of the connection', hangUp],
  ['429', status(429)],
  ['503 with Retry-After', status(503, { 'retry-after': '1' })],
];
/** The server asks for fewer requests: the next check, not this one, does the handshake. */
const POLITE = new Set(['429', '503 with Retry-After']);

/** Answers a ping only in sessions that began after now. */
function forgetSessions(server: ScriptedMcpServer, report: Script): void {
  const forgotten = new Set(server.sessions);
  const inSession = result({});
  server.script('ping', (exchange) => {
    const id = exchange.request.headers['mcp-session-id'];
    if (typeof id === 'string' && forgotten.has(id)) report(exchange);
    else inSession(exchange);
  });
}

const handshakes = (server: ScriptedMcpServer): number =>
  server.keys().filter((key) => key === 'initialize').length;

test.each(REPORTS)(
  'a server that forgot its sessions and answers %s is alive',
  async (name, report) => {
    const server = await startServer();
    const { check, connection } = watchUrl(server.url);
    await check();
    await check();
    forgetSessions(server, report);
    if (POLITE.has(name)) {
      expect((await check()).outcome).not.toBe('ok');
      expect(handshakes(server)).toBe(1);
      expect(await check()).toMatchObject({ outcome: 'ok' });
    } else {
      const replaced = await check();
      expect(replaced).toMatchObject({ outcome: 'ok', isReopened: true });
      expect(replaced.detail).toMatch(
        /^The session no longer worked \(.+\) and was replaced\. initialize/,
      );
    }
    expect(handshakes(server)).toBe(2);
    const kept = await check();
    expect(kept).toMatchObject({ outcome: 'ok' });
    expect(kept.isReopened).toBeUndefined();
    expect(handshakes(server)).toBe(2);
    await connection.close();
    expect(server.sessions.size).toBe(name.includes('404') ? 1 : 0);
  },
);

test.each(REPORTS)(
  'a server that is down with %s gets one handshake more, and that once',
  async (name, report) => {
    const server = await startServer();
    const { check } = watchUrl(server.url);
    await check();
    server.script('*', report);
    for (const method of ['ping', 'initialize', 'server/discover', 'DELETE'])
      server.script(method, report);
    const before = server.received.length;
    expect((await check()).outcome).not.toBe('ok');
    // A kept connection that ends without an answer is replaced before the request counts as sent (RFC 9112, section 9.3.1).
    const pings = report === hangUp ? ['ping', 'ping'] : ['ping'];
    const keys = server.keys().slice(before);
    expect(keys).toEqual(POLITE.has(name) ? pings : [...pings, 'initialize']);
    const between = server.received.length;
    expect((await check()).outcome).not.toBe('ok');
    // Without an era and a transport that are known there are three ways to begin.
    expect(server.received.length - between).toBeLessThanOrEqual(3);
    expect(server.keys().slice(between)).not.toContain('DELETE');
  },
);

test('a server whose sessions last for a handshake only stays down', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.script('ping', status(500));
  server.script('tools/list', status(500));
  for (let round = 0; round < 3; round += 1)
    expect(await check()).toMatchObject({ outcome: 'http_5xx' });
  expect(server.keys().filter((key) => key === 'ping')).toHaveLength(4);
  server.script('ping', result({}));
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
});

test('a session in which two checks got no answer is replaced by the third', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  const forgotten = new Set(server.sessions);
  server.script('ping', (exchange) => {
    if (forgotten.has(String(exchange.request.headers['mcp-session-id']))) hang(exchange);
    else result({})(exchange);
  });
  const limited = watchLimited(server.url);
  await limited.first;
  forgotten.add([...server.sessions].at(-1) ?? '');
  expect(await limited.check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await limited.check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await limited.check(5_000)).toMatchObject({ outcome: 'ok' });
});

function refuseOnStream({ response, message, server }: ScriptedExchange): void {
  response.writeHead(202).end();
  server.push({ jsonrpc: '2.0', id: message['id'], error: { code: -32001, message: LOST } });
}

function watchLimited(url: string) {
  const { connection, check } = watchUrl(url);
  return {
    first: check(),
    check: (limitMs: number) => connection.check({ signal: AbortSignal.timeout(limitMs) }),
  };
}

test.each<[string, Script]>([
  ...[400, 401, 403, 404, 409, 410, 500, 503].map((code): [string, Script] => [
    `${code}`,
    status(code),
  ]),
  ['a JSON-RPC error on the stream', refuseOnStream],
  ['the end of the connection', hangUp],
])('an SSE stream in which messages get %s is opened again within the check', async (_, report) => {
  const server = await startServer({ profile: 'sse' });
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  await check();
  const own = server.keys().filter((key) => key === 'GET').length;
  let streams = own;
  server.script('ping', (exchange) => {
    streams = server.keys().filter((key) => key === 'GET').length;
    if (streams === own) report(exchange);
    else {
      exchange.response.writeHead(202).end();
      server.push({ jsonrpc: '2.0', id: exchange.message['id'], result: {} });
    }
  });
  expect(await check()).toMatchObject({ outcome: 'ok', isReopened: true });
  expect(streams).toBe(own + 1);
  expect(server.sessions.size).toBe(1);
});

function openChild(behaviour: StdioBehaviour): {
  readonly connection: Connection;
  readonly starts: () => number;
} {
  const clock = createSystemClock();
  const facts: (ChildExited | ChildStarted)[] = [];
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '1.2.3', clock });
  const spec = buildServer('child', { target: fakeServer(behaviour, {}) });
  const connection = connector.open(spec, (fact) => void facts.push(fact));
  onTestFinished(() => connection.close());
  return { connection, starts: () => facts.filter(({ fact }) => fact === 'child_start').length };
}

const options = () => ({ signal: AbortSignal.timeout(20_000) });

test('a child that answers with errors only is replaced within the check', async () => {
  // server/discover, initialize and one ping.
  const { connection, starts } = openChild({ answersMax: 3 });
  expect(await connection.check(options())).toMatchObject({ outcome: 'ok' });
  expect(await connection.check(options())).toMatchObject({ outcome: 'ok' });
  expect(await connection.check(options())).toMatchObject({ outcome: 'ok', isReopened: true });
  expect(starts()).toBe(2);
});

test('a fresh child that answers with errors too is kept', async () => {
  const { connection, starts } = openChild({ ping: 'null_id', refusesLists: true });
  expect(await connection.check(options())).toMatchObject({ outcome: 'ok' });
  for (let round = 0; round < 3; round += 1)
    expect(await connection.check(options())).toMatchObject({ outcome: 'rpc_error' });
  expect(starts()).toBe(2);
});

test('a deep check that worked in a child and fails in it now is repeated in a fresh one', async () => {
  // server/discover, initialize and one tools/list; a known legacy server is not asked to discover again.
  const { connection, starts } = openChild({ answersMax: 3 });
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'ok' });
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'ok' });
  expect(starts()).toBe(2);
});

test('a deep check that fails for good does not start a child each time', async () => {
  const { connection, starts } = openChild({ answersMax: 2 });
  for (let round = 0; round < 3; round += 1)
    expect((await connection.inspect(options())).outcome).not.toBe('ok');
  expect(starts()).toBe(1);
});
