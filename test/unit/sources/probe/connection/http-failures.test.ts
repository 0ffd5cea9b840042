import net, { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../../../src/facts/secret.ts';
import type { ProbeOutcome } from '../../../../../src/facts/probe-outcome.ts';
import {
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

const HUGE = `"${'x'.repeat(5 * 1024 * 1024)}"`;

type Row = readonly [sentence: string, script: Script, outcome: ProbeOutcome, detail: string];

const ANSWERS_TO_ALL: readonly Row[] = [
  ['a 401 without a word', status(401), 'auth_required', 'HTTP 401.'],
  [
    'a 401 with a scheme',
    status(401, { 'www-authenticate': 'Bearer realm="secret-realm"' }),
    'auth_required',
    'asks for Bearer',
  ],
  [
    'a 401 with a foreign JSON error',
    text(401, '{"error":"invalid_token"}', 'application/json'),
    'auth_required',
    'HTTP 401',
  ],
  [
    'a 401 with a JSON-RPC error',
    error(-32001, 'Unauthorized', { status: 401 }),
    'auth_required',
    'HTTP 401',
  ],
  ['a 403', text(403, 'Forbidden'), 'forbidden', 'HTTP 403'],
  ['a 404', text(404, 'Not Found'), 'http_4xx', 'initialize was answered with HTTP 404'],
  ['a 405', status(405), 'http_4xx', 'HTTP 405'],
  ['a 400 without JSON', text(400, 'Bad Request'), 'http_4xx', 'HTTP 400'],
  ['a 429', status(429, { 'retry-after': '7' }), 'rate_limited', 'wait 7 s'],
  [
    'a 302',
    status(302, { location: '/login?token=topsecret' }),
    'http_3xx',
    '/login, which is not followed',
  ],
  ['a 500', text(500, 'oops'), 'http_5xx', 'HTTP 500'],
  [
    'a 500 with a JSON-RPC error',
    error(-32603, 'Internal error', { status: 500 }),
    'http_5xx',
    '-32603 Internal error',
  ],
  ['a 503', status(503, { 'retry-after': '30' }), 'http_5xx', 'HTTP 503'],
  ['an HTML login page', text(200, '<html>login</html>', 'text/html'), 'protocol', 'HTML page'],
  ['plain text', text(200, 'hello'), 'protocol', 'neither application/json nor text/event-stream'],
  [
    'no content type',
    ({ response }) => void response.writeHead(200).end('{}'),
    'protocol',
    'no content type',
  ],
  ['broken JSON', text(200, '{"jsonrpc":', 'application/json'), 'protocol', 'not JSON'],
  [
    'bytes that are no UTF-8',
    text(200, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'application/json'),
    'protocol',
    'UTF-8',
  ],
  ['JSON that is no JSON-RPC', text(200, '{"ok":true}', 'application/json'), 'protocol', 'jsonrpc'],
  [
    'an answer larger than 4 MiB',
    text(200, HUGE, 'application/json'),
    'protocol',
    'larger than 4 MiB',
  ],
  ['an unknown compression', encoded('lzma'), 'protocol', 'compressed in a way'],
  ['a compression that it has not', encoded('gzip'), 'protocol', 'cannot be decompressed'],
  ['202 without a message', status(202), 'protocol', 'HTTP 202'],
  ['a JSON-RPC error', error(-32603, 'no luck'), 'rpc_error', '-32603 no luck'],
  [
    'a JSON-RPC error with a made-up id',
    error(-32603, 'no luck', { id: 'server-error' }),
    'rpc_error',
    '-32603',
  ],
  [
    'a JSON-RPC error with the id null',
    error(-32603, 'no luck', { id: null }),
    'rpc_error',
    '-32603',
  ],
  [
    'a JSON-RPC error with status 400',
    error(-32602, 'Invalid params', { status: 400 }),
    'rpc_error',
    '-32602',
  ],
  [
    'no common version',
    error(-32022, 'Unsupported', { status: 400, data: { supported: ['2027-01-01'] } }),
    'protocol_version',
    '2027-01-01',
  ],
  ['a result of the wrong shape', result({ hello: 'world' }), 'protocol', 'protocolVersion'],
  [
    'a result without serverInfo',
    result({ ...INITIALIZE_RESULT, serverInfo: undefined }),
    'protocol',
    'serverInfo',
  ],
  [
    'an unknown protocol version',
    result({ ...INITIALIZE_RESULT, protocolVersion: '1999-12-31' }),
    'protocol',
    '1999-12-31',
  ],
  ['a result that is no object', result('fine'), 'protocol', 'not an object'],
  [
    'a wrong id',
    text(200, '{"jsonrpc":"2.0","id":"other","result":{}}', 'application/json'),
    'protocol',
    'id of another request',
  ],
  [
    'a stream of events that ends without an answer',
    events(': hello\n\nretry: 1\nid: 1\ndata:\n\n'),
    'protocol',
    'ended without it',
  ],
  ['a stream of events with broken JSON', events('data: {"jsonrpc"\n\n'), 'protocol', 'not JSON'],
  [
    'a stream of events with a wrong id',
    events('data: {"jsonrpc":"2.0","id":"x","result":{}}\n\n'),
    'protocol',
    'another request',
  ],
  [
    'an event that never ends',
    events(`data: ${HUGE}`, { end: false }),
    'protocol',
    'larger than 4 MiB',
  ],
  ['a connection closed without a word', hangUp, 'reset', 'closed the connection'],
  [
    'a connection closed in the middle of the answer',
    cutShort,
    'reset',
    'before the answer was complete',
  ],
];

test.each(ANSWERS_TO_ALL)(
  '%s to every request is the outcome that it deserves',
  async (_, script, outcome, detail) => {
    const server = await startServer();
    server.script('*', script);
    const { connection, check } = watchUrl(server.url);
    const report = await check();
    expect(report).toMatchObject({ outcome, kind: 'steady' });
    expect(report.detail).toContain(detail);
    expect(report.detail).not.toMatch(/topsecret|secret-realm/);
    expect(connection.isOpen()).toBe(false);
    await connection.close();
    await server.socketsGone();
    expect(server.openSockets()).toBe(0);
  },
);

test('a hundred megabytes are not read to the end', async () => {
  const server = await startServer();
  const chunk = Buffer.alloc(1024 * 1024, 0x20);
  server.script('*', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    let left = 100;
    const write = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        if (!response.write(chunk)) {
          response.once('drain', write);
          return;
        }
      }
      response.end();
    };
    write();
  });
  const report = await watchUrl(server.url, { monitor: { era: 'legacy' } }).check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toContain('larger than 4 MiB');
  expect(report.bytesReceived).toBeLessThan(20 * 1024 * 1024);
});

test.each([
  ['before the head of the answer', hang, /^No answer to initialize within/],
  ['in the middle of the answer', stall, /^No (complete )?answer to initialize within/],
  ['in an endless stream of events', flood, /^No (complete )?answer to initialize within/],
] as const)(
  'a server that hangs %s is a timeout as soon as the check is ended',
  async (_, script, detail) => {
    const server = await startServer();
    server.script('initialize', script);
    const abort = new AbortController();
    const { connection, check } = watchUrl(server.url, {
      signal: abort.signal,
      monitor: { era: 'legacy' },
    });
    const arrival = server.arrival('initialize');
    const checked = check();
    await arrival;
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    abort.abort();
    const report = await checked;
    expect(report).toMatchObject({ outcome: 'timeout' });
    expect(report.detail).toMatch(detail);
    await connection.close();
    await server.socketsGone();
  },
);

test('a name that does not exist is dns', async () => {
  const report = await watchUrl('http://mcp-exporter.invalid/mcp').check();
  expect(report).toMatchObject({ outcome: 'dns' });
  expect(report.detail).toContain('mcp-exporter.invalid');
});

test('a port where nothing listens is refused', async () => {
  const server = await startServer();
  await server.close();
  const report = await watchUrl(server.url).check();
  expect(report).toMatchObject({ outcome: 'refused' });
  expect(report.detail).toContain('Nothing accepts connections');
  expect(report.steps).toHaveLength(1);
});

test('a port that speaks something else than HTTP is a protocol failure', async () => {
  const url = await startRaw((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'));
  const report = await watchUrl(url).check();
  expect(report).toMatchObject({ outcome: 'protocol' });
  expect(report.detail).toContain('is not HTTP');
});

test('headers past all measure are a protocol failure', async () => {
  const server = await startServer();
  server.script('*', status(200, { 'x-padding': 'p'.repeat(32 * 1024) }));
  expect(await watchUrl(server.url).check()).toMatchObject({ outcome: 'protocol' });
});

test('a secret of the configuration is in no report, even if the server repeats it', async () => {
  const server = await startServer();
  const token = new Secret('hunter2-hunter2');
  server.script('*', error(-32000, 'bad token hunter2-hunter2'));
  const { check } = watchUrl(server.url, {
    target: { headers: { Authorization: token } },
    secrets: [token],
  });
  const report = await check();
  expect(server.received[0]?.headers.authorization).toBe('hunter2-hunter2');
  expect(report.detail).toContain('***');
  expect(JSON.stringify(report)).not.toContain('hunter2');
});

test('a header that HTTP does not allow is named by no value', async () => {
  const report = await watchUrl('http://127.0.0.1:9/mcp', {
    target: { headers: { Authorization: new Secret('two\nlines') } },
  }).check();
  expect(report.outcome).not.toBe('ok');
  expect(report.detail).not.toContain('two');
});

test('a server that comes back is checked again over a new connection', async () => {
  const server = await startServer();
  server.script('*', hangUp, hangUp, status(503), status(503));
  const { check } = watchUrl(server.url);
  expect(await check()).toMatchObject({ outcome: 'reset' });
  expect(await check()).toMatchObject({ outcome: 'http_5xx', httpStatus: 503 });
  server.script('*');
  expect(await check()).toMatchObject({ outcome: 'ok' });
});

function encoded(coding: string): Script {
  return ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
    response.end('{"jsonrpc":"2.0"}');
  };
}

function cutShort({ response }: Parameters<Script>[0]): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"jsonrpc":');
  setImmediate(() => response.destroy());
}

function stall({ response }: Parameters<Script>[0]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"jsonrpc":');
}

function flood({ response }: Parameters<Script>[0]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = (): void => {
    if (response.destroyed) return;
    response.write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
    setImmediate(write);
  };
  write();
}

async function startRaw(onSocket: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => onSocket(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
