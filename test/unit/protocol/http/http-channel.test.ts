import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import {
  createHttpChannel,
  type HttpChannel,
  type HttpChannelListener,
} from '../../../../src/protocol/http/http-channel.ts';
import { createSystemClock } from '../../../../src/app/system-clock.ts';
import { renderRefusal } from '../../../../src/facts/refusal.ts';
import { Secret } from '../../../../src/facts/secret.ts';

interface Seen {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Of the message in the body. */
  readonly says: string | undefined;
}

type Answer = (response: ServerResponse, seen: Seen) => unknown;

const INITIALIZE = message({
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25' },
});
const INITIALIZED = message({ method: 'notifications/initialized' });
const OPENED = { result: { protocolVersion: '2025-11-25', capabilities: {} } };

function message(fields: object): string {
  return JSON.stringify({ jsonrpc: '2.0', ...fields });
}

function json(response: ServerResponse, fields: object, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(message(fields));
}

function accept(response: ServerResponse): void {
  response.writeHead(202).end();
}

function idOf({ body }: Seen): unknown {
  return (JSON.parse(body) as { id: unknown }).id;
}

/** A server that answers by method; GET is refused unless it is in the list. */
async function startUpstream(answers: Readonly<Record<string, Answer>>) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const said = body === '' ? undefined : (JSON.parse(body) as { method?: string });
      const call: Seen = {
        method: request.method ?? '',
        headers: request.headers,
        body,
        says: said?.method,
      };
      seen.push(call);
      const answer = answers[said?.method ?? call.method];
      if (answer) return answer(response, call);
      return call.method === 'POST' ? accept(response) : response.writeHead(405).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    server,
    url: new URL(`http://127.0.0.1:${port}/x/mcp`),
    said: () => seen.map(({ method, says }) => says ?? method),
  };
}

async function openChannel(
  url: URL,
  listener: Partial<HttpChannelListener> = {},
  options: { restartMsMax?: number } = {},
) {
  const received: string[] = [];
  const waiting: (() => void)[] = [];
  const channel: HttpChannel = await createHttpChannel(
    {
      url,
      headers: { 'X-Key': new Secret('k') },
      tls: { tlsSkipVerify: false },
      clock: createSystemClock(),
      ...options,
    },
    {
      onMessage(text) {
        received.push(text);
        for (const wake of waiting.splice(0)) wake();
      },
      onClose: () => undefined,
      ...listener,
    },
  );
  onTestFinished(() => channel.close());
  return {
    channel,
    received,
    /** The first message that fits. */
    async message(fits: (parsed: Record<string, unknown>) => boolean) {
      for (;;) {
        const found = received
          .map((text) => JSON.parse(text) as Record<string, unknown>)
          .find((parsed) => fits(parsed));
        if (found) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

const withId = (id: unknown) => (parsed: Record<string, unknown>) =>
  parsed['id'] === id && !('method' in parsed);

function open(session: string, status = 200): Answer {
  return (response, seen) =>
    json(response, { id: idOf(seen), ...OPENED }, status, { 'mcp-session-id': session });
}

const LIST = message({ id: 1, method: 'tools/list' });

test('lines that come at once arrive in order, with session and version once they are known', async () => {
  const upstream = await startUpstream({
    initialize: open('s1'),
    'tools/list': (response, seen) => json(response, { id: idOf(seen), result: { tools: [] } }),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  for (const line of [INITIALIZE, INITIALIZED, LIST]) channel.send(line);
  await next(withId(1));
  expect(upstream.said().filter((each) => each !== 'GET')).toEqual([
    'initialize',
    'notifications/initialized',
    'tools/list',
  ]);
  const [first, ...rest] = upstream.seen;
  expect(first?.headers).not.toHaveProperty('mcp-session-id');
  expect(first?.headers).not.toHaveProperty('mcp-protocol-version');
  for (const { headers } of rest)
    expect(headers).toMatchObject({
      'mcp-session-id': 's1',
      'mcp-protocol-version': '2025-11-25',
      'x-key': 'k',
    });
});

test.each([200, 201])('the end deletes the session that began with status %i', async (status) => {
  const upstream = await startUpstream({ initialize: open('s1', status) });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(INITIALIZE);
  await next(withId(0));
  await channel.close();
  const last = upstream.seen.at(-1);
  expect([last?.method, last?.headers['mcp-session-id']]).toEqual(['DELETE', 's1']);
  expect(channel.send(LIST)).toBe(false);
});

test('what the server says unasked comes over a stream of its own, which is opened again where it left off', async () => {
  let streams = 0;
  const upstream = await startUpstream({
    initialize: open('s1'),
    GET(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams++;
      response.write(
        `retry: 1\nid: e${streams}\ndata: ${message({ method: `note/${streams}` })}\n\n`,
      );
      if (streams === 1) response.end();
    },
  });
  const { channel, message: next } = await openChannel(upstream.url);
  for (const line of [INITIALIZE, INITIALIZED]) channel.send(line);
  await next(({ method }) => method === 'note/2');
  const gets = upstream.seen.filter(({ method }) => method === 'GET');
  expect(gets.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'e1']);
});

test('a lost session is begun anew with what the client had said, and the message is said once more', async () => {
  let sessions = 0;
  const upstream = await startUpstream({
    initialize: (response, seen) => open(`s${++sessions}`)(response, seen),
    'logging/setLevel': (response, seen) => json(response, { id: idOf(seen), result: {} }),
    'resources/subscribe': (response, seen) => json(response, { id: idOf(seen), result: {} }),
    'tools/list': (response, seen) =>
      seen.headers['mcp-session-id'] === 's1'
        ? json(response, { id: null, error: { code: -32_001, message: 'gone' } }, 404)
        : json(response, { id: idOf(seen), result: { tools: [] } }),
  });
  const { channel, received, message: next } = await openChannel(upstream.url);
  for (const line of [
    INITIALIZE,
    INITIALIZED,
    message({ id: 'a', method: 'logging/setLevel', params: { level: 'debug' } }),
    message({ id: 'b', method: 'resources/subscribe', params: { uri: 'file:///a' } }),
  ])
    channel.send(line);
  await next(withId('b'));
  const before = received.length;
  channel.send(message({ id: 1, method: 'tools/list' }));
  channel.send(message({ id: 2, method: 'tools/list' }));
  await Promise.all([next(withId(1)), next(withId(2))]);
  expect(sessions).toBe(2);
  expect(received.length).toBe(before + 2);
  const said = upstream.seen.filter(
    ({ headers, says }) => headers['mcp-session-id'] === 's2' && says !== undefined,
  );
  expect(said.map(({ says }) => says)).toEqual([
    'notifications/initialized',
    'logging/setLevel',
    'resources/subscribe',
    'tools/list',
    'tools/list',
  ]);
  expect(said.slice(1, 3).map(({ body }) => JSON.parse(body) as object)).toMatchObject([
    { params: { level: 'debug' } },
    { params: { uri: 'file:///a' } },
  ]);
});

test.each([
  ['its id', (id: unknown) => id],
  ['no id', () => null],
])(
  '404 with an error of the request and %s is its answer, and the session goes on',
  async (_title, idIn) => {
    let sessions = 0;
    const upstream = await startUpstream({
      initialize: (response, seen) => open(`s${++sessions}`)(response, seen),
      'tools/list': (response, seen) =>
        json(
          response,
          { id: idIn(idOf(seen)), error: { code: -32_601, message: 'no tools' } },
          404,
        ),
      ping: (response, seen) => json(response, { id: idOf(seen), result: {} }),
    });
    const { channel, message: next } = await openChannel(upstream.url);
    channel.send(INITIALIZE);
    await next(withId(0));
    channel.send(LIST);
    expect(await next(withId(1))).toMatchObject({ error: { code: -32_601, message: 'no tools' } });
    channel.send(message({ id: 2, method: 'ping' }));
    expect(await next(withId(2))).toMatchObject({ result: {} });
    expect(sessions).toBe(1);
  },
);

test('a session that cannot be begun anew is an error of the request, and of that one only', async () => {
  let isOpen = true;
  const upstream = await startUpstream({
    initialize: (response, seen) =>
      isOpen ? open('s1')(response, seen) : response.writeHead(500).end(),
    'tools/list': (response) => response.writeHead(404).end(),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(INITIALIZE);
  await next(withId(0));
  isOpen = false;
  channel.send(LIST);
  expect(await next(withId(1))).toMatchObject({
    error: { code: -32_050, message: expect.stringContaining('session was lost') as string },
  });
});

test.each([
  [
    'an error without an id',
    400,
    message({ error: { code: -32_020, message: 'header', data: 1 } }),
    { code: -32_020, message: 'header', data: 1 },
  ],
  [
    'an error with a made-up id',
    400,
    message({ id: 'server-error', error: { code: -32_600, message: 'no' } }),
    { code: -32_600, message: 'no' },
  ],
  [
    'plain text',
    503,
    'busy',
    { code: -32_050, message: 'The server could not be reached: it answered 503' },
  ],
  [
    'a refusal of the caller',
    401,
    '',
    { code: -32_050, message: 'The server could not be reached: it wants authorization' },
  ],
  [
    'nothing',
    200,
    '',
    { code: -32_050, message: 'The server could not be reached: it answered without a result' },
  ],
])('%s answers the request that waits', async (_name, status, body, error) => {
  const upstream = await startUpstream({
    'tools/list': (response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(LIST);
  expect(await next(withId(1))).toMatchObject({ error });
});

test('a batch is answered element by element, and what is missing is an error', async () => {
  const upstream = await startUpstream({
    POST(response) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`data: ${message({ id: 1, result: {} })}\n\n`);
    },
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(`[${LIST},${message({ id: 2, method: 'ping' })}]`);
  expect(await next(withId(1))).toHaveProperty('result');
  expect(await next(withId(2))).toHaveProperty('error');
});

test('an answer whose stream breaks off is fetched where it left off', async () => {
  const upstream = await startUpstream({
    'tools/call': (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('retry: 1\nid: e1\ndata:\n\n');
    },
    GET: (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`id: e2\ndata: ${message({ id: 5, result: { ok: true } })}\n\n`);
    },
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(message({ id: 5, method: 'tools/call', params: { name: 'a' } }));
  expect(await next(withId(5))).toMatchObject({ result: { ok: true } });
  expect(upstream.seen.at(-1)?.headers['last-event-id']).toBe('e1');
});

test('an event over several lines becomes one line', async () => {
  const upstream = await startUpstream({
    'tools/list': (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"jsonrpc":"2.0",\ndata: "id":1,"result":{}}\n\n');
    },
  });
  const { channel, received, message: next } = await openChannel(upstream.url);
  channel.send(LIST);
  await next(withId(1));
  expect(received).toEqual(['{"jsonrpc":"2.0", "id":1,"result":{}}']);
});

const MODERN_META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

test('messages of the era without sessions get the headers that their body says', async () => {
  const tools = [
    {
      name: 'fetch',
      inputSchema: {
        type: 'object',
        properties: {
          region: { type: 'string', 'x-mcp-header': 'Region' },
          deep: { type: 'object', properties: { on: { type: 'boolean', 'x-mcp-header': 'On' } } },
          absent: { type: 'string', 'x-mcp-header': 'Absent' },
        },
      },
    },
  ];
  const upstream = await startUpstream({
    'tools/list': (response, seen) => json(response, { id: idOf(seen), result: { tools } }),
    'tools/call': (response, seen) => json(response, { id: idOf(seen), result: {} }),
    'resources/read': (response, seen) => json(response, { id: idOf(seen), result: {} }),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(message({ id: 1, method: 'tools/list', params: { _meta: MODERN_META } }));
  await next(withId(1));
  const args = { region: 'größer', deep: { on: true } };
  channel.send(
    message({
      id: 2,
      method: 'tools/call',
      params: { name: 'fetch', arguments: args, _meta: MODERN_META },
    }),
  );
  await next(withId(2));
  channel.send(
    message({ id: 3, method: 'resources/read', params: { uri: 'file:///ü', _meta: MODERN_META } }),
  );
  await next(withId(3));
  const [list, call, read] = upstream.seen;
  expect(list?.headers).toMatchObject({
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/list',
  });
  expect(call?.headers).toMatchObject({
    'mcp-name': 'fetch',
    'mcp-param-region': `=?base64?${Buffer.from('größer').toString('base64')}?=`,
    'mcp-param-on': 'true',
  });
  expect(call?.headers).not.toHaveProperty('mcp-param-absent');
  expect(read?.headers['mcp-name']).toBe(
    `=?base64?${Buffer.from('file:///ü').toString('base64')}?=`,
  );
});

test('in the era without sessions a cancellation closes the stream; before it is a message', async () => {
  const { promise: cut, resolve } = Promise.withResolvers<string>();
  const upstream = await startUpstream({
    initialize: open('s1'),
    'tools/call': (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      response.write(`data: ${message({ method: 'running' })}\n\n`);
      response.on('close', () => resolve('cut'));
    },
  });
  const modern = await openChannel(upstream.url);
  const cancel = message({ method: 'notifications/cancelled', params: { requestId: 7 } });
  modern.channel.send(
    message({ id: 7, method: 'tools/call', params: { name: 'a', _meta: MODERN_META } }),
  );
  await modern.message(({ method }) => method === 'running');
  modern.channel.send(cancel);
  expect(await cut).toBe('cut');
  expect(upstream.said()).not.toContain('notifications/cancelled');

  const legacy = await openChannel(upstream.url);
  legacy.channel.send(INITIALIZE);
  await legacy.message(withId(0));
  legacy.channel.send(cancel);
  await legacy.channel.close();
  expect(upstream.said()).toContain('notifications/cancelled');
});

test('where nobody listens, the message is handed back', async () => {
  const upstream = await startUpstream({});
  upstream.server.close();
  await once(upstream.server, 'close');
  const { promise, resolve } = Promise.withResolvers<string>();
  const { channel } = await openChannel(upstream.url, { onUndelivered: resolve });
  channel.send(LIST);
  expect(await promise).toBe(LIST);
});

test('where nobody listens and nobody wants it back, the request is answered with an error', async () => {
  const upstream = await startUpstream({});
  upstream.server.close();
  await once(upstream.server, 'close');
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(LIST);
  expect(await next(withId(1))).toMatchObject({
    error: { message: 'The server could not be reached: connection refused' },
  });
});

test('an error has the id as the client wrote it, though it is no number of JavaScript', async () => {
  const upstream = await startUpstream({});
  upstream.server.close();
  await once(upstream.server, 'close');
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send('{"jsonrpc":"2.0","id":1e400,"method":"ping"}');
  expect(await next(withId(Infinity))).toHaveProperty('error');
});

test('a server that is back in time gets the message', async () => {
  const upstream = await startUpstream({
    'tools/list': (response, seen) => json(response, { id: idOf(seen), result: {} }),
  });
  const { port } = upstream.server.address() as AddressInfo;
  upstream.server.close();
  await once(upstream.server, 'close');
  const returned: string[] = [];
  const { channel, message: next } = await openChannel(
    upstream.url,
    { onUndelivered: (text) => returned.push(text) },
    { restartMsMax: 5_000 },
  );
  channel.send(LIST);
  upstream.server.listen(port, '127.0.0.1');
  await next(withId(1));
  expect(returned).toEqual([]);
});

test.each([
  ['a body', 'application/json', ''],
  ['an event', 'text/event-stream', 'data: '],
])('%s that is too large is an error of its request that names the limit', async (...args) => {
  const [, type, prefix] = args;
  const upstream = await startUpstream({
    'tools/list': (response) => {
      response.writeHead(200, { 'content-type': type });
      response.write(`${prefix}{"jsonrpc":"2.0","id":1,"result":"`);
      response.end(`${'x'.repeat(65 * 1024 * 1024)}"}\n\n`);
    },
    ping: (response, seen) => json(response, { id: idOf(seen), result: {} }),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(LIST);
  expect(await next(withId(1))).toMatchObject({
    error: { code: -32060, message: expect.stringContaining('64 MiB') as string },
  });
  channel.send(message({ id: 2, method: 'ping' }));
  expect(await next(withId(2))).toHaveProperty('result');
});

test('a gateway that stops has not taken the message, which is sent again', async () => {
  let calls = 0;
  const refusal = JSON.parse(renderRefusal('stopping', '1')) as object;
  const upstream = await startUpstream({
    'tools/call': (response, seen) =>
      (calls += 1) === 1
        ? json(response, refusal, 503)
        : json(response, { id: idOf(seen), result: {} }),
  });
  const { channel, message: next } = await openChannel(upstream.url, {}, { restartMsMax: 5_000 });
  channel.send(message({ id: 1, method: 'tools/call', params: { name: 'a' } }));
  expect(await next(withId(1))).toHaveProperty('result');
  expect(calls).toBe(2);
});

test('a gateway that does not come back hands the message back', async () => {
  const refusal = JSON.parse(renderRefusal('stopping', '1')) as object;
  const upstream = await startUpstream({
    'tools/list': (response) => json(response, refusal, 503),
  });
  const { promise: returned, resolve } = Promise.withResolvers<string>();
  const listener = { onUndelivered: resolve };
  const { channel, received } = await openChannel(upstream.url, listener, { restartMsMax: 1 });
  channel.send(LIST);
  expect(await returned).toBe(LIST);
  expect(received).toEqual([]);
});

test.each([
  ['tools/list', 2, 'result'],
  ['tools/call', 1, 'error'],
])('after a broken connection %s is said %i times', async (method, times, outcome) => {
  let calls = 0;
  const upstream = await startUpstream({
    [method]: (response, seen) =>
      ++calls === 1 ? response.destroy() : json(response, { id: idOf(seen), result: {} }),
  });
  const { channel, message: next } = await openChannel(upstream.url);
  channel.send(message({ id: 1, method, params: { name: 'a' } }));
  expect(await next(withId(1))).toHaveProperty(outcome);
  expect(calls).toBe(times);
});

test('an opening that is refused without JSON-RPC may be tried on another transport', async () => {
  const upstream = await startUpstream({
    initialize: (response) => response.writeHead(405).end('Method Not Allowed'),
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  const { channel, received } = await openChannel(upstream.url, { onUnsuitable: resolve });
  channel.send(INITIALIZE);
  expect(await promise).toBe(INITIALIZE);
  expect(received).toEqual([]);
});

test('a channel that is retired hears no more of the server, and still finishes what runs', async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  let streams = 0;
  const upstream = await startUpstream({
    initialize: open('s1'),
    'tools/call': async (response, seen) => {
      await release;
      json(response, { id: idOf(seen), result: {} });
    },
    GET(response) {
      streams++;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${message({ method: 'hello' })}\n\n`);
    },
  });
  const { channel, message: next } = await openChannel(upstream.url);
  for (const line of [INITIALIZE, INITIALIZED]) channel.send(line);
  await next(({ method }) => method === 'hello');
  channel.send(message({ id: 9, method: 'tools/call', params: { name: 'slow' } }));
  channel.retire();
  resolve();
  await next(withId(9));
  expect(streams).toBe(1);
});

test.each([
  ['a body', (text: string) => [text, 'application/json'] as const],
  ['an event', (text: string) => [`data: ${text}\n\n`, 'text/event-stream'] as const],
])('an answer in %s whose id came back as text is passed on once', async (_, wrap) => {
  const upstream = await startUpstream({
    initialize: open('s1'),
    'tools/list'(response) {
      const [body, type] = wrap(message({ id: '1', result: { tools: [] } }));
      response.writeHead(200, { 'content-type': type }).end(body);
    },
    ping: (response, seen) => json(response, { id: idOf(seen), result: {} }),
  });
  const { channel, received, message: next } = await openChannel(upstream.url);
  for (const line of [INITIALIZE, INITIALIZED, LIST]) channel.send(line);
  await next(withId('1'));
  channel.send(message({ id: 2, method: 'ping' }));
  await next(withId(2));
  expect(received.map((text) => (JSON.parse(text) as { id: unknown }).id)).toEqual([0, '1', 2]);
});

test('redirects within the origin are followed with the whole message, the DELETE included', async () => {
  const paths: string[] = [];
  const upstream = await startUpstream({});
  upstream.server.removeAllListeners('request');
  upstream.server.on('request', (request, response) => {
    paths.push(`${request.method} ${request.url}`);
    if (request.url === '/x/mcp') {
      response.writeHead(307, { location: 'mcp/' }).end();
      return;
    }
    void readAll(request).then((body) => {
      const said = body === '' ? {} : (JSON.parse(body) as { id?: number; method?: string });
      if (said.method === 'initialize') open('s1')(response, { body } as Seen);
      else if (said.id === undefined) accept(response);
      else json(response, { id: said.id, result: { key: request.headers['x-key'] } });
    });
  });
  const { channel, message: next } = await openChannel(upstream.url);
  for (const line of [INITIALIZE, INITIALIZED, LIST]) channel.send(line);
  expect(await next(withId(1))).toMatchObject({ result: { key: 'k' } });
  await channel.close();
  expect(paths.slice(0, 2)).toEqual(['POST /x/mcp', 'POST /x/mcp/']);
  expect(paths.at(-1)).toBe('DELETE /x/mcp/');
});
