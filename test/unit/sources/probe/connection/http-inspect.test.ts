import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { ProbeOutcome } from '../../../../../src/facts/probe-outcome.ts';
import type { SyntheticCall } from '../../../../../src/facts/server.ts';
import { createFakeClock } from '../../../../fakes/fake-clock.ts';
import {
  DISCOVER_RESULT,
  error,
  events,
  hang,
  hangUp,
  INITIALIZE_RESULT,
  result,
  type Script,
  status,
  text,
} from '../../../../fakes/scripted-mcp-server.ts';
import { startServer, watchUrl } from './http-setup.ts';

const CALL: SyntheticCall = { tool: 'echo', arguments: { message: 'hi' }, expect: {} };

test('a deep check comes as a fresh client, whose session is ended', async () => {
  const server = await startServer();
  const { check, inspect } = watchUrl(server.url);
  await check();
  const before = server.received.length;
  const report = await inspect();
  expect(report).toMatchObject({
    outcome: 'ok',
    kind: 'deep',
    identity: {
      transport: 'http',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      implementation: 'scripted',
      version: '1.0.0',
    },
  });
  expect(report.detail).toBe('A fresh client was served (2025-11-25): it lists 1 tool.');
  expect(report.snapshot?.lists).toMatchObject({
    tools: { definitions: [{ name: 'echo', description: 'Says it again' }] },
  });
  expect(report.snapshot?.lists.tools?.definitions[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  expect(report.snapshot?.lists.prompts).toBeUndefined();
  expect(report.phasesMs.handshake).toBeGreaterThan(0);
  expect(report.phasesMs.list).toBeGreaterThan(0);
  expect(report.bytesReceived).toBeGreaterThan(200);
  expect(server.keys().slice(before)).toEqual([
    'initialize',
    'notifications/initialized',
    'tools/list',
    'DELETE',
  ]);
  expect([...server.sessions]).toEqual(['session-1']);
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

test('many deep checks leave no session and no connection behind', async () => {
  const server = await startServer();
  const { check, inspect, connection } = watchUrl(server.url);
  await check();
  for (let round = 0; round < 20; round += 1)
    expect(await inspect()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
  expect(server.openSockets()).toBeLessThan(3);
  await connection.close();
  expect(server.sessions.size).toBe(0);
  await server.socketsGone();
});

test('a deep check of a server that was never checked finds out its era first', async () => {
  const server = await startServer();
  server.script('server/discover', error(-32603, 'Internal error', { status: 500 }));
  expect(await watchUrl(server.url).inspect()).toMatchObject({
    outcome: 'ok',
    identity: { era: 'legacy' },
  });
});

test('a modern server is asked anew and listed', async () => {
  const server = await startServer({ profile: 'modern' });
  const { check, inspect } = watchUrl(server.url);
  await check();
  const report = await inspect();
  expect(report).toMatchObject({
    outcome: 'ok',
    identity: { era: 'modern', protocolVersion: '2026-07-28', implementation: 'scripted' },
  });
  expect(report.snapshot?.lists.tools).toMatchObject({ ttlMs: 0, definitions: [{ name: 'echo' }] });
  expect(server.keys()).toEqual(['server/discover', 'server/discover', 'tools/list']);
  expect(server.received.at(-1)?.headers).toMatchObject({
    'mcp-method': 'tools/list',
    'user-agent': 'mcp-exporter/1.2.3',
  });
});

test('all announced kinds and all pages are listed', async () => {
  const server = await startServer();
  server.script(
    'initialize',
    result({ ...INITIALIZE_RESULT, capabilities: { tools: {}, prompts: {}, resources: {} } }),
  );
  server.script('notifications/initialized', status(202));
  const tool = (name: string): object => ({ name, inputSchema: { type: 'object' } });
  server.script(
    'tools/list',
    result({ tools: [tool('a'), tool('b')], nextCursor: '2' }),
    result({ tools: [tool('c')] }),
  );
  server.script('prompts/list', result({ prompts: [{ name: 'greet', title: 'Greets' }] }));
  server.script('resources/list', result({ resources: [{ uri: 'file:///x', name: 'x' }] }));
  server.script('resources/templates/list', error(-32601, 'Method not found'));
  const report = await watchUrl(server.url).inspect();
  expect(report).toMatchObject({ outcome: 'ok' });
  const names = Object.entries(report.snapshot?.lists ?? {}).map(([kind, list]) => [
    kind,
    list.definitions.map(({ name }) => name),
  ]);
  expect(names).toEqual([
    ['tools', ['a', 'b', 'c']],
    ['prompts', ['greet']],
    ['resources', ['file:///x']],
  ]);
  const pages = server.received.filter(({ key }) => key === 'tools/list');
  expect(pages.map(({ message }) => message['params'])).toEqual([undefined, { cursor: '2' }]);
});

test.each([
  ['an empty cursor', [''], 1],
  ['the same cursor again and again', ['again'], 2],
  ['cursors in a circle', ['a', 'b', 'a'], 3],
])('%s ends a list with what was listed', async (_, cursors, pages) => {
  const server = await startServer();
  const tool = { name: 'echo', inputSchema: { type: 'object' } };
  const scripts = cursors.map((nextCursor) => result({ tools: [tool], nextCursor }));
  server.script('tools/list', ...scripts);
  const report = await watchUrl(server.url).inspect();
  expect(report).toMatchObject({
    outcome: 'ok',
    snapshot: { lists: { tools: { definitions: [{ name: 'echo' }] } } },
  });
  expect(server.keys().filter((key) => key === 'tools/list')).toHaveLength(pages);
});

const FAILURES: readonly (readonly [string, string, Script, ProbeOutcome, string])[] = [
  [
    'tools/list',
    'a JSON-RPC error',
    error(-32603, 'database is gone'),
    'rpc_error',
    'tools/list was answered with an error: -32603',
  ],
  ['tools/list', 'a 500', text(500, 'oops'), 'http_5xx', 'tools/list was answered with HTTP 500'],
  ['tools/list', 'a 404', text(404, 'gone'), 'session_lost', 'HTTP 404'],
  ['tools/list', 'a 429', status(429, { 'retry-after': '9' }), 'rate_limited', '9 s'],
  ['tools/list', 'an HTML page', text(200, '<html></html>', 'text/html'), 'protocol', 'tools/list'],
  ['tools/list', 'broken JSON', text(200, '{"a', 'application/json'), 'protocol', 'tools/list'],
  ['tools/list', 'a wrong shape', result({ tools: [{ nome: 'x' }] }), 'protocol', 'shape'],
  [
    'tools/list',
    'an output schema that is not an object',
    result({
      tools: [{ name: 'x', inputSchema: { type: 'object' }, outputSchema: { type: 'array' } }],
    }),
    'protocol',
    'shape',
  ],
  ['tools/list', 'no result object', result('x'), 'protocol', 'tools/list'],
  [
    'tools/list',
    'a stream that ends without an answer',
    events(': nothing\n\n'),
    'protocol',
    'ended without it',
  ],
  ['tools/list', 'a closed connection', hangUp, 'reset', 'closed the connection'],
  [
    'initialize',
    'a JSON-RPC error',
    error(-32603, 'too many clients'),
    'rpc_error',
    'initialize was answered with an error: -32603',
  ],
  ['initialize', 'a 503', status(503), 'http_5xx', 'initialize was answered with HTTP 503'],
  ['initialize', 'a 401', status(401), 'auth_required', 'HTTP 401'],
  ['initialize', 'a wrong shape', result({ hello: 1 }), 'protocol', 'initialize'],
];

test.each(FAILURES)(
  'after a good start, %s answered with %s fails the deep check as it deserves',
  async (key, _, script, outcome, detail) => {
    const server = await startServer();
    const { check, inspect, connection } = watchUrl(server.url);
    await check();
    server.script(key, script);
    const report = await inspect();
    expect(report).toMatchObject({ outcome, kind: 'deep' });
    expect(report.detail).toContain(detail);
    expect(report.steps.at(-1)).toMatchObject({ name: key, ok: false });
    expect(server.sessions.size).toBe(1);
    await connection.close();
    await server.socketsGone();
  },
);

test.each([
  ['tools/list', hang],
  ['initialize', hang],
  ['tools/list', events(': nothing\n\n', { end: false })],
])(
  'a deep check that hangs at %s ends with its signal, and its session is ended',
  async (key, script) => {
    const server = await startServer();
    const { check, connection } = watchUrl(server.url);
    await check();
    server.script(key, script);
    const abort = new AbortController();
    const arrival = server.arrival(key);
    const inspected = connection.inspect({ signal: abort.signal });
    await arrival;
    abort.abort();
    const report = await inspected;
    expect(report).toMatchObject({ outcome: 'timeout' });
    expect(report.detail).toContain(`answer to ${key}`);
    expect(server.sessions.size).toBe(1);
    await connection.close();
    await server.socketsGone();
  },
);

test.each<readonly [string, SyntheticCall, Script | undefined, ProbeOutcome, string]>([
  [
    'an answer as expected',
    { ...CALL, expect: { contains: 'all is', matches: '^all', notContains: 'error' } },
    undefined,
    'ok',
    'echo answered as expected',
  ],
  [
    'isError',
    CALL,
    result({ isError: true, content: [{ type: 'text', text: 'no database' }] }),
    'tool_error',
    'no database',
  ],
  [
    'text without what it must contain',
    { ...CALL, expect: { contains: 'rows' } },
    undefined,
    'assertion',
    'does not contain "rows"',
  ],
  [
    'text that does not match',
    { ...CALL, expect: { matches: '^\\d+$' } },
    undefined,
    'assertion',
    'does not match',
  ],
  [
    'text with what it must not contain',
    { ...CALL, expect: { notContains: 'well' } },
    undefined,
    'assertion',
    'contains "well"',
  ],
  [
    'a JSON-RPC error',
    CALL,
    error(-32602, 'Unknown tool'),
    'rpc_error',
    'tools/call was answered with an error: -32602',
  ],
])('a synthetic call with %s', async (_, call, script, outcome, detail) => {
  const server = await startServer();
  if (script) server.script('tools/call', script);
  const report = await watchUrl(server.url, { monitor: { call } }).inspect();
  expect(report).toMatchObject({ outcome });
  expect(report.detail).toContain(detail);
  expect(server.received.find(({ key }) => key === 'tools/call')?.message['params']).toMatchObject({
    name: 'echo',
    arguments: { message: 'hi' },
  });
});

test('a kept session gives way to era detection after a day', async () => {
  const server = await startServer();
  const clock = createFakeClock();
  const { check, inspect } = watchUrl(server.url, { clock });
  await check();
  await inspect();
  expect(server.keys().filter((key) => key === 'server/discover')).toHaveLength(1);
  await clock.advance(25 * 60 * 60_000);
  server.script('server/discover', result(DISCOVER_RESULT));
  server.script(
    'tools/list',
    result({ tools: [], resultType: 'complete', ttlMs: 0, cacheScope: 'private' }),
  );
  expect(await inspect()).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
  expect(server.sessions.size).toBe(0);
});

test('another version of a server is asked for its era again', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  const { inspect } = watchUrl(server.url);
  await inspect();
  server.script(
    'initialize',
    result({ ...INITIALIZE_RESULT, serverInfo: { name: 'scripted', version: '2.0.0' } }),
  );
  await inspect();
  expect(server.keys().filter((key) => key === 'server/discover')).toHaveLength(1);
  await inspect();
  expect(server.keys().filter((key) => key === 'server/discover')).toHaveLength(2);
});

test('a server that answers 202 and sends the list on its GET stream is listed', async () => {
  const server = await startServer();
  const streams: ServerResponse[] = [];
  server.script('GET', ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    streams.push(response);
  });
  server.script('tools/list', ({ response, message }) => {
    response.writeHead(202).end();
    const tools = [{ name: 'late', inputSchema: { type: 'object' } }];
    const answer = { jsonrpc: '2.0', id: message['id'], result: { tools } };
    for (const stream of streams) stream.write(`data: ${JSON.stringify(answer)}\n\n`);
  });
  const { inspect, connection } = watchUrl(server.url);
  const report = await inspect();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.snapshot?.lists.tools?.definitions).toMatchObject([{ name: 'late' }]);
  await connection.close();
  await server.socketsGone();
  expect(server.sessions.size).toBe(0);
});

test('a list that is answered 202 by a server without a GET stream fails the deep check in time', async () => {
  const server = await startServer();
  server.script('tools/list', status(202));
  const { connection } = watchUrl(server.url);
  const report = await connection.inspect({ signal: AbortSignal.timeout(1_000) });
  expect(report).toMatchObject({ outcome: 'timeout' });
  expect(report.detail).toContain('tools/list');
});
