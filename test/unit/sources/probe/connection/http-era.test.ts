import { expect, test } from 'vitest';
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
import { passTime, startServer, watchUrl } from './http-setup.ts';

const UNSUPPORTED = { ...DISCOVER_RESULT, supportedVersions: ['2025-11-25', '2025-06-18'] };

/** What legacy servers were seen to answer to `server/discover`. */
const LEGACY_ANSWERS: readonly (readonly [string, Script])[] = [
  [
    '400 and -32000 (TypeScript SDK v1, stateful)',
    error(-32000, 'Bad Request: Server not initialized', { status: 400 }),
  ],
  [
    '400 and -32000 with the id null',
    error(-32000, 'Unsupported protocol version', { status: 400, id: null }),
  ],
  ['400 and -32000 with an empty id (.NET)', error(-32000, 'Bad Request', { status: 400, id: '' })],
  [
    '400 and -32000 with data (fastmcp)',
    error(-32000, 'Bad Request', { status: 400, data: { reason: 'session' } }),
  ],
  ['400 as text (go-sdk)', text(400, 'Bad Request: Unsupported protocol version')],
  ['404 as text (mcp-go)', text(404, 'Invalid session ID')],
  ['a DiscoverResult without 2026-07-28 (newer go-sdk)', result(UNSUPPORTED)],
  [
    'such a DiscoverResult as an event',
    events(
      `event: message\ndata: {"jsonrpc":"2.0","id":ID,"result":${JSON.stringify(UNSUPPORTED)}}\n\n`,
    ),
  ],
  ['-32601 with status 200', error(-32601, 'Method not found')],
  ['code 0 (go-sdk)', error(0, 'invalid during session initialization')],
  ['500 and -32603', error(-32603, 'Internal error', { status: 500 })],
  ['503 as text', text(503, 'unavailable')],
  ['an HTML page', text(404, '<html></html>', 'text/html')],
  ['405', status(405)],
  ['200 with an HTML page', text(200, '<html></html>', 'text/html')],
  [
    '-32022 that names legacy versions only',
    error(-32022, 'no', { status: 400, data: { supported: ['2025-11-25'] } }),
  ],
  ['a closed connection', hangUp],
];

test.each(LEGACY_ANSWERS)(
  '%s to server/discover leads to one initialize, which settles it',
  async (_, script) => {
    const server = await startServer();
    server.script('server/discover', script);
    const { check } = watchUrl(server.url);
    expect(await check()).toMatchObject({
      outcome: 'ok',
      identity: { era: 'legacy', protocolVersion: '2025-11-25' },
    });
    expect(server.keys()).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
    expect(await check()).toMatchObject({ outcome: 'ok' });
    expect(server.keys().slice(3)).toEqual(['ping']);
  },
);

test.each([
  ['a DiscoverResult as JSON', result(DISCOVER_RESULT)],
  [
    'a DiscoverResult as an event',
    events(
      `: hi\n\ndata: {"jsonrpc":"2.0","id":ID,"result":${JSON.stringify(DISCOVER_RESULT)}}\n\n`,
    ),
  ],
])('%s that lists 2026-07-28 makes a server modern', async (_, script) => {
  const server = await startServer({ profile: 'modern' });
  server.script('server/discover', script);
  const { check, connection } = watchUrl(server.url);
  expect(await check()).toMatchObject({
    outcome: 'ok',
    identity: {
      era: 'modern',
      protocolVersion: '2026-07-28',
      implementation: 'scripted',
      version: '1.0.0',
      transport: 'http',
    },
  });
  expect(connection.isOpen()).toBe(true);
  await check();
  expect(server.keys()).toEqual(['server/discover', 'server/discover']);
});

test('a modern request carries what the revision demands', async () => {
  const server = await startServer({ profile: 'modern' });
  await watchUrl(server.url).check();
  const [request] = server.received;
  expect(request?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'server/discover',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'user-agent': 'mcp-exporter/1.2.3',
  });
  expect(request?.message['params']).toEqual({
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'mcp-exporter', version: '1.2.3' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  });
});

test.each([
  ['401', status(401), 'auth_required'],
  ['403', status(403), 'forbidden'],
  ['429', status(429), 'rate_limited'],
  ['302', status(302, { location: '/elsewhere' }), 'http_3xx'],
  [
    '-32022 that names no legacy version',
    error(-32022, 'no', { status: 400, data: { supported: ['2027-01-01'] } }),
    'protocol_version',
  ],
  ['-32020', error(-32020, 'header mismatch', { status: 400 }), 'rpc_error'],
  ['-32021', error(-32021, 'missing capability', { status: 400 }), 'rpc_error'],
] as const)('%s to server/discover is no reason to try initialize', async (_, script, outcome) => {
  const server = await startServer();
  server.script('server/discover', script);
  expect(await watchUrl(server.url).check()).toMatchObject({ outcome });
  expect(server.keys()).toEqual(['server/discover']);
});

test('a server that never answers server/discover is assumed to be legacy, and asked again soon', async () => {
  const server = await startServer();
  server.script('server/discover', hang);
  const clock = createFakeClock();
  const { check, inspect } = watchUrl(server.url, { clock });
  const assumed = { era: 'legacy', isEraAssumed: true };
  expect(await passTime(clock, check())).toMatchObject({ outcome: 'ok', identity: assumed });
  expect((await inspect()).identity).toMatchObject(assumed);
  await clock.advance(60_001);
  expect(await passTime(clock, check())).toMatchObject({ outcome: 'ok', identity: assumed });
  // One session is kept, the other ones are gone.
  expect(server.sessions.size).toBe(1);
  await clock.advance(5 * 60_000 + 1);
  server.script('server/discover', result(DISCOVER_RESULT));
  const { identity } = await check();
  expect(identity).toMatchObject({ era: 'modern' });
  expect(identity).not.toHaveProperty('isEraAssumed');
  expect(server.sessions.size).toBe(0);
});

test.each([
  ['a closed connection', hangUp, true],
  ['503 as text', text(503, 'unavailable'), true],
  ['an HTML page', text(200, '<html></html>', 'text/html'), true],
  ['-32603 with 500', error(-32603, 'Internal error', { status: 500 }), true],
  ['-32601', error(-32601, 'Method not found'), undefined],
  ['404 as text', text(404, 'Invalid session ID'), undefined],
])(
  'whether %s to server/discover is an answer is known of the identity',
  async (_, script, isEraAssumed) => {
    const server = await startServer();
    server.script('server/discover', script);
    const { identity } = await watchUrl(server.url).check();
    expect(identity?.era).toBe('legacy');
    expect(identity?.isEraAssumed).toBe(isEraAssumed);
  },
);

test('a late answer to server/discover wins over an initialize that was accepted, whose session is ended', async () => {
  const server = await startServer();
  const late = Promise.withResolvers<void>();
  server.script(
    'server/discover',
    (exchange) => void late.promise.then(() => result(DISCOVER_RESULT)(exchange)),
  );
  const clock = createFakeClock();
  const checked = watchUrl(server.url, { clock }).check();
  await server.arrival('server/discover');
  await clock.advance(5_000);
  await server.arrival('notifications/initialized');
  late.resolve();
  expect(await checked).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
  expect(server.sessions.size).toBe(0);
  expect(server.keys()).toEqual([
    'server/discover',
    'initialize',
    'notifications/initialized',
    'DELETE',
  ]);
});

test('a modern server that lost server/discover is asked again when it refuses initialize', async () => {
  const server = await startServer({ profile: 'modern' });
  server.script('server/discover', hang, result(DISCOVER_RESULT));
  const clock = createFakeClock();
  const checked = watchUrl(server.url, { clock }).check();
  await server.arrival('server/discover');
  await clock.advance(5_000);
  expect(await checked).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
});

test('a server that answers neither request is a timeout of the whole check', async () => {
  const server = await startServer();
  server.script('*', hang);
  const clock = createFakeClock();
  const abort = new AbortController();
  const { check, connection } = watchUrl(server.url, { clock, signal: abort.signal });
  const checked = check();
  await server.arrival('server/discover');
  const arrival = server.arrival('initialize');
  await clock.advance(5_000);
  await arrival;
  abort.abort();
  expect(await checked).toMatchObject({ outcome: 'timeout' });
  await passTime(clock, connection.close());
});

test('a configured era is not asked for', async () => {
  const server = await startServer();
  await watchUrl(server.url, { monitor: { era: 'legacy' } }).check();
  expect(server.keys()).toEqual(['initialize', 'notifications/initialized']);
});

test('a configured modern era never falls back', async () => {
  const server = await startServer();
  const { check } = watchUrl(server.url, { monitor: { era: 'modern' } });
  expect(await check()).toMatchObject({ outcome: 'rpc_error' });
  expect(server.keys()).toEqual(['server/discover']);
});

test('the era is asked for again when a known server answers as another era would', async () => {
  const server = await startServer({ profile: 'modern' });
  const { check } = watchUrl(server.url);
  await check();
  server.script('server/discover', error(-32601, 'Method not found', { status: 404 }));
  server.script('initialize', result(INITIALIZE_RESULT));
  expect(await check()).toMatchObject({ outcome: 'rpc_error' });
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { era: 'legacy' } });
});

test('the era of a stateless server is asked for again after a day', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  const clock = createFakeClock();
  const { check } = watchUrl(server.url, { clock });
  await check();
  await check();
  expect(server.keys()).toEqual(['server/discover', 'initialize', 'initialize']);
  await clock.advance(25 * 60 * 60_000);
  server.script('server/discover', result(DISCOVER_RESULT));
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
});
