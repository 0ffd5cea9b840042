import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import {
  httpServer,
  nodeServer,
  type StartedGateway,
  startGateway,
} from '../support/start-gateway.ts';
import {
  call,
  chunk,
  LAST_CHUNK,
  renderAnswer,
  result,
  STREAM_HEAD,
} from './support/post-message.ts';
import { type RawHeader, type RawMessage, renderHead, valueOf } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';
import { type Ledger, startLedger } from './support/start-ledger.ts';

/**
 * Goal: each exchange is in `mcp_requests_total` and in the access log exactly once, with a true outcome and status, and what is no
 * exchange is in neither (docs/metrics.md has the rules).
 * Method: everything odd that a client or a server can send, over each transport, one after the other; the page and the log are read
 * before and after. A call that follows shows that nothing was counted late.
 */
const BODY_BYTES_MAX = 300_000;
const SESSION = 'mcp-session-id';
const NOTIFICATION = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const RESPONSE = '{"jsonrpc":"2.0","id":5,"result":{}}';
const INITIALIZE =
  '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"editor","version":"1"}}}';
const CHILD = join(import.meta.dirname, 'support/rough-child.ts');

type Route = 'http' | 'child' | 'sse' | 'bridge';
const ROUTES = ['http', 'child', 'sse', 'bridge'] as const satisfies readonly Route[];

/** Where messages of an open session go. */
interface Place {
  readonly path: string;
  readonly headers: readonly RawHeader[];
}

let upstream: RawUpstream;
let old: RawUpstream;
let gateway: StartedGateway;
let guarded: StartedGateway;
let ledger: Ledger;
let stream: Socket;
const places: Partial<Record<Route, Place>> = {};

beforeAll(async () => {
  upstream = await startRawUpstream(answerHttp);
  old = await startRawUpstream(answerSse());
  ledger = startLedger(['http', 'child', 'sse', 'nowhere', 'off']);
  const { onCall } = ledger;
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  const servers = [
    httpServer('http', url),
    nodeServer('child', [CHILD]),
    httpServer('sse', `http://127.0.0.1:${old.port}/sse`, {}, 'sse'),
    httpServer('nowhere', 'http://127.0.0.1:9/mcp'),
    httpServer('off', url, { enabled: false }),
  ];
  gateway = await startGateway({ servers, onCall, gateway: { bodyBytesMax: BODY_BYTES_MAX } });
  guarded = await startGateway({
    servers,
    onCall,
    gateway: {
      authentication: { bearerTokens: [{ name: 'ci', token: new Secret('right') }] },
      rateLimit: { requests: 1, perMs: 3_600_000, burst: 3 },
    },
  });
  places.http = { path: '/http/mcp', headers: [] };
  places.child = await openSession('/child/mcp');
  places.bridge = await openSession('/sse/mcp');
  const opened = await openStream('/sse/sse');
  stream = opened.socket;
  places.sse = { path: opened.address, headers: [] };
  countedSoFar = await ledger.counted();
});

afterAll(async () => {
  stream?.destroy();
  await Promise.all([gateway?.stop(0), guarded?.stop(0)]);
  await Promise.all([upstream?.stop(), old?.stop(), ledger?.stop()]);
});

/** As servers that use an SDK do; `x-exchange` asks for something else. */
function answerHttp(socket: Socket, { startLine, headers, body }: RawMessage): void {
  const [verb] = startLine.split(' ');
  const wanted = valueOf(headers, 'x-exchange');
  if (wanted !== undefined) socket.write(ODD_ANSWERS[wanted] ?? renderStatus('500 Unknown', ''));
  else if (verb === 'GET') socket.write(STREAM_HEAD);
  else if (verb === 'DELETE') socket.write(renderStatus('200 OK', ''));
  else if (verb !== 'POST') socket.write(renderStatus('405 Method Not Allowed', ''));
  else if (!valueOf(headers, 'content-type')?.includes('json'))
    socket.write(renderStatus('415 Unsupported Media Type', 'Unsupported Media Type'));
  else socket.write(renderReply(body));
}

const ODD_ANSWERS: Readonly<Record<string, Buffer>> = {
  garbage: renderAnswer('{"jsonrpc":'),
  empty: renderAnswer(''),
  html: renderAnswer('<html></html>', 'text/html'),
  accepted: renderStatus('202 Accepted', ''),
  'no stream': renderStatus('405 Method Not Allowed', ''),
  'bad request': renderStatus('400 Bad Request', 'no'),
  failure: renderStatus('500 Internal Server Error', 'no'),
};

function renderStatus(status: string, body: string): Buffer {
  const head = renderHead(`HTTP/1.1 ${status}`, [
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(body.length)],
  ]);
  return Buffer.concat([head, Buffer.from(body)]);
}

function renderReply(body: Buffer): Buffer {
  const answers = answersTo(body);
  if (!answers) {
    const error = '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}';
    const head = renderHead('HTTP/1.1 400 Bad Request', [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(error.length)],
    ]);
    return Buffer.concat([head, Buffer.from(error)]);
  }
  if (answers.length === 0) return renderStatus('202 Accepted', '');
  return renderAnswer(answers.length === 1 ? (answers[0] ?? '') : `[${answers.join(',')}]`);
}

/** @returns nothing where the body has no message */
function answersTo(body: Buffer): readonly string[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const messages = [parsed].flat() as { id?: number; method?: string; result?: unknown }[];
  if (messages.length === 0) return undefined;
  if (messages.some(({ method, result: own }) => !method && !own)) return undefined;
  return messages.flatMap(({ id, method }) => {
    if (id === undefined || method === undefined) return [];
    if (method !== 'initialize') return [result(id)];
    const serverInfo = { name: 'old', version: '1' };
    const opened = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo };
    return [JSON.stringify({ jsonrpc: '2.0', id, result: opened })];
  });
}

/** An HTTP+SSE server. */
function answerSse(): (socket: Socket, request: RawMessage) => void {
  const streams: Socket[] = [];
  return (socket, { startLine, body }) => {
    const [verb, path = ''] = startLine.split(' ');
    if (verb === 'GET') {
      const number = streams.push(socket);
      socket.write(STREAM_HEAD);
      socket.write(chunk(`event: endpoint\ndata: /message?session=${number}\n\n`));
      return;
    }
    const answers = answersTo(body);
    socket.write(renderStatus(answers ? '202 Accepted' : '400 Bad Request', ''));
    const own = streams[Number(path.split('=')[1]) - 1];
    for (const answer of answers ?? []) own?.write(chunk(`data: ${answer}\n\n`));
  };
}

interface Sending {
  readonly verb?: string;
  readonly body?: string;
  readonly headers?: readonly RawHeader[];
  readonly path?: string;
  readonly on?: () => StartedGateway;
}

/** Sends one request on a connection of its own, and waits for its answer. */
async function send(place: Place, sending: Sending): Promise<number> {
  const { verb = 'POST', body = '', on = () => gateway } = sending;
  const typed = sending.headers?.some(([name]) => name.toLowerCase() === 'content-type');
  const head = renderHead(`${verb} ${sending.path ?? place.path} HTTP/1.1`, [
    ...(sending.headers?.some(([name]) => name === 'Host')
      ? []
      : ([['Host', 'localhost']] as const)),
    ['Accept', 'application/json, text/event-stream'],
    ...(typed ? [] : ([['Content-Type', 'application/json']] as const)),
    ...place.headers,
    ...(sending.headers ?? []),
    ...(verb === 'POST' || body !== ''
      ? ([['Content-Length', String(Buffer.byteLength(body))]] as const)
      : []),
  ]);
  return talk(on().port, [head, Buffer.from(body)]);
}

/** @returns the status of the answer */
async function talk(port: number, pieces: readonly Buffer[]): Promise<number> {
  const socket = await open(port);
  for (const piece of pieces) socket.write(piece);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))?.[1]);
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends what there is, and goes away. */
async function sendAndLeave(port: number, text: string): Promise<void> {
  const socket = await open(port);
  await new Promise((resolve) => socket.write(text, resolve));
  socket.destroy();
}

async function openSession(path: string): Promise<Place> {
  const socket = await open(gateway.port);
  const head = renderHead(`POST ${path} HTTP/1.1`, [
    ['Host', 'localhost'],
    ['Content-Type', 'application/json'],
    ['Content-Length', String(INITIALIZE.length)],
  ]);
  socket.write(Buffer.concat([head, Buffer.from(INITIALIZE)]));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  const id = /mcp-session-id: (\S+)/i.exec(answer.toString())?.[1] ?? expect.unreachable();
  return { path, headers: [[SESSION, id]] };
}

async function openStream(path: string): Promise<{ socket: Socket; address: string }> {
  const socket = await open(gateway.port);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString();
    const address = /data: (\/sse\/\S+)/.exec(text)?.[1];
    if (address !== undefined) resolve(address);
  });
  return { socket, address: await promise };
}

let countedSoFar: readonly string[] = [];

/** Runs `act`, which has to add exactly `expected` to the page. */
async function added(act: () => Promise<unknown>, expected: readonly string[]): Promise<void> {
  const count = ledger.calls.length + expected.length + 1;
  await act();
  // Whatever would be counted by mistake is counted before this call, or found by the next test.
  const body = '{"jsonrpc":"2.0","id":9,"method":"ping"}';
  await send({ path: '/http/mcp', headers: [] }, { body });
  await expect.poll(() => ledger.calls.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
  const counted = await ledger.counted();
  const wanted = [...countedSoFar, ...expected, 'http POST ping 200 success'].toSorted();
  countedSoFar = counted;
  expect(counted).toEqual(wanted);
}

const NOTHING: readonly string[] = [];
const server = (route: Route): string => (route === 'bridge' ? 'sse' : route);
const refused = (route: Route, status: number, outcome = 'client_error', verb = 'POST') => [
  `${server(route)} ${verb} _OTHER ${status} ${outcome}`,
];

/** By route: what is sent, the status that the client gets, and what counts. */
interface Row {
  readonly sending: Sending;
  readonly status: (route: Route) => number;
  readonly counts: (route: Route) => readonly string[];
}

const ROWS: Readonly<Record<string, Row>> = {
  'a call': {
    sending: { body: call(1) },
    status: (route) => (route === 'sse' ? 202 : 200),
    counts: (route) => [`${server(route)} POST tools/call 200 success`],
  },
  'a notification': {
    sending: { body: NOTIFICATION },
    status: () => 202,
    counts: () => NOTHING,
  },
  'a response': {
    sending: { body: RESPONSE },
    status: () => 202,
    counts: () => NOTHING,
  },
  'an empty batch': {
    sending: { body: '[]' },
    status: () => 400,
    counts: (route) => refused(route, 400),
  },
  'a body that is not JSON': {
    sending: { body: '{"jsonrpc":' },
    status: () => 400,
    counts: (route) => refused(route, 400),
  },
  'JSON that is no message': {
    sending: { body: '{"level":"info"}' },
    status: () => 400,
    counts: (route) => refused(route, 400),
  },
  'no body': {
    sending: {},
    status: () => 400,
    counts: (route) => refused(route, 400),
  },
  'a body of another type': {
    sending: { body: 'a,b', headers: [['Content-Type', 'text/csv']] },
    status: (route) => (route === 'http' ? 415 : 400),
    counts: (route) => refused(route, route === 'http' ? 415 : 400),
  },
  'a body that says that it is too large': {
    sending: { body: ' '.repeat(BODY_BYTES_MAX + 1) },
    status: () => 413,
    counts: (route) => refused(route, 413, 'denied'),
  },
  'another HTTP method': {
    sending: { verb: 'PUT' },
    status: (route) => (route === 'sse' ? 404 : 405),
    counts: (route) => {
      if (route === 'http') return NOTHING;
      return route === 'sse'
        ? refused(route, 404, 'denied', '_OTHER')
        : refused(route, 405, 'client_error', '_OTHER');
    },
  },
  OPTIONS: {
    sending: { verb: 'OPTIONS' },
    status: (route) => (route === 'sse' ? 404 : 405),
    counts: (route) => {
      if (route === 'http') return NOTHING;
      return route === 'sse'
        ? refused(route, 404, 'denied', '_OTHER')
        : refused(route, 405, 'client_error', '_OTHER');
    },
  },
};

test.each(Object.entries(ROWS))(
  'over each transport, %s counts as the table says',
  async (_title, { sending, status, counts }) => {
    await added(async () => {
      for (const route of ROUTES) {
        const place = places[route] ?? expect.unreachable();
        expect([route, await send(place, sending)]).toEqual([route, status(route)]);
      }
    }, ROUTES.flatMap(counts));
  },
);

const headOf = ({ path, headers }: Place, framing: string): string =>
  renderHead(`POST ${path} HTTP/1.1`, [['Host', 'localhost'], ...headers])
    .toString()
    .slice(0, -2) + `content-type: application/json\r\n${framing}\r\n\r\n`;

test('over each transport, a client that leaves before its body is through is cancelled', async () => {
  const long = ' '.repeat(270_000);
  await added(
    async () => {
      for (const route of ROUTES) {
        const place = places[route] ?? expect.unreachable();
        for (const text of [
          headOf(place, 'content-length: 9'),
          `${headOf(place, 'content-length: 9')}{`,
          `${headOf(place, 'transfer-encoding: chunked')}1\r\n{\r\n`,
          `${headOf(place, `content-length: ${long.length + 9}`)}${long}`,
        ])
          await sendAndLeave(gateway.port, text);
      }
    },
    ROUTES.flatMap((route) => [1, 2, 3, 4].flatMap(() => refused(route, 499, 'cancelled'))),
  );
});

test('over each transport, a body of unknown length that grows too large counts once', async () => {
  await added(
    async () => {
      for (const route of ROUTES) {
        const head = headOf(places[route] ?? expect.unreachable(), 'transfer-encoding: chunked');
        const pieces = [Buffer.from(head), chunk(' '.repeat(BODY_BYTES_MAX + 1)), LAST_CHUNK];
        expect(await talk(gateway.port, pieces)).toBe(413);
      }
    },
    ROUTES.flatMap((route) => refused(route, 413, 'denied')),
  );
});

test('each request of a batch counts, and two requests that follow one another on a connection', async () => {
  const place = places.http ?? expect.unreachable();
  const one = 'http POST tools/call 200 success';
  await added(() => send(place, { body: `[${call(1)},${NOTIFICATION},${call(2)}]` }), [one, one]);
  await added(async () => {
    const socket = await open(gateway.port);
    const text = headOf(place, `content-length: ${call(1).length}`) + call(1);
    socket.write(text + text);
    let answers = '';
    socket.on('data', (bytes) => (answers += bytes.toString()));
    await expect.poll(() => answers.split('HTTP/1.1 200').length).toBe(3);
    socket.destroy();
  }, [one, one]);
});

test.each<[string, string, string]>([
  ['garbage', '200', 'transport_error 502 invalid_response'],
  ['empty', '200', 'transport_error 502 invalid_response'],
  ['html', '200', 'transport_error 502 no_response'],
  ['accepted', '202', 'transport_error 502 no_response'],
  ['bad request', '400', 'client_error 400 http_4xx'],
  ['failure', '500', 'transport_error 500 http_5xx'],
])('a call that a server answers with “%s” counts once', async (wanted, status, verdict) => {
  const [outcome = '', code = '', errorType] = verdict.split(' ');
  await added(
    async () =>
      expect(
        await send(
          { path: '/http/mcp', headers: [] },
          { body: call(1), headers: [['X-Exchange', wanted]] },
        ),
      ).toBe(Number(status)),
    [`http POST tools/call ${code} ${outcome}`],
  );
  expect(ledger.calls.at(-2)).toMatchObject({ outcome, errorType });
});

test.each<[string, Sending, readonly string[]]>([
  [
    'a notification that a server refuses',
    { body: NOTIFICATION, headers: [['X-Exchange', 'bad request']] },
    ['http POST _OTHER 400 client_error'],
  ],
  [
    'a notification at which a server fails',
    { body: NOTIFICATION, headers: [['X-Exchange', 'failure']] },
    ['http POST _OTHER 500 transport_error'],
  ],
  [
    'no JSON that a server accepts',
    { body: 'x', headers: [['X-Exchange', 'accepted']] },
    ['http POST _OTHER 200 success'],
  ],
  ['a GET stream', { verb: 'GET' }, NOTHING],
  [
    'a GET stream that a server does not have',
    { verb: 'GET', headers: [['X-Exchange', 'no stream']] },
    NOTHING,
  ],
  ['a DELETE', { verb: 'DELETE' }, NOTHING],
  [
    'a call to a server that is not there',
    { path: '/nowhere/mcp', body: call(1) },
    ['nowhere POST tools/call 502 transport_error'],
  ],
  [
    'a notification to a server that is not there',
    { path: '/nowhere/mcp', body: NOTIFICATION },
    ['nowhere POST _OTHER 502 transport_error'],
  ],
  [
    'no JSON to a server that is not there',
    { path: '/nowhere/mcp', body: 'x' },
    ['nowhere POST _OTHER 502 transport_error'],
  ],
  [
    'a GET stream of a server that is not there',
    { verb: 'GET', path: '/nowhere/mcp' },
    ['nowhere GET _OTHER 502 transport_error'],
  ],
  [
    'a call to a disabled server',
    { path: '/off/mcp', body: call(1) },
    ['off POST tools/call 503 denied'],
  ],
  [
    'a call to an unknown server',
    { path: '/unknown/mcp', body: call(1) },
    ['_OTHER POST tools/call 404 denied'],
  ],
  [
    'a page of an unknown server',
    { verb: 'GET', path: '/favicon.ico' },
    ['_OTHER GET _OTHER 404 denied'],
  ],
  ['a HEAD to an unknown server', { verb: 'HEAD', path: '/' }, ['_OTHER _OTHER _OTHER 404 denied']],
  [
    'a session that does not exist',
    { path: '/child/mcp', body: call(1), headers: [[SESSION, 'gone']] },
    ['child POST tools/call 404 client_error'],
  ],
  [
    'a GET without a session',
    { verb: 'GET', path: '/child/mcp' },
    ['child GET _OTHER 405 client_error'],
  ],
  [
    'a DELETE without a session',
    { verb: 'DELETE', path: '/child/mcp' },
    ['child DELETE _OTHER 405 client_error'],
  ],
  ['a wrong path', { path: '/child/sse', body: call(1) }, ['child POST tools/call 404 denied']],
  [
    'an address that no stream announced',
    { path: '/sse/message?session=0', body: call(1) },
    ['sse POST tools/call 404 client_error'],
  ],
  ['our own question who we are', { verb: 'GET', path: '/-/identity?server=http' }, NOTHING],
])('%s counts as the table says', async (_title, sending, counts) => {
  await added(() => send({ path: '/http/mcp', headers: [] }, sending), counts);
});

test('the streams and the end of a session with a child count as nothing, a second stream as refused', async () => {
  let place: Place = { path: '', headers: [] };
  await added(async () => {
    place = await openSession('/child/mcp');
    expect(await send(place, { verb: 'GET' })).toBe(200);
  }, ['child POST initialize 200 success']);
  const socket = await open(gateway.port);
  const lines = [['host', 'localhost'], ...place.headers].map((header) => header.join(': '));
  socket.write(`GET /child/mcp HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  await once(socket, 'data');
  await added(
    async () => expect(await send(place, { verb: 'GET' })).toBe(409),
    ['child GET _OTHER 409 client_error'],
  );
  await added(async () => expect(await send(place, { verb: 'DELETE' })).toBe(200), NOTHING);
  socket.destroy();
});

test('what the edge refuses counts once, with the HTTP method', async () => {
  const place: Place = { path: '/http/mcp', headers: [] };
  const on = () => guarded;
  const token: RawHeader = ['Authorization', 'Bearer right'];
  const tried = async (sending: Sending, status: number, counts: readonly string[]) =>
    added(async () => expect(await send(place, { on, ...sending })).toBe(status), counts);
  const denied = (status: number, verb = 'POST') => [`http ${verb} _OTHER ${status} denied`];
  await tried({ body: call(1), headers: [['Host', 'evil.example.com']] }, 403, denied(403));
  await tried(
    { body: call(1), headers: [['Origin', 'http://evil.example.com']] },
    403,
    denied(403),
  );
  await tried({ body: call(1) }, 401, denied(401));
  await tried({ verb: 'GET' }, 401, denied(401, 'GET'));
  await tried({ verb: 'OPTIONS' }, 401, denied(401, '_OTHER'));
  await tried({ verb: 'DELETE', headers: [token] }, 200, NOTHING);
  await tried({ body: NOTIFICATION, headers: [token] }, 202, NOTHING);
  await tried({ body: call(1), headers: [token] }, 200, ['http POST tools/call 200 success']);
  await tried({ body: call(1), headers: [token] }, 429, ['http POST _OTHER 429 rate_limited']);
  await tried({ verb: 'GET', headers: [token] }, 429, ['http GET _OTHER 429 rate_limited']);
});

test('what is not HTTP counts once, and a connection without a request as nothing', async () => {
  const unread = (status: number) => [`_OTHER _OTHER _OTHER ${status} client_error`];
  const bytes = (text: string) => [Buffer.from(text)];
  await added(() => talk(gateway.port, bytes('hello\r\n\r\n')), unread(400));
  const head = `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`;
  await added(() => talk(gateway.port, bytes(head)), unread(431));
  await added(() => sendAndLeave(gateway.port, 'POST / HTTP/1.1\r\nhost'), unread(400));
  await added(async () => {
    const socket = await open(gateway.port);
    socket.destroy();
  }, NOTHING);
  await added(async () => {
    const socket = await open(gateway.port);
    socket.resetAndDestroy();
  }, NOTHING);
});

test('the audit log has one line for each tool call, and all lines are as many as the counter says', async () => {
  const counted = await ledger.counted();
  await expect.poll(() => ledger.lines().access.length).toBe(counted.length);
  const { audit } = ledger.lines();
  expect(audit.length).toBe(counted.filter((line) => line.includes(' tools/call ')).length);
});
