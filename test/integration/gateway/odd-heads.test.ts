import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { call, post, result } from './support/post-message.ts';
import { type RawMessage, valueOf } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream } from './support/raw-upstream.ts';

/**
 * Goal: an answer whose head cannot be written as it came reaches the client all the same, or is an error; nobody waits.
 * Method: a raw server that sends every byte in the status line and in a header.
 */
let upstream: RawUpstream;
let gateway: StartedGateway;

beforeAll(async () => {
  upstream = await startRawUpstream();
  const url = `http://127.0.0.1:${upstream.port}/mcp`;
  gateway = await startGateway({ servers: [httpServer('raw', url)] });
});
afterAll(async () => {
  await gateway?.stop(0);
  await upstream?.stop();
});

const BODY = result(1);

/** What a client gets of these bytes. */
async function relayed(name: string, bytes: string): Promise<RawMessage> {
  upstream.on(name, (socket) => void socket.write(Buffer.from(bytes, 'latin1')));
  const headers = [['x-exchange', name]] as const;
  return post({ port: gateway.port, path: '/raw/mcp', body: call(1), headers });
}

async function answerOf(name: string, head: string): Promise<string> {
  const { startLine } = await relayed(name, `${head}content-length: ${BODY.length}\r\n\r\n${BODY}`);
  return startLine;
}

/** Control characters, some of ASCII, and some past it. */
const BYTES = [...Array(35).keys(), 58, 127, 128, 160, 255].map((code) =>
  String.fromCharCode(code),
);
const JSON_TYPE = 'content-type: application/json\r\n';

test.each([
  ['latin1', 'Ung\u00fcltig', 'HTTP/1.1 200 OK'],
  ['UTF-8, which is kept', 'Ung\u00c3\u00bcltig', 'HTTP/1.1 200 Ung\u00c3\u00bcltig'],
  ['a control character', 'O\u0001K', 'HTTP/1.1 200 OK'],
])('a reason phrase in %s', async (name, phrase, expected) => {
  const head = `HTTP/1.1 200 ${phrase}\r\n${JSON_TYPE}`;
  expect(await answerOf(encodeURIComponent(name), head)).toBe(expected);
});

test('whatever byte is in a head, each call is answered, and none stays in flight', async () => {
  const before = gateway.records.length;
  const answers = await Promise.all(
    BYTES.flatMap((byte, code) => [
      answerOf(`s${code}`, `HTTP/1.1 200 a${byte}b\r\n${JSON_TYPE}`),
      answerOf(`n${code}`, `HTTP/1.1 200 OK\r\n${JSON_TYPE}a${byte}b: v\r\n`),
      answerOf(`v${code}`, `HTTP/1.1 200 OK\r\n${JSON_TYPE}x-v: a${byte}b\r\n`),
      answerOf(`l${code}`, `HTTP/1.1 302 Found\r\n${JSON_TYPE}location: /a${byte}b\r\n`),
    ]),
  );
  expect(answers.filter((line) => !/^HTTP\/1\.1 (?:200|302|502) /.test(line))).toEqual([]);
  expect(gateway.records.length - before).toBe(4 * BYTES.length);
  await expect.poll(() => gateway.load().reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(0);
});

/** A whole response with these fields. */
const whole = (fields = ''): string =>
  `HTTP/1.1 200 OK\r\n${JSON_TYPE}${fields}content-length: ${BODY.length}\r\n\r\n${BODY}`;

test.each([
  ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['100 with fields, twice', 'HTTP/1.1 100 Continue\r\na: b\r\n\r\n'.repeat(2)],
  ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ['103 after 100', 'HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'],
])('the response after %s reaches the client', async (_what, interim) => {
  const { startLine, body, headers } = await relayed(
    encodeURIComponent(interim),
    interim + whole(),
  );
  expect([startLine, body.toString()]).toEqual(['HTTP/1.1 200 OK', BODY]);
  expect(valueOf(headers, 'link')).toBeUndefined();
});

test.each([
  ['204 No Content', '0', '0'],
  ['204 No Content', '5', undefined],
  ['304 Not Modified', '5', '5'],
])(
  '%s with a length of %s ends at once, and has the length %s',
  async (status, length, returned) => {
    const name = `${status.slice(0, 3)}-${length}`;
    const message = await relayed(name, `HTTP/1.1 ${status}\r\ncontent-length: ${length}\r\n\r\n`);
    expect(message.startLine).toBe(`HTTP/1.1 ${status}`);
    expect(message.framing).toBe('none');
    expect(valueOf(message.headers, 'content-length')).toBe(returned);
  },
);

test.each(['204 No Content', '304 Not Modified'])(
  'a response in the body of %s reaches nobody',
  async (status) => {
    const hidden = `HTTP/1.1 200 OK\r\n${JSON_TYPE}content-length: 6\r\n\r\nhidden`;
    const head = `HTTP/1.1 ${status}\r\ncontent-length: ${hidden.length}\r\n\r\n`;
    const name = `hidden-${status.slice(0, 3)}`;
    expect((await relayed(name, head + hidden)).startLine).toBe(`HTTP/1.1 ${status}`);
    const next = await Promise.all(
      Array.from({ length: 4 }, (_, index) => relayed(`${name}-${index}`, whole())),
    );
    expect(next.map(({ body }) => body.toString())).toEqual(Array(4).fill(BODY));
  },
);

test('what any field of Connection names stays on its own hop, in both directions', async () => {
  const fields =
    'Connection: x-a\r\nX-A: 1\r\nX-B: 2\r\nX-C: 3\r\nconnection: X-B\r\nTrailer: x-t\r\nTE: x\r\n';
  upstream.on('hops', (socket) => void socket.write(whole(fields)));
  const { headers } = await post({
    port: gateway.port,
    path: '/raw/mcp',
    body: call(1),
    headers: [
      ['x-exchange', 'hops'],
      ...fields
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(': ') as [string, string]),
    ],
  });
  const sent = upstream.requests.find((each) => valueOf(each.headers, 'x-exchange') === 'hops');
  for (const received of [headers, sent?.headers ?? []]) {
    const names = ['x-a', 'x-b', 'x-c', 'trailer', 'te'].map((name) => valueOf(received, name));
    expect(names).toEqual([undefined, undefined, '3', undefined, undefined]);
  }
});

test('trailers are dropped, and the response is whole', async () => {
  const chunked = `HTTP/1.1 200 OK\r\n${JSON_TYPE}trailer: x-t\r\ntransfer-encoding: chunked\r\n\r\n`;
  const size = BODY.length.toString(16);
  const message = await relayed('trailers', `${chunked}${size}\r\n${BODY}\r\n0\r\nx-t: 1\r\n\r\n`);
  expect([message.body.toString(), message.framing, message.trailers]).toEqual([
    BODY,
    'chunked',
    [],
  ]);
});

test('a head of 60 kB is forwarded, and a larger one is refused with the reason', async () => {
  const field = (index: number): string => `x-${index}: ${'v'.repeat(4_000)}\r\n`;
  const fields = Array.from({ length: 15 }, (_, index) => field(index)).join('');
  const forwarded = await relayed('head-60', whole(fields));
  expect(forwarded.startLine).toBe('HTTP/1.1 200 OK');
  expect(forwarded.headers.filter(([, value]) => value.length === 4_000)).toHaveLength(15);
  const refused = await relayed('head-70', whole(fields + fields));
  expect(refused.startLine).toBe('HTTP/1.1 502 Bad Gateway');
  expect(refused.body.toString()).toContain('the head of its answer is too large');
});
