import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type RawHeader, renderChunks, renderHead } from './raw-http.ts';

/** One HTTP exchange: what the client sends and what the server answers, byte for byte. */
export interface Exchange {
  readonly method: string;
  /** Behind the endpoint's path, with its `?`. */
  readonly query: string;
  readonly requestHeaders: readonly RawHeader[];
  readonly requestBody: Buffer;
  readonly requestChunks: readonly number[] | undefined;
  readonly responseLine: string;
  readonly responseHeaders: readonly RawHeader[];
  readonly responseBody: Buffer;
  readonly responseFraming: 'length' | 'chunked' | 'close';
  readonly responseChunks: readonly number[];
  readonly trailers: readonly RawHeader[];
  /** Where the bytes are cut into pieces that leave one by one, as shares of the whole. */
  readonly requestCuts: readonly number[];
  readonly responseCuts: readonly number[];
}

const MANY = 'äöü 漢字 😀 \u{1F468}\u200D\u{1F469}\u200D\u{1F467} e\u0301';
export const CUT = fc.double({ min: 0, max: 1, noNaN: true });

/** Printable ASCII and the upper half of latin1, as old servers send them; no blanks at the ends. */
const headerValue = fc
  .string({
    unit: fc
      .oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
        { weight: 1, arbitrary: fc.integer({ min: 0xa1, max: 0xff }) },
        { weight: 1, arbitrary: fc.constant(0x09) },
      )
      .map((code) => String.fromCharCode(code)),
    maxLength: 40,
  })
  .map((text) => text.replaceAll(/^[ \t]+|[ \t]+$/g, ''));

/** Each letter of a name in either case. */
function spelled(names: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...names), fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }))
    .map(([name, upper]) =>
      name
        .split('')
        .map((char, at) => (upper[at % 24] ? char.toUpperCase() : char))
        .join(''),
    );
}

const REQUEST_NAMES = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'baggage',
  'cache-control',
  'content-type',
  'cookie',
  'if-none-match',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-param-region',
  'mcp-protocol-version',
  'mcp-session-id',
  'priority',
  'user-agent',
  'x-forwarded-for',
  'x-request-id',
  'x-unknown',
] as const;
const RESPONSE_NAMES = [
  'access-control-allow-origin',
  'cache-control',
  'content-language',
  'date',
  'etag',
  'link',
  'mcp-session-id',
  'retry-after',
  'server',
  'set-cookie',
  'vary',
  'www-authenticate',
  'x-accel-buffering',
  'x-unknown',
] as const;

/** Headers that belong to one hop; what the `Connection` header names goes with them. */
const hopHeaders: fc.Arbitrary<readonly RawHeader[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.constant([['Connection', 'keep-alive'] as const]) },
  {
    weight: 1,
    arbitrary: fc.constant([
      ['connection', 'X-Hop, keep-alive'] as const,
      ['x-hop', 'of this hop only'] as const,
      ['Keep-Alive', 'timeout=5'] as const,
    ]),
  },
);

function headersOf(names: readonly string[], length: number): fc.Arbitrary<RawHeader[]> {
  return fc.array(fc.tuple(spelled(names), headerValue), { maxLength: length });
}

const json: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant({ text: MANY.repeat(20), deep: [[[[{}]]]], big: 2 ** 60, small: 1e-7 }),
);
const id = fc.oneof(
  fc.integer(),
  fc.constantFrom<number | string>(0, '', '0', 'a', -1, 2 ** 53, 0.5),
);
const tool = fc.oneof(fc.string(), fc.constantFrom('echo', '__proto__', MANY));

const request = fc.record({
  jsonrpc: fc.constant('2.0'),
  id,
  method: fc.constantFrom('tools/call', 'tools/list', 'initialize', 'ping', 'x/y', ''),
  params: fc.record({ name: tool, arguments: json, _meta: json }),
});
const notification = fc.record({
  jsonrpc: fc.constant('2.0'),
  method: fc.constantFrom('notifications/progress', 'notifications/cancelled', 'x'),
  params: fc.record({ requestId: id, progressToken: id }),
});
const answer = fc.oneof(
  fc.record({ jsonrpc: fc.constant('2.0'), id, result: json }),
  fc.record({
    jsonrpc: fc.constant('2.0'),
    id,
    error: fc.record({ code: fc.integer(), message: fc.string(), data: json }),
  }),
  fc.record({
    jsonrpc: fc.constant('2.0'),
    id,
    result: fc.record({ content: json, isError: fc.boolean() }),
  }),
);
const message = fc.oneof(request, notification, answer);

/** With blanks and line breaks between the tokens, as people write it. */
function textOf(value: unknown): fc.Arbitrary<string> {
  return fc.constantFrom(0, 2, '\t').map((indent) => JSON.stringify(value, undefined, indent));
}

const messageText = fc
  .oneof({ weight: 4, arbitrary: message }, { weight: 1, arbitrary: fc.array(message) })
  .chain(textOf);

const garbage = fc.oneof(
  fc
    .constantFrom('{', '[]', 'null', '""', '{"jsonrpc":', '\u0000', '\uFEFF{}', '<html>')
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

/** A result too large to be kept, in one of two shapes. */
export function largeResult(bytes: number): Buffer {
  const text = `${MANY} "quoted" \\ `.repeat(Math.ceil(bytes / 70));
  return Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text }] } }),
  );
}

const largeBytes = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 60_000, max: 600_000 }) },
  { weight: 1, arbitrary: fc.constant(10_000_000) },
);

const REASON_START = 'HTTP/1.1 200 '.length;
const LINE_ENDS = ['\n', '\r\n', '\r'] as const;

/** A stream of server-sent events with everything that the format allows. */
export const eventStream = fc
  .tuple(
    fc.constantFrom(...LINE_ENDS),
    fc.array(
      fc.oneof(
        messageText.map((text) => ['event: message', ...dataLines(text)]),
        messageText.map((text) => ['id: 7', ...dataLines(text, 'data:')]),
        fc.constant(['id: 1', 'data:']),
        fc.constant(['id: 1', 'retry: 500', 'data: ']),
        fc.constant([': keep-alive']),
        fc.constant([':', '']),
        fc.constant(['data']),
        fc.constant(['unknown: field', 'data: no json']),
        headerValue.map((text) => [`data: ${text}`]),
      ),
      { maxLength: 8 },
    ),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([lineEnd, events, hasMark, isCutOff]) => {
    const text = events.map((lines) => lines.join(lineEnd) + lineEnd + lineEnd).join('');
    const bytes = Buffer.from((hasMark ? '\uFEFF' : '') + text);
    return isCutOff ? bytes.subarray(0, Math.floor(bytes.length * 0.8)) : bytes;
  });

function dataLines(text: string, field = 'data: '): string[] {
  return text.split('\n').map((line) => field + line);
}

interface Body {
  readonly type: string | undefined;
  readonly encoding?: string;
  readonly bytes: Buffer;
}

const jsonType = fc.constantFrom('application/json', 'application/json; charset=utf-8', undefined);
const requestBody: fc.Arbitrary<Body> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: jsonType, bytes: messageText.map((text) => Buffer.from(text)) }),
  },
  { weight: 2, arbitrary: fc.record({ type: jsonType, bytes: garbage }) },
  { weight: 2, arbitrary: fc.constant({ type: undefined, bytes: Buffer.alloc(0) }) },
  { weight: 1, arbitrary: fc.record({ type: jsonType, bytes: largeBytes.map(largeResult) }) },
);
const responseBody: fc.Arbitrary<Body> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ type: jsonType, bytes: messageText.map((text) => Buffer.from(text)) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constantFrom('text/event-stream', 'text/event-stream;charset=UTF-8'),
      bytes: eventStream,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('application/json', 'text/event-stream', 'text/plain'),
      bytes: garbage,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ type: undefined, bytes: Buffer.alloc(0) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: jsonType,
      encoding: fc.constant('gzip'),
      bytes: messageText.map((text) => gzipSync(text)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: jsonType, bytes: largeBytes.map(largeResult) }) },
);

const status = fc.oneof(
  { weight: 4, arbitrary: fc.constant(200) },
  { weight: 1, arbitrary: fc.constantFrom(202, 204, 304, 400, 401, 404, 405, 406, 429, 503) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 599 }) },
);
const reason = fc.constantFrom('OK', '', 'Not Found', 'I am a teapot', "it's fine");

export const exchange: fc.Arbitrary<Exchange> = fc
  .record({
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant('POST') },
      {
        weight: 6,
        arbitrary: fc.constantFrom('GET', 'GET', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH'),
      },
    ),
    query: fc.constantFrom('', '', '', '?', '?a=1&b=%20x', '?sessionId=a/b?c', '?%C3%A4'),
    requestHeaders: fc.tuple(headersOf(REQUEST_NAMES, 8), hopHeaders),
    requestBody,
    requestChunks: fc.option(fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 4 }), {
      nil: undefined,
      freq: 3,
    }),
    status,
    reason,
    responseHeaders: fc.tuple(headersOf(RESPONSE_NAMES, 8), hopHeaders),
    responseBody,
    responseFraming: fc.constantFrom<('length' | 'chunked' | 'close')[]>(
      'length',
      'length',
      'chunked',
      'chunked',
      'close',
    ),
    responseChunks: fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 4 }),
    trailers: fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constant([['X-Checksum', 'abc'] as const]) },
    ),
    requestCuts: fc.array(CUT, { maxLength: 4 }),
    responseCuts: fc.array(CUT, { maxLength: 6 }),
  })
  .map(complete);

interface Draft extends Omit<
  Exchange,
  'requestHeaders' | 'requestBody' | 'responseLine' | 'responseHeaders' | 'responseBody'
> {
  readonly requestHeaders: readonly [readonly RawHeader[], readonly RawHeader[]];
  readonly requestBody: Body;
  readonly status: number;
  readonly reason: string;
  readonly responseHeaders: readonly [readonly RawHeader[], readonly RawHeader[]];
  readonly responseBody: Body;
}

function complete(draft: Draft): Exchange {
  const { requestBody: sent, responseBody: answered, status: code } = draft;
  const hasNoBody = draft.method === 'HEAD' || code === 204 || code === 304;
  return {
    ...draft,
    requestHeaders: [...draft.requestHeaders.flat(), ...typeHeaders(sent)],
    requestBody: sent.bytes,
    responseLine: `HTTP/1.1 ${code} ${draft.reason}`,
    responseHeaders: [...draft.responseHeaders.flat(), ...typeHeaders(answered)],
    responseBody: hasNoBody ? Buffer.alloc(0) : answered.bytes,
  };
}

function typeHeaders({ type, encoding }: Body): RawHeader[] {
  return [
    ...(type === undefined ? [] : [['Content-Type', type] as const]),
    ...(encoding === undefined ? [] : [['Content-Encoding', encoding] as const]),
  ];
}

/** The bytes that the client sends. */
export function renderRequest(
  each: Pick<
    Exchange,
    'method' | 'query' | 'requestHeaders' | 'requestBody' | 'requestChunks' | 'requestCuts'
  >,
  path: string,
  host: string,
  number: string,
): Buffer[] {
  const framing: RawHeader[] =
    each.requestChunks !== undefined
      ? [['Transfer-Encoding', 'chunked']]
      : each.requestBody.length > 0 || each.method === 'POST'
        ? [['Content-Length', String(each.requestBody.length)]]
        : [];
  const head = renderHead(`${each.method} ${path}${each.query} HTTP/1.1`, [
    ['Host', host],
    ['x-exchange', number],
    ...each.requestHeaders,
    ...framing,
  ]);
  const body =
    each.requestChunks === undefined
      ? each.requestBody
      : renderChunks(slice(each.requestBody, each.requestChunks));
  return cut(Buffer.concat([head, body]), each.requestCuts);
}

/** The bytes that the server answers, and whether it has to close the connection afterwards. */
export function renderResponse(each: Exchange): { pieces: Buffer[]; closes: boolean } {
  const hasNoBody = each.method === 'HEAD' || / (?:204|304) /.test(`${each.responseLine} `);
  const framing: Record<Exchange['responseFraming'], RawHeader> = {
    length: ['Content-Length', String(each.responseBody.length)],
    chunked: ['Transfer-Encoding', 'chunked'],
    close: ['Connection', 'close'],
  };
  // An answer that cannot have a body has no need to say how long it is; a length of HEAD's is one it would have.
  const lengthOfHead: RawHeader[] =
    each.method === 'HEAD' && each.responseFraming === 'length' ? [['Content-Length', '4711']] : [];
  const closes = each.responseFraming === 'close';
  const head = renderHead(each.responseLine, [
    ...each.responseHeaders.filter(([name]) => !closes || name.toLowerCase() !== 'connection'),
    ...(hasNoBody && !closes ? lengthOfHead : [framing[each.responseFraming]]),
  ]);
  const body =
    !hasNoBody && each.responseFraming === 'chunked'
      ? renderChunks(slice(each.responseBody, each.responseChunks), each.trailers)
      : each.responseBody;
  const bytes = Buffer.concat([head, body]);
  // docs/transparency.md: a reason phrase that arrives in two pieces loses its first.
  const isInReason = (share: number): boolean => {
    const at = Math.floor(share * bytes.length);
    return at > REASON_START && at <= each.responseLine.length;
  };
  const cuts = each.responseCuts.filter((share) => !isInReason(share));
  return { pieces: cut(bytes, cuts), closes };
}

function slice(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const slices: Buffer[] = [];
  let at = 0;
  for (const size of sizes) {
    slices.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...slices, bytes.subarray(at)];
}

export function cut(bytes: Buffer, shares: readonly number[]): Buffer[] {
  const places = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
  const bounds = [0, ...places, bytes.length];
  return bounds
    .slice(1)
    .map((end, at) => bytes.subarray(bounds[at], end))
    .filter((piece) => piece.length > 0);
}
