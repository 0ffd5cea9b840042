import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import {
  beginPost,
  call,
  chunk,
  LAST_CHUNK,
  post,
  type Posting,
  renderAnswer,
  renderPost,
  result,
  STREAM_HEAD,
} from './support/post-message.ts';
import { type RawHeader, renderHead } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream, writePieces } from './support/raw-upstream.ts';

/**
 * Goal: whatever a server or a client does, the other side sees it as it was, each call is counted once, and nothing hangs.
 * Method: a raw server that misbehaves on demand.
 */
const TIMEOUT_MS = 300;
const FAILED = '{"jsonrpc":"2.0","id":1,"result":{"isError":true}}';

let upstream: RawUpstream;
let gateway: StartedGateway;
let numbers = 0;

beforeAll(async () => {
  upstream = await startRawUpstream();
});
afterAll(() => upstream?.stop());
beforeEach(async () => {
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  gateway = await startGateway({
    servers: [
      httpServer('raw', url),
      httpServer('hasty', url, { timeoutMs: TIMEOUT_MS }),
      httpServer('nowhere', 'http://127.0.0.1:9/mcp'),
    ],
  });
});
afterEach(() => gateway.stop(0));

/** A posting whose answer the upstream gives by `script`. */
function scripted(
  script: (socket: Socket) => void | Promise<void>,
  posting: Partial<Posting> & { readonly server?: string } = {},
): Posting {
  const number = `bad-${++numbers}`;
  upstream.on(number, script);
  return {
    port: gateway.port,
    path: `/${posting.server ?? 'raw'}/mcp`,
    body: posting.body ?? call(1),
    headers: [['x-exchange', number], ...(posting.headers ?? [])],
  };
}

function outcomes(): string[] {
  return gateway.records.map(
    ({ outcome, errorType, status }) => `${outcome} ${errorType ?? '-'} ${status}`,
  );
}

async function idle(): Promise<void> {
  await expect.poll(() => gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0);
}

test('a client that goes away in the middle of a stream ends the request upstream at once', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const socket = await beginPost(
    scripted(async (server) => {
      await writePieces(server, [STREAM_HEAD, chunk(': working\n\n')]);
      resolve(server);
    }),
  );
  const server = await promise;
  await once(socket, 'data');
  const closed = once(server, 'close');
  const leftMs = performance.now();
  socket.destroy();
  await closed;
  expect(performance.now() - leftMs).toBeLessThan(1_000);
  await idle();
  expect(outcomes()).toEqual(['cancelled cancelled 499']);
});

test('a client that goes away before any answer ends the request upstream at once', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const socket = await beginPost(scripted(resolve));
  const server = await promise;
  const closed = once(server, 'close');
  socket.destroy();
  await closed;
  await idle();
  expect(outcomes()).toEqual(['cancelled cancelled 499']);
});

test.each<[string, readonly Buffer[]]>([
  ['in the middle of a stream', [STREAM_HEAD, chunk(': working\n\n')]],
  ['in the middle of a JSON text', [renderAnswer(result(1)).subarray(0, -5)]],
  ['after half an event', [STREAM_HEAD, chunk('data: {"jsonrpc":"2.0","id":1,')]],
])(
  'a server that goes away %s cuts the client off, so that nobody takes it for the end',
  async (_when, pieces) => {
    const answer = await post(
      scripted(async (server) => {
        await writePieces(server, pieces);
        server.resetAndDestroy();
      }),
    ).catch((error: Error) => error);
    expect(answer).toSatisfy((seen: unknown) => seen instanceof Error || isBroken(seen));
    await idle();
    expect(outcomes()).toEqual(['transport_error connection 502']);
  },
);

function isBroken(seen: unknown): boolean {
  return (
    typeof seen === 'object' && seen !== null && 'framing' in seen && seen.framing === 'broken'
  );
}

test('a server that goes away before its answer is a JSON-RPC error with the id of the request', async () => {
  const answer = await post(scripted((server) => void server.destroy(), { body: call('an id') }));
  expect(answer.startLine).toMatch(/ 502 /);
  expect(JSON.parse(answer.body.toString())).toMatchObject({
    id: 'an id',
    error: { code: -32050 },
  });
  expect(outcomes()).toEqual(['transport_error connection 502']);
  expect(gateway.upstreamRequests()).toBe(1);
});

test('a server that is not there is a JSON-RPC error with the id of the request', async () => {
  const answer = await post({ port: gateway.port, path: '/nowhere/mcp', body: call(0) });
  expect(answer.startLine).toMatch(/ 502 /);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ id: 0, error: { code: -32050 } });
  expect(outcomes()).toEqual(['transport_error connection 502']);
});

test('a server that never answers is a timeout, and its request is given up', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const startedMs = performance.now();
  const answering = post(scripted(resolve, { server: 'hasty', body: call('') }));
  const server = await promise;
  const closed = once(server, 'close');
  const answer = await answering;
  expect(performance.now() - startedMs).toBeGreaterThan(TIMEOUT_MS - 20);
  expect(answer.startLine).toMatch(/ 504 /);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ id: '', error: { code: -32051 } });
  await closed;
  expect(outcomes()).toEqual(['timeout timeout 504']);
});

test('a stream that has begun may stay silent longer than the timeout', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const answering = post(
    scripted(
      async (server) => {
        await writePieces(server, [STREAM_HEAD]);
        resolve(server);
      },
      { server: 'hasty' },
    ),
  );
  const server = await promise;
  await new Promise((later) => setTimeout(later, TIMEOUT_MS * 2));
  await writePieces(server, [chunk(`data: ${result(1)}\n\n`), LAST_CHUNK]);
  expect((await answering).framing).toBe('chunked');
  expect(outcomes()).toEqual(['success - 200']);
});

test.each<[string, Buffer | string, string, string]>([
  [
    'answers with no JSON',
    '{"jsonrpc":"2.0","id":1,',
    'application/json',
    'transport_error invalid_response 502',
  ],
  ['answers with HTML', '<html>', 'text/html', 'transport_error no_response 502'],
  [
    'answers with invalid UTF-8',
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    'application/json',
    'transport_error invalid_response 502',
  ],
  ['answers with an empty body', '', 'application/json', 'transport_error invalid_response 502'],
  ['answers a wrong id', result(2), 'application/json', 'transport_error no_response 502'],
  ['answers the id as a text', result('1'), 'application/json', 'success - 200'],
  ['answers twice', `[${result(1)},${result(1, 'again')}]`, 'application/json', 'success - 200'],
  [
    'answers twice in a stream',
    `data: ${result(1)}\n\ndata: ${result(1)}\n\n`,
    'text/event-stream',
    'success - 200',
  ],
  [
    'answers a stranger first',
    `data: ${result(7)}\n\ndata: ${result(1)}\n\n`,
    'text/event-stream',
    'success - 200',
  ],
  [
    'streams no JSON',
    'data: {"a\n\ndata: }\n\n',
    'text/event-stream',
    'transport_error no_response 502',
  ],
  [
    'sends a result and an error',
    '{"id":1,"result":{},"error":{"code":-32603,"message":""}}',
    'application/json',
    'rpc_error internal_error 500',
  ],
  [
    'sends numbers for everything',
    '{"jsonrpc":2,"id":1,"result":3,"error":4}',
    'application/json',
    'success - 200',
  ],
])(
  'a server that %s: its bytes pass unchanged, and the call is counted once',
  async (_what, body, type, outcome) => {
    const answer = await post(scripted((server) => void server.write(renderAnswer(body, type))));
    expect(answer.body.equals(Buffer.from(body))).toBe(true);
    await idle();
    expect(outcomes()).toEqual([outcome]);
  },
);

test.each<[string, Buffer, string, string]>([
  ['gzip', gzipSync(result(1)), 'application/json', 'success - 200'],
  ['br', brotliCompressSync(FAILED), 'application/json', 'tool_error tool_error 500'],
  ['deflate', deflateSync(`data: ${FAILED}\n\n`), 'text/event-stream', 'tool_error tool_error 500'],
  ['zstd', zstdCompressSync(result(1)), 'application/json', 'success - 200'],
  ['identity', Buffer.from(FAILED), 'application/json', 'tool_error tool_error 500'],
  ['gzip', Buffer.from('not at all'), 'application/json', 'transport_error invalid_response 502'],
  [
    'gzip',
    gzipSync(result(1)).subarray(0, 30),
    'application/json',
    'transport_error invalid_response 502',
  ],
  ['unheard-of', Buffer.from(FAILED), 'application/json', 'success - 200'],
])(
  'an answer in %s passes as it is, and is read all the same where that is possible',
  async (encoding, body, type, outcome) => {
    const head = renderHead('HTTP/1.1 200 OK', [
      ['Content-Type', type],
      ['Content-Encoding', encoding],
      ['Content-Length', String(body.length)],
    ]);
    const answer = await post(scripted((server) => void server.write(Buffer.concat([head, body]))));
    expect(answer.body.equals(body)).toBe(true);
    await idle();
    expect(outcomes()).toEqual([outcome]);
    expect(gateway.records[0]?.responseBytes).toBeLessThanOrEqual(body.length);
  },
);

test('a second answer on the same connection reaches nobody', async () => {
  const first = await post(
    scripted((server) => {
      server.write(Buffer.concat([renderAnswer(result(1)), renderAnswer(result(1, 'smuggled'))]));
    }),
  );
  expect(first.body.toString()).toBe(result(1));
  const second = await post(
    scripted((server) => void server.write(renderAnswer(result(1, 'own')))),
  );
  expect(second.body.toString()).toBe(result(1, 'own'));
  expect(outcomes()).toEqual(['success - 200', 'success - 200']);
});

test('no byte of a stream is held back, not even half an event', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const client = await beginPost(
    scripted(async (server) => {
      await writePieces(server, [STREAM_HEAD]);
      resolve(server);
    }),
  );
  let seen = '';
  client.on('data', (bytes: Buffer) => {
    seen += bytes.toString();
  });
  const server = await promise;
  await expect.poll(() => seen).toContain('text/event-stream');
  for (const piece of [
    'id: 1\ndata:\n\n',
    'data: {"jsonrpc":',
    '"2.0"',
    ',"id":1,"result":{}}',
    '\n',
  ]) {
    server.write(chunk(piece));
    await expect.poll(() => seen, { interval: 2 }).toContain(piece);
  }
  await writePieces(server, [chunk('\n'), LAST_CHUNK]);
  await expect.poll(() => outcomes()).toEqual(['success - 200']);
  client.destroy();
});

test('the clock of a call stops at its result, not at the end of the stream', async () => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const client = await beginPost(
    scripted(async (server) => {
      await writePieces(server, [STREAM_HEAD, chunk(`data: ${result(1)}\n\n`)]);
      resolve(server);
    }),
  );
  await promise;
  await expect.poll(() => outcomes()).toEqual(['success - 200']);
  client.destroy();
  await idle();
  expect(outcomes()).toEqual(['success - 200']);
});

test('a request that is cancelled by a notification and answered all the same counts as cancelled', async () => {
  const session: RawHeader = ['Mcp-Session-Id', 's1'];
  await post(
    scripted(
      (server) => {
        const body = '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18"}}';
        const head = renderHead('HTTP/1.1 200 OK', [
          ['Content-Type', 'application/json'],
          session,
          ['Content-Length', String(body.length)],
        ]);
        server.write(Buffer.concat([head, Buffer.from(body)]));
      },
      { body: '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}' },
    ),
  );
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const answering = post(scripted(resolve, { body: call(5), headers: [session] }));
  const server = await promise;
  await post(
    scripted((other) => void other.write('HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n'), {
      body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}',
      headers: [session],
    }),
  );
  server.write(renderAnswer(result(5)));
  expect((await answering).body.toString()).toBe(result(5));
  await idle();
  expect(outcomes()).toEqual(['success - 200', 'cancelled cancelled 499']);
});

test('a batch is counted element by element, whatever order its answers come in', async () => {
  const batch = `[${[call(1), call(2), call('1'), '{"jsonrpc":"2.0","method":"x"}'].join(',')}]`;
  await post(
    scripted(
      (server) =>
        void server.write(
          renderAnswer(`data: ${result('1')}\n\ndata: ${result(1)}\n\n`, 'text/event-stream'),
        ),
      { body: batch },
    ),
  );
  await idle();
  expect(outcomes().toSorted()).toEqual([
    'success - 200',
    'success - 200',
    'transport_error no_response 502',
  ]);
  expect(gateway.upstreamRequests()).toBe(1);
});

test('requests of a batch that share an id are counted each, and none stays in flight', async () => {
  const batch = `[${[call(1), call(1), call(2)].join(',')}]`;
  await post(
    scripted((server) => void server.write(renderAnswer(`[${result(1)},${result(2)}]`)), {
      body: batch,
    }),
  );
  await idle();
  expect(outcomes().toSorted()).toEqual([
    'client_error invalid_request 400',
    'success - 200',
    'success - 200',
  ]);
});

test('a server that refuses a large upload before its end is heard, and the call is counted', async () => {
  const hasty = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () =>
      socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'),
    );
  }).listen(0, '127.0.0.1');
  await once(hasty, 'listening');
  const { port } = hasty.address() as AddressInfo;
  gateway.apply([httpServer('impatient', `http://127.0.0.1:${port}/mcp`)]);
  const body = call(1, 'echo', { arguments: { text: 'x'.repeat(2_000_000) } });
  const request = renderPost({ port: gateway.port, path: '/impatient/mcp', body });
  const client = await open(gateway.port);
  let seen = '';
  client.on('data', (bytes: Buffer) => {
    seen += bytes.toString();
  });
  client.write(request.subarray(0, 1_000_000));
  await expect.poll(() => seen).toContain('401 Unauthorized');
  client.write(request.subarray(1_000_000));
  await expect.poll(() => outcomes()).toEqual(['denied unauthorized 401']);
  client.destroy();
  hasty.close();
});

test('a large call to a server that is not there is counted, whether the client sends on or not', async () => {
  const body = call(1, 'echo', { arguments: { text: 'x'.repeat(2_000_000) } });
  const answer = await post({ port: gateway.port, path: '/nowhere/mcp', body });
  expect(answer.startLine).toMatch(/ 502 /);
  await expect.poll(() => outcomes()).toEqual(['transport_error connection 502']);
  const request = renderPost({ port: gateway.port, path: '/nowhere/mcp', body });
  const client = await open(gateway.port);
  client.write(request.subarray(0, -10));
  await once(client, 'data');
  client.destroy();
  await idle();
  await expect.poll(() => outcomes()).toHaveLength(2);
  expect(outcomes()[1]).toBe('transport_error connection 502');
});

test('an upload that breaks off is given up, and leaves nothing behind', async () => {
  const body = call(1, 'echo', { arguments: { text: 'x'.repeat(2_000_000) } });
  const client = await open(gateway.port);
  client.write(renderPost({ port: gateway.port, path: '/raw/mcp', body }).subarray(0, -10));
  await expect.poll(() => gateway.upstreamRequests()).toBe(1);
  client.destroy();
  await idle();
  const next = await post(scripted((server) => void server.write(renderAnswer(result(1)))));
  expect(next.body.toString()).toBe(result(1));
});

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}
