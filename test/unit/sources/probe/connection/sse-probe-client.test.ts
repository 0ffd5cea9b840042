import { expect, test } from 'vitest';
import type { ProbeOutcome } from '../../../../../src/facts/probe-outcome.ts';
import { createFakeClock } from '../../../../fakes/fake-clock.ts';
import {
  DISCOVER_RESULT,
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

test('one stream is kept and pinged, and ends with the connection', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check, connection } = watchUrl(server.url, { target: { transport: 'sse' } });
  expect(await check()).toMatchObject({
    outcome: 'ok',
    identity: { transport: 'sse', era: 'legacy', protocolVersion: '2025-11-25' },
  });
  expect(connection.isOpen()).toBe(true);
  const report = await check();
  expect(report.detail).toMatch(/^ping was answered in \d+ ms in the stream that is kept/);
  expect(report.bytesReceived).toBeGreaterThan(20);
  await check();
  expect(server.keys()).toEqual([
    'GET',
    'server/discover',
    'initialize',
    'notifications/initialized',
    'ping',
    'ping',
  ]);
  expect(server.sessions.size).toBe(1);
  await connection.close();
  await server.socketsGone();
  expect(server.sessions.size).toBe(0);
});

test('an endpoint that refuses POST as old servers do is tried as HTTP+SSE, and that is remembered', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { transport: 'sse' } });
  expect(server.keys().slice(0, 3)).toEqual(['server/discover', 'initialize', 'GET']);
  server.dropStreams();
  await check();
  await check();
  expect(server.keys().filter((key) => key === 'GET')).toHaveLength(2);
  expect(server.keys().slice(-1)).toEqual(['ping']);
});

test('what answers as a server of another transport is tried over both from the next check on', async () => {
  const server = await startServer({ profile: 'legacy-stateless' });
  const { check } = watchUrl(server.url);
  await check();
  server.script('*', status(404));
  expect(await check()).toMatchObject({ outcome: 'http_4xx', httpStatus: 404 });
  expect(server.keys()).not.toContain('GET');
  expect(await check()).toMatchObject({ outcome: 'http_4xx', httpStatus: 404 });
  expect(server.keys().filter((key) => key === 'GET')).toHaveLength(1);
});

test('a server that was replaced by one of Streamable HTTP at the same address is found', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { transport: 'sse' } });
  server.script('GET', status(405));
  server.script('initialize', result(INITIALIZE_RESULT));
  server.script('server/discover', status(400));
  server.dropStreams();
  const outcomes = [await check(), await check()].map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['http_4xx', 'ok']);
});

test('a modern server over SSE is found and asked with server/discover', async () => {
  const server = await startServer({ profile: 'sse-modern' });
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  expect(await check()).toMatchObject({
    outcome: 'ok',
    identity: { transport: 'sse', era: 'modern' },
  });
  await check();
  expect(server.keys()).toEqual(['GET', 'server/discover', 'server/discover']);
});

/** Takes a message and pushes its answer on the stream later. */
function answerLater(answer: object, until: Promise<void> = Promise.resolve()): Script {
  return ({ response, message, server }) => {
    response.writeHead(202).end();
    void until.then(() => server.push({ jsonrpc: '2.0', id: message['id'], ...answer }));
  };
}

const MODERN_ONLY = {
  error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'] } },
};

test('a server that never answers server/discover is assumed to be legacy, and asked again soon', async () => {
  const server = await startServer({ profile: 'sse' });
  server.script('server/discover', status(202));
  const clock = createFakeClock();
  const { check } = watchUrl(server.url, { target: { transport: 'sse' }, clock });
  expect(await passTime(clock, check())).toMatchObject({
    outcome: 'ok',
    identity: { era: 'legacy', isEraAssumed: true },
  });
  server.script('server/discover', answerLater({ result: DISCOVER_RESULT }));
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.keys().at(-1)).toBe('ping');
  await clock.advance(60_001);
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
});

test.each([
  ['refuses', MODERN_ONLY],
  ['accepts', { result: INITIALIZE_RESULT }],
])(
  'a server of both eras whose first answer takes three seconds, and that %s initialize afterwards, is modern',
  async (_, answerToInitialize) => {
    const server = await startServer({ profile: 'sse-modern' });
    const ready = Promise.withResolvers<void>();
    server.script(
      'server/discover',
      answerLater({ result: DISCOVER_RESULT }, ready.promise),
      answerLater({ result: DISCOVER_RESULT }),
    );
    server.script('initialize', answerLater(answerToInitialize, ready.promise));
    const clock = createFakeClock();
    const { check } = watchUrl(server.url, { target: { transport: 'sse' }, clock });
    const checked = check();
    await server.arrival('server/discover');
    const arrival = server.arrival('initialize');
    await clock.advance(2_000);
    await arrival;
    await clock.advance(1_000);
    ready.resolve();
    expect(await checked).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
    // The stream that heard both requests is replaced.
    expect(server.keys().filter((key) => key === 'GET')).toHaveLength(2);
    expect(await check()).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
    expect(server.keys().at(-1)).toBe('server/discover');
  },
);

test('an answer to server/discover that comes after the check makes the next check a modern one', async () => {
  const server = await startServer({ profile: 'sse-modern' });
  const ready = Promise.withResolvers<void>();
  server.script(
    'server/discover',
    answerLater({ result: DISCOVER_RESULT }, ready.promise),
    answerLater({ result: DISCOVER_RESULT }),
  );
  server.script('initialize', answerLater({ result: INITIALIZE_RESULT }));
  const clock = createFakeClock();
  const { check, connection } = watchUrl(server.url, { target: { transport: 'sse' }, clock });
  expect(await passTime(clock, check())).toMatchObject({
    identity: { era: 'legacy', isEraAssumed: true },
  });
  ready.resolve();
  while (connection.isOpen()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(await check()).toMatchObject({ outcome: 'ok', identity: { era: 'modern' } });
});

test('a stream that ended between two checks is opened again without a failure', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check, connection } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  server.dropStreams();
  while (connection.isOpen()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
});

test('a session that the server forgot is replaced within the check', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  server.script('ping', text(404, 'Could not find session'), passOn);
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.detail).toContain('The stream no longer worked (HTTP 404) and was replaced.');
});

test('pings of the server are answered, other requests refused', async () => {
  const server = await startServer({ profile: 'sse' });
  await watchUrl(server.url, { target: { transport: 'sse' } }).check();
  const before = server.received.length;
  const arrival = server.arrival('POST');
  server.push({ jsonrpc: '2.0', id: 'p', method: 'ping' });
  await arrival;
  const another = server.arrival('POST');
  server.push({ jsonrpc: '2.0', id: 0, method: 'roots/list' });
  await another;
  expect(server.received.slice(before).map(({ message }) => message)).toEqual([
    { jsonrpc: '2.0', id: 'p', result: {} },
    { jsonrpc: '2.0', id: 0, error: { code: -32601, message: 'Method not found' } },
  ]);
});

test('a ping that is not answered is a timeout, and leaves the stream in place', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check, connection } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  server.script('ping', status(202), passOn);
  const abort = new AbortController();
  const arrival = server.arrival('ping');
  const hung = connection.check({ signal: abort.signal });
  await arrival;
  abort.abort();
  const report = await hung;
  expect(report).toMatchObject({ outcome: 'timeout' });
  expect(report.detail).toContain('on the SSE stream');
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(server.sessions.size).toBe(1);
});

const BAD_STREAMS: readonly (readonly [string, Script, ProbeOutcome, string])[] = [
  ['a 401', status(401), 'auth_required', 'HTTP 401'],
  ['a 404', status(404), 'http_4xx', 'HTTP 404'],
  ['a 503', status(503), 'http_5xx', 'HTTP 503'],
  ['an HTML page', text(200, '<html></html>', 'text/html'), 'protocol', 'text/event-stream'],
  ['a stream that ends at once', events(''), 'protocol', 'before its endpoint event'],
  [
    'an endpoint at another origin',
    events('event: endpoint\ndata: http://127.0.0.1:9/x\n\n', { end: false }),
    'protocol',
    'another origin',
  ],
  [
    'an endpoint that is no address',
    events('event: endpoint\ndata: http://\n\n', { end: false }),
    'protocol',
    'no address',
  ],
  ['a closed connection', hangUp, 'reset', 'closed the connection'],
];

test.each(BAD_STREAMS)(
  '%s in place of the stream is the outcome that it deserves',
  async (_, script, outcome, detail) => {
    const server = await startServer({ profile: 'sse' });
    server.script('GET', script);
    const { check, connection } = watchUrl(server.url, { target: { transport: 'sse' } });
    const report = await check();
    expect(report).toMatchObject({ outcome });
    expect(report.detail).toContain(detail);
    expect(connection.isOpen()).toBe(false);
    await connection.close();
    await server.socketsGone();
  },
);

test.each([
  ['without a head', hang],
  ['without an endpoint event', events(': wait\n\n', { end: false })],
])('a stream %s is a timeout when the check ends', async (_, script) => {
  const server = await startServer({ profile: 'sse' });
  server.script('GET', script);
  const abort = new AbortController();
  const { check, connection } = watchUrl(server.url, {
    target: { transport: 'sse' },
    signal: abort.signal,
  });
  const arrival = server.arrival('GET');
  const checked = check();
  await arrival;
  abort.abort();
  expect(await checked).toMatchObject({ outcome: 'timeout' });
  await connection.close();
  await server.socketsGone();
});

test('an absolute endpoint at the same origin is used', async () => {
  const server = await startServer({ profile: 'sse' });
  const { origin } = new URL(server.url);
  server.script(
    'GET',
    events(`event: endpoint\ndata: ${origin}/message?sessionId=none\n\n`, { end: false }),
  );
  const report = await watchUrl(server.url, { target: { transport: 'sse' } }).check();
  expect(report.outcome).toBe('session_lost');
  expect(server.keys()).toContain('initialize');
});

test('a deep check has a stream of its own, which ends with it', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check, inspect } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  const report = await inspect();
  expect(report).toMatchObject({ outcome: 'ok', kind: 'deep', identity: { transport: 'sse' } });
  expect(report.snapshot?.lists.tools?.definitions.map(({ name }) => name)).toEqual(['echo']);
  while (server.sessions.size > 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

test('an error on the stream is an rpc_error', async () => {
  const server = await startServer({ profile: 'sse' });
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  await check();
  for (const method of ['ping', 'tools/list'])
    server.script(method, (exchange) => {
      exchange.response.writeHead(202).end();
      server.push({
        jsonrpc: '2.0',
        id: exchange.message['id'],
        error: { code: -32603, message: 'no luck' },
      });
    });
  expect(await check()).toMatchObject({ outcome: 'rpc_error', rpcCode: -32603 });
  server.script('ping', (exchange) => {
    exchange.response.writeHead(202).end();
    server.push({
      jsonrpc: '2.0',
      id: exchange.message['id'],
      error: { code: -32601, message: 'Method not found' },
    });
  });
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

function passOn({ response, message, server }: Parameters<Script>[0]): void {
  response.writeHead(202).end();
  server.push({ jsonrpc: '2.0', id: message['id'], result: {} });
}

test('a stream of status 201 is not Offline, as the Python SDK uses it', async () => {
  const server = await startServer({ profile: 'sse' });
  server.script('GET', (exchange) => {
    const { response } = exchange;
    const writeHead = response.writeHead.bind(response) as (code: number, more: object) => unknown;
    Object.assign(response, { writeHead: (_: number, more: object) => writeHead(201, more) });
    server.serve(exchange);
  });
  const { check, inspect } = watchUrl(server.url, { target: { transport: 'sse' } });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect((await inspect()).detail).toContain('201');
});

test('a server over HTTP+SSE that refuses notifications/initialized is not Offline', async () => {
  const server = await startServer({ profile: 'sse' });
  server.script('notifications/initialized', status(500));
  const { check } = watchUrl(server.url, { target: { transport: 'sse' } });
  expect(await check()).toMatchObject({ outcome: 'ok' });
  expect(await check()).toMatchObject({ outcome: 'ok' });
});
