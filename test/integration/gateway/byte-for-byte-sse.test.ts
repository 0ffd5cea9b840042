import { once } from 'node:events';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { readDocumentedHeaders } from './support/documented-headers.ts';
import {
  CUT,
  cut,
  eventStream,
  exchange,
  type Exchange,
  renderRequest,
  renderResponse,
} from './support/exchange-arbitrary.ts';
import { createRawClient } from './support/raw-client.ts';
import { type RawHeader, type RawMessage, renderHead, valueOf } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream, writePieces } from './support/raw-upstream.ts';

/**
 * Goal: HTTP+SSE in front of HTTP+SSE is passed on byte for byte, but for the address in the `endpoint` event.
 * Method: a raw server announces an address, takes a generated POST and streams generated events, directly and through
 * the gateway.
 */
const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 2_000 : 200;

let upstream: RawUpstream;
let gateway: StartedGateway;
let documented: Awaited<ReturnType<typeof readDocumentedHeaders>>;

beforeAll(async () => {
  upstream = await startRawUpstream();
  gateway = await startGateway({
    servers: [httpServer('old', `http://127.0.0.1:${upstream.port}/sse`, {}, 'sse')],
    onCall: () => undefined,
  });
  documented = await readDocumentedHeaders();
});

afterAll(async () => {
  await gateway?.stop(0);
  await upstream?.stop();
});

interface Conversation {
  readonly lineEnd: string;
  readonly prelude: readonly string[];
  readonly isAbsolute: boolean;
  readonly query: string;
  readonly isDataFirst: boolean;
  readonly before: Buffer;
  readonly after: Buffer;
  readonly cuts: readonly number[];
  readonly post: Exchange;
}

const conversation: fc.Arbitrary<Conversation> = fc.record({
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  prelude: fc.array(fc.constantFrom(': hello', 'retry: 3000', ': ü😀'), { maxLength: 3 }),
  isAbsolute: fc.boolean(),
  query: fc.constantFrom('', '?sessionId=1f', '?a=%2F&b=', '?x=event:endpoint'),
  isDataFirst: fc.boolean(),
  before: eventStream.map(endingWithBlankLine),
  after: eventStream.map(endingWithBlankLine),
  cuts: fc.array(CUT, { maxLength: 6 }),
  post: exchange
    .filter(({ responseFraming }) => responseFraming !== 'close')
    .map((each) => ({ ...each, method: 'POST', query: '' })),
});

/** Generated streams may break off anywhere; the next event has to begin on a line of its own. */
function endingWithBlankLine(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.from('\n\n')]);
}

let numbers = 0;

interface Seen {
  readonly asked: RawMessage;
  readonly stream: RawMessage;
  readonly posted: RawMessage;
  readonly answer: RawMessage;
}

async function hold(each: Conversation, port: number, server: string): Promise<Seen> {
  const number = String(++numbers);
  const path = `/message/${number}${each.query}`;
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<RawMessage>();
  let stream: Socket | undefined;
  let asked: RawMessage | undefined;
  upstream.on(number, async (socket, request) => {
    if (request.startLine.startsWith('GET ')) {
      stream = socket;
      asked = request;
      const announced = each.isAbsolute ? `http://127.0.0.1:${upstream.port}${path}` : path;
      await writePieces(socket, [
        renderHead('HTTP/1.1 200 OK', [
          ['Content-Type', 'text/event-stream'],
          ['X-Accel-Buffering', 'no'],
          ['Transfer-Encoding', 'chunked'],
        ]),
        ...cut(openingOf(each, announced), each.cuts).map(chunkOf),
      ]);
      return;
    }
    arrive(request);
    await writePieces(socket, renderResponse(each.post).pieces);
    if (stream) await writePieces(stream, [...cut(each.after, each.cuts).map(chunkOf), END]);
  });

  let bytes = '';
  const { promise: announced, resolve: announce } = Promise.withResolvers<void>();
  const reader = createRawClient(port, (more) => {
    bytes += more.toString('latin1');
    // The address may stand in two chunks.
    const text = bytes.replaceAll(/\r\n[0-9a-f]+\r\n/g, '');
    if (text.includes(`${path}${each.lineEnd}`)) announce();
  });
  const poster = createRawClient(port);
  try {
    const host = `127.0.0.1:${port}`;
    const headers: RawHeader[] = [
      ['Host', host],
      ['x-exchange', number],
      ['Accept', 'text/event-stream'],
      ['Accept-Encoding', 'gzip, br'],
    ];
    const whole = reader.exchange('GET', [renderHead(`GET ${server}/sse HTTP/1.1`, headers)]);
    await Promise.race([announced, whole]);
    const answer = await poster.exchange(
      'POST',
      renderRequest(each.post, `${server}${path}`, host, number),
    );
    if (!asked) throw new Error('the stream was not asked for');
    return { asked, stream: await whole, posted: await arrived, answer };
  } finally {
    reader.close();
    poster.close();
  }
}

const END = Buffer.from('0\r\n\r\n');

function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ]);
}

function openingOf(
  { prelude, lineEnd, isDataFirst, before }: Conversation,
  address: string,
): Buffer {
  const event = ['event: endpoint', `data: ${address}`];
  const lines = [...prelude, ...(isDataFirst ? event.toReversed() : event), '', ''];
  return Buffer.concat([Buffer.from(lines.join(lineEnd)), before]);
}

function rest(message: RawMessage, listed: ReadonlySet<string>): readonly RawHeader[] {
  return message.headers.filter(
    ([name]) => !listed.has(name.toLowerCase()) && !/^x-(?:exchange|hop)$/i.test(name),
  );
}

test(`${RUNS} generated conversations over HTTP+SSE differ in nothing but the announced address`, async () => {
  await fc.assert(
    fc.asyncProperty(conversation, async (each) => {
      const one = await hold(each, upstream.port, '');
      const other = await hold(each, gateway.port, '/old');
      expect(textOf(other.stream, '/old')).toBe(textOf(one.stream, ''));
      expect(other.stream.startLine).toBe(one.stream.startLine);
      expect(rest(other.stream, documented.response)).toEqual(
        rest(one.stream, documented.response),
      );
      expect(valueOf(one.asked.headers, 'accept-encoding')).toBe('gzip, br');
      expect(rest(other.asked, documented.request)).toEqual(
        rest(one.asked, new Set([...documented.request, 'accept-encoding'])),
      );
      expect(other.posted.body.equals(one.posted.body), 'posted body').toBe(true);
      expect(rest(other.posted, documented.request)).toEqual(rest(one.posted, documented.request));
      expect(other.answer.startLine).toBe(one.answer.startLine);
      expect(other.answer.body.equals(one.answer.body), 'answer').toBe(true);
      expect(rest(other.answer, documented.response)).toEqual(
        rest(one.answer, documented.response),
      );
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

/** A stream with the address written the same way for both. */
function textOf({ body, framing }: RawMessage, server: string): string {
  expect(framing).toBe('chunked');
  const text = body.toString('latin1');
  const address = new RegExp(
    `data: (?:http://127\\.0\\.0\\.1:${upstream.port})?${server}/message/\\d+`,
  );
  expect(text).toMatch(address);
  return text.replace(address, 'data: ADDRESS');
}

test('a client that leaves its stream ends it upstream, and nobody can post to it any more', async () => {
  const number = String(++numbers);
  const { promise, resolve } = Promise.withResolvers<Socket>();
  upstream.on(number, async (socket) => {
    resolve(socket);
    await writePieces(socket, [
      renderHead('HTTP/1.1 200 OK', [
        ['Content-Type', 'text/event-stream'],
        ['Transfer-Encoding', 'chunked'],
      ]),
      chunkOf(Buffer.from(`event: endpoint\ndata: /message/${number}\n\n`)),
    ]);
  });
  const { promise: announced, resolve: announce } = Promise.withResolvers<void>();
  const reader = createRawClient(gateway.port, (bytes) => {
    if (bytes.includes(`/old/message/${number}`)) announce();
  });
  const host = `127.0.0.1:${gateway.port}`;
  const head = renderHead('GET /old/sse HTTP/1.1', [
    ['Host', host],
    ['x-exchange', number],
  ]);
  const whole = reader.exchange('GET', [head]).catch(() => undefined);
  const socket = await promise;
  await announced;
  reader.close();
  await Promise.all([whole, once(socket, 'close')]);
  const poster = createRawClient(gateway.port);
  const answer = await poster.exchange('POST', [
    renderHead(`POST /old/message/${number} HTTP/1.1`, [
      ['Host', host],
      ['Content-Length', '0'],
    ]),
  ]);
  poster.close();
  expect(answer.startLine).toMatch(/ 404 /);
  expect(gateway.load().every(({ streams, sessions }) => streams === 0 && sessions === 0)).toBe(
    true,
  );
});
