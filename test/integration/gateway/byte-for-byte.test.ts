import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpServer, type StartedGateway, startGateway } from '../support/start-gateway.ts';
import { readDocumentedHeaders } from './support/documented-headers.ts';
import {
  exchange,
  type Exchange,
  largeResult,
  renderRequest,
  renderResponse,
} from './support/exchange-arbitrary.ts';
import { createRawClient, type RawClient } from './support/raw-client.ts';
import { type RawHeader, type RawMessage, valueOf } from './support/raw-http.ts';
import { type RawUpstream, startRawUpstream, writePieces } from './support/raw-upstream.ts';

/**
 * Goal: HTTP in front of HTTP is passed on byte for byte, but for the headers that docs/transparency.md lists.
 * Method: generated exchanges between a raw client and a raw server, directly and through the gateway; both ends are
 * compared as they were on the wire.
 */
const RUNS = process.env['MCP_EXPORTER_FULL'] === '1' ? 10_000 : 1_000;

let upstream: RawUpstream;
let gateway: StartedGateway;
let direct: RawClient;
let through: RawClient;
let documented: Awaited<ReturnType<typeof readDocumentedHeaders>>;

beforeAll(async () => {
  upstream = await startRawUpstream();
  gateway = await startGateway({
    servers: [httpServer('raw', `http://127.0.0.1:${upstream.port}/base/mcp`)],
    onCall: () => undefined,
  });
  direct = createRawClient(upstream.port);
  through = createRawClient(gateway.port);
  documented = await readDocumentedHeaders();
});

afterAll(async () => {
  direct?.close();
  through?.close();
  await gateway?.stop(0);
  await upstream?.stop();
});

/** Large bodies in either direction, whatever the generator comes up with. */
const TEN_MEGABYTES: [Exchange][] = (
  ['application/json', 'text/event-stream', undefined] as const
).map((type, at) => [
  {
    method: 'POST',
    query: '',
    requestHeaders: [['Content-Type', 'application/json']],
    requestBody: largeResult(at === 0 ? 10_000_000 : 10),
    requestChunks: undefined,
    responseLine: 'HTTP/1.1 200 OK',
    responseHeaders: type === undefined ? [] : [['content-type', type]],
    responseBody: Buffer.concat([
      Buffer.from(at === 1 ? 'data: ' : ''),
      largeResult(10_000_000),
      Buffer.from(at === 1 ? '\n\n' : ''),
    ]),
    responseFraming: at === 0 ? 'length' : 'chunked',
    responseChunks: [],
    trailers: [],
    requestCuts: [0.3],
    responseCuts: [0.1, 0.5],
  },
]);

let numbers = 0;

interface Seen {
  readonly request: RawMessage;
  readonly response: RawMessage;
}

async function run(each: Exchange, client: RawClient, port: number, path: string): Promise<Seen> {
  const number = String(++numbers);
  const { promise, resolve } = Promise.withResolvers<RawMessage>();
  upstream.on(number, async (socket, request) => {
    resolve(request);
    const { pieces, closes } = renderResponse(each);
    await writePieces(socket, pieces);
    if (closes) socket.end();
  });
  // The numbers differ, so they are taken out of what is compared.
  const response = await client.exchange(
    each.method,
    renderRequest(each, path, `127.0.0.1:${port}`, number),
  );
  return { request: await promise, response };
}

/** Headers in their order, without the documented ones and those that `Connection` named. */
function rest(message: RawMessage, listed: ReadonlySet<string>): readonly RawHeader[] {
  const named = (valueOf(message.headers, 'connection') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  return message.headers.filter(([name]) => {
    const lower = name.toLowerCase();
    return lower !== 'x-exchange' && !listed.has(lower) && !named.includes(lower);
  });
}

/** Of a body that 204 cannot have; a test of odd heads looks at it. */
function withoutLength(startLine: string, headers: readonly RawHeader[]): readonly RawHeader[] {
  if (!startLine.includes(' 204 ')) return headers;
  return headers.filter(
    ([name, value]) => name.toLowerCase() !== 'content-length' || value === '0',
  );
}

test(`${RUNS} generated exchanges differ in nothing but the documented headers`, async () => {
  const before = gateway.upstreamRequests();
  await fc.assert(
    fc.asyncProperty(exchange, async (each) => {
      const one = await run(each, direct, upstream.port, '/base/mcp');
      const other = await run(each, through, gateway.port, '/raw/mcp');
      expect(other.request.startLine.replace(/\?(?= )/, '')).toBe(
        one.request.startLine.replace(/\?(?= )/, ''),
      );
      expect(rest(other.request, documented.request)).toEqual(
        rest(one.request, documented.request),
      );
      expect(other.request.body.equals(one.request.body), 'request body').toBe(true);
      expect(other.response.startLine).toBe(one.response.startLine);
      expect(rest(other.response, documented.response)).toEqual(
        withoutLength(one.response.startLine, rest(one.response, documented.response)),
      );
      expect(other.response.body.equals(one.response.body), 'response body').toBe(true);
      expect(other.response.framing).not.toBe('broken');
    }),
    { numRuns: RUNS, examples: TEN_MEGABYTES },
  );
  // Exactly one upstream request for each of the client's.
  expect(gateway.upstreamRequests() - before).toBe(upstream.requests.length / 2);
});
