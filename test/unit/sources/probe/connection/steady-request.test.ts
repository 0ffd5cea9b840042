import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../../../../src/app/system-clock.ts';
import { createConnector } from '../../../../../src/sources/probe/connection/connector.ts';
import { buildServer } from '../../../../fakes/build-server.ts';
import {
  error,
  hang,
  hangUp,
  result,
  type Script,
  type ScriptedMcpServer,
  status,
  text,
} from '../../../../fakes/scripted-mcp-server.ts';
import { fakeServer, type StdioBehaviour } from '../../../../fakes/stdio-behaviour.ts';
import { startServer, watchUrl } from './http-setup.ts';

/** How servers that were never pinged treat a ping. */
const TREATMENTS: readonly (readonly [string, Script])[] = [
  ['a JSON-RPC error', error(-32603, 'Internal error')],
  ['a JSON-RPC error with status 400', error(-32600, 'Invalid request', { status: 400 })],
  ['404', text(404, 'not found')],
  ['500', text(500, 'oops')],
  ['202', status(202)],
  ['an HTML page', text(200, '<html>', 'text/html')],
  ['the end of the connection', hangUp],
];

function keysSince(server: ScriptedMcpServer, count: number): readonly string[] {
  return server.keys().slice(count);
}

test.each(TREATMENTS)(
  'a server that answers ping with %s is asked for its tools instead',
  async (_, treatment) => {
    const server = await startServer();
    server.script('ping', treatment);
    const { check, connection } = watchUrl(server.url);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    const report = await check();
    expect(report).toMatchObject({ outcome: 'ok', isReopened: true });
    expect(report.detail).toMatch(/tools\/list was answered in \d+ ms in a session that is kept/);
    const count = server.received.length;
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(keysSince(server, count)).toEqual(['tools/list']);
    await connection.close();
    expect(server.sessions.size).toBe(treatment === TREATMENTS[2]?.[1] ? 1 : 0);
  },
);

test('a server that never answers ping is asked for its tools by the third check', async () => {
  const server = await startServer();
  server.script('ping', hang);
  const { connection } = watchUrl(server.url, { monitor: { timeoutMs: 60 } });
  const check = (limitMs: number) => connection.check({ signal: AbortSignal.timeout(limitMs) });
  expect(await check(9_000)).toMatchObject({ outcome: 'ok' });
  expect(await check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await check(9_000)).toMatchObject({ outcome: 'ok' });
  const count = server.received.length;
  expect(await check(9_000)).toMatchObject({ outcome: 'ok' });
  expect(keysSince(server, count)).toEqual(['tools/list']);
});

test('a server that was only silent for a while is pinged again', async () => {
  const server = await startServer();
  server.script('ping', hang, hang, result({}));
  const { connection } = watchUrl(server.url);
  const check = (limitMs: number) => connection.check({ signal: AbortSignal.timeout(limitMs) });
  expect(await check(9_000)).toMatchObject({ outcome: 'ok' });
  expect(await check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await check(50)).toMatchObject({ outcome: 'timeout' });
  expect(await check(9_000)).toMatchObject({ outcome: 'ok' });
  expect(server.keys()).not.toContain('tools/list');
});

test.each([
  ['refuses credentials', status(401), 'auth_required'],
  ['asks for fewer requests', status(429), 'rate_limited'],
] as const)('a server that %s is not asked for its tools', async (_, treatment, outcome) => {
  const server = await startServer();
  server.script('ping', treatment);
  const { check } = watchUrl(server.url);
  await check();
  expect(await check()).toMatchObject({ outcome });
  expect(server.keys()).not.toContain('tools/list');
});

test('a server without tools that refuses ping is there', async () => {
  const server = await startServer();
  server.script('ping', error(-32603, 'Internal error'));
  server.script('tools/list', error(-32601, 'Method not found'));
  const { check } = watchUrl(server.url);
  await check();
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

test('a server over HTTP+SSE that refuses ping is asked for its tools instead', async () => {
  const server = await startServer({ profile: 'sse' });
  server.script('ping', ({ response, message }) => {
    response.writeHead(202).end();
    server.push({ jsonrpc: '2.0', id: message['id'], error: { code: -32603, message: 'no' } });
  });
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  expect(await check()).toMatchObject({ outcome: 'ok' });
  const count = server.received.length;
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(keysSince(server, count)).toEqual(['tools/list']);
});

function openChild(behaviour: StdioBehaviour) {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '1.2.3', clock });
  // The back-off is half an interval at most: none.
  const monitor = { intervalMs: 0, timeoutMs: 400 };
  const connection = connector.open(
    buildServer('child', { target: fakeServer(behaviour), monitor }),
    () => undefined,
  );
  onTestFinished(() => connection.close());
  return (limitMs = 20_000) => connection.check({ signal: AbortSignal.timeout(limitMs) });
}

test('a program that refuses ping is asked for its tools instead', async () => {
  const check = openChild({ ping: 'null_id' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok', isReopened: true });
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.detail).toContain('tools/list was answered');
});

test('a program that never answers ping is asked for its tools by the third check', async () => {
  const check = openChild({ ping: 'silent' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check(100)).toMatchObject({ outcome: 'timeout' });
  expect(await check(100)).toMatchObject({ outcome: 'timeout' });
  expect((await check()).detail).toContain('tools/list was answered');
});

test('a program that ends at ping is asked for its tools before it is Offline', async () => {
  const check = openChild({ ping: 'crash' });
  const outcomes: string[] = [];
  for (let round = 0; round < 5; round += 1) outcomes.push((await check()).outcome);
  expect(outcomes).toEqual(['ok', 'exit', 'ok', 'ok', 'ok']);
});

test('a program that ends after each list is started again for the next deep check', async () => {
  const clock = createSystemClock();
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '1.2.3', clock });
  const target = fakeServer({ exitsAfterList: true });
  const ends = Promise.withResolvers<void>();
  const connection = connector.open(
    buildServer('child', { target, monitor: { intervalMs: 400 } }),
    ({ fact }) => {
      if (fact === 'child_exit') ends.resolve();
    },
  );
  onTestFinished(() => connection.close());
  const options = () => ({ signal: AbortSignal.timeout(20_000) });
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'ok' });
  await ends.promise;
  expect(await connection.inspect(options())).toMatchObject({ outcome: 'ok' });
});
