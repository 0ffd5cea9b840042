import { expect, test } from 'vitest';
import {
  events,
  INITIALIZE_RESULT,
  result,
  type Script,
  type ScriptedMcpServer,
  status,
} from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

/** Ends a stream before the answer to the message that opened it; a GET can ask for the rest. */
function endEarly(id: string, retryMs = 1): Script {
  return ({ response, message, server }) => {
    if (message['method'] === 'initialize') server.sessions.add('s1');
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      ...(message['method'] === 'initialize' && { 'mcp-session-id': 's1' }),
    });
    response.end(`retry: ${retryMs}\nid: ${id}\ndata:\n\n`);
  };
}

/** Answers the request `method` that came last, as the rest of its stream. */
function rest(server: ScriptedMcpServer, method: string, value: unknown): Script {
  return ({ response }) => {
    const asked = server.received.findLast(({ key }) => key === method);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const answer = { jsonrpc: '2.0', id: asked?.message['id'], result: value };
    response.end(`id: rest\ndata: ${JSON.stringify(answer)}\n\n`);
  };
}

const getsOf = (server: ScriptedMcpServer) => server.received.filter(({ key }) => key === 'GET');

test('a handshake whose stream the server ends is resumed in the session that it began', async () => {
  const server = await startServer();
  server.script('initialize', endEarly('e1'));
  server.script('GET', rest(server, 'initialize', INITIALIZE_RESULT));
  const { check, connection } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { implementation: 'scripted' } });
  expect(connection.isOpen()).toBe(true);
  expect(getsOf(server).map(({ headers }) => headers)).toMatchObject([
    { 'last-event-id': 'e1', 'mcp-session-id': 's1', accept: 'text/event-stream' },
  ]);
  await connection.close();
  expect(server.sessions.size).toBe(0);
});

test('a ping whose stream the server ends is resumed, however often there is something new', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.script('ping', endEarly('e0'));
  const news = ['e1', 'e2', 'e3', 'e4', 'e5'].map((id) => endEarly(id));
  server.script('GET', ...news, rest(server, 'ping', {}));
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.steps.map(({ name }) => name)).toEqual(['ping']);
  expect(report.bytesReceived).toBeGreaterThan(6 * 100);
  expect(getsOf(server).map(({ headers }) => headers['last-event-id'])).toEqual([
    'e0',
    'e1',
    'e2',
    'e3',
    'e4',
    'e5',
  ]);
});

test('a stream that breaks off after an event with an id is resumed', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url);
  await check();
  server.script('ping', ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1\nid: e1\ndata:\n\n', () => response.destroy());
  });
  server.script('GET', rest(server, 'ping', {}));
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

test.each([
  ['brings nothing new three times', endEarly('e0'), 3],
  ['is refused', status(405), 1],
  ['is no stream of events', result({}), 1],
] as const)('the check fails if the rest %s', async (_, script, gets) => {
  const server = await startServer();
  server.script('initialize', endEarly('e0'));
  server.script('GET', script);
  const report = await watchUrl(server.url, { monitor: { era: 'legacy' } }).check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toBe(
    'The answer to initialize cannot be used: the stream of events ended without it.',
  );
  expect(getsOf(server)).toHaveLength(gets);
});

test('without an event id there is nothing to resume', async () => {
  const server = await startServer();
  server.script('initialize', events('retry: 1\ndata:\n\n'));
  const report = await watchUrl(server.url, { monitor: { era: 'legacy' } }).check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(getsOf(server)).toEqual([]);
});

test('a pause that the server asks for ends with the check', async () => {
  const server = await startServer();
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  server.script('initialize', (exchange) => {
    exchange.response.once('close', resolve);
    endEarly('e1', 60_000)(exchange);
  });
  const abort = new AbortController();
  const { check } = watchUrl(server.url, { signal: abort.signal, monitor: { era: 'legacy' } });
  const checked = check();
  await ended;
  for (let turn = 0; turn < 20; turn += 1)
    await new Promise((next) => {
      setImmediate(next);
    });
  const sessionEnded = server.arrival('DELETE');
  abort.abort();
  const report = await checked;
  expect(report).toMatchObject({ outcome: 'timeout' });
  expect(report.detail).toMatch(/^No complete answer to initialize within/);
  expect(getsOf(server)).toEqual([]);
  // The session that the answer began.
  await sessionEnded;
});

test('a deep check resumes as the client of the SDK does', async () => {
  const server = await startServer();
  const { inspect } = watchUrl(server.url);
  server.script('tools/list', endEarly('e1'));
  server.script('GET', rest(server, 'tools/list', { tools: [] }));
  expect(await inspect()).toMatchObject({ outcome: 'ok' });
  expect(getsOf(server).map(({ headers }) => headers['last-event-id'])).toEqual(['e1']);
});
