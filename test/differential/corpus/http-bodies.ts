import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { bodyOf, event, events, json, text, withHeaders } from '../servers/http-answers.ts';
import type { HttpAnswer, OddHttpServer, Piece, React } from '../servers/odd-server.ts';

const TRANSPORT = 'http' as const;
const BYTE_ORDER_MARK = '\uFEFF';

/** Changes answers to requests that were answered, whatever their status. */
function toReplies(change: (usual: HttpAnswer, reply: object) => HttpAnswer): React {
  return ({ reply }, usual) => (reply === undefined ? usual : change(usual, reply));
}

function typed(contentType: string): React {
  return toReplies((usual) => withHeaders(usual, { 'Content-Type': contentType }));
}

function encoded(encoding: string, encode: (body: Buffer) => Buffer): React {
  return toReplies((usual) => ({
    ...withHeaders(usual, { 'Content-Encoding': encoding }),
    body: [{ bytes: encode(bodyOf(usual)) }],
  }));
}

const TYPES: readonly OddHttpServer[] = [
  ['type-charset', 'application/json; charset=utf-8'],
  ['type-uppercase', 'Application/JSON;CHARSET="UTF-8"'],
  ['type-parameters', 'application/json; profile="mcp"; v=1'],
  ['type-text', 'text/plain'],
  ['type-json-rpc', 'application/json-rpc'],
  ['type-vendor-json', 'application/vnd.mcp+json'],
  ['type-twice', 'application/json, application/json'],
  ['type-html', 'text/html; charset=utf-8'],
].map(([name = '', contentType = '']) => ({
  transport: TRANSPORT,
  name,
  what: `JSON with content type ${contentType}`,
  era: 'sessions',
  answer: typed(contentType),
  reason: 'cannot be used',
}));

const MORE_TYPES: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'type-missing',
    what: 'JSON without a content type',
    era: 'sessions',
    answer: toReplies((usual) => ({ ...usual, headers: {} })),
    reason: 'content type',
  },
  {
    transport: TRANSPORT,
    name: 'login-page',
    what: 'every answer is a login page with status 200',
    era: 'sessions',
    answer: () => text(200, 'text/html', '<form>Log in</form>'),
    reason: 'HTML page',
  },
  {
    transport: TRANSPORT,
    name: 'type-event-stream-charset',
    what: 'events with content type Text/Event-Stream; charset=UTF-8',
    era: 'sessions',
    answer: toReplies((usual, reply) => ({
      ...withHeaders(usual, { 'Content-Type': 'Text/Event-Stream; charset=UTF-8' }),
      body: [{ bytes: event(reply) }],
    })),
  },
];

const ENCODINGS: readonly OddHttpServer[] = [
  ...(
    [
      ['gzip', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
      ['zstd', zstdCompressSync],
      ['x-gzip', gzipSync],
    ] as const
  ).map(([encoding, encode]) => ({
    transport: TRANSPORT,
    name: `encoding-${encoding}`,
    what: `bodies compressed with ${encoding}`,
    era: 'sessions' as const,
    answer: encoded(encoding, encode),
    reason: 'compressed',
  })),
  {
    transport: TRANSPORT,
    name: 'encoding-gzip-stateless',
    what: 'bodies compressed with gzip',
    era: 'stateless',
    answer: encoded('gzip', gzipSync),
  },
  {
    transport: TRANSPORT,
    name: 'encoding-deflate-raw',
    what: 'bodies compressed with deflate without its zlib header',
    era: 'sessions',
    answer: encoded('deflate', deflateRawSync),
  },
  {
    transport: TRANSPORT,
    name: 'encoding-gzip-then-br',
    what: 'bodies compressed with gzip, then br',
    era: 'sessions',
    answer: encoded('gzip, br', (body) => brotliCompressSync(gzipSync(body))),
  },
  {
    transport: TRANSPORT,
    name: 'encoding-gzip-events',
    what: 'events compressed with gzip',
    era: 'sessions',
    answer: toReplies((usual, reply) => ({
      ...usual,
      headers: {
        ...usual.headers,
        'Content-Type': 'text/event-stream',
        'Content-Encoding': 'gzip',
      },
      body: [{ bytes: gzipSync(event(reply)) }],
      framing: 'chunked',
    })),
  },
  {
    transport: TRANSPORT,
    name: 'encoding-false',
    what: 'bodies that claim gzip and are not compressed',
    era: 'sessions',
    answer: encoded('gzip', (body) => body),
    reason: 'compressed',
  },
  {
    transport: TRANSPORT,
    name: 'encoding-gzip-errors',
    what: 'only errors are compressed, with gzip',
    era: 'stateless',
    answer: ({ reply }, usual) =>
      reply !== undefined && usual.status >= 400
        ? {
            ...withHeaders(usual, { 'Content-Encoding': 'gzip' }),
            body: [{ bytes: gzipSync(bodyOf(usual)) }],
          }
        : usual,
  },
];

/** One piece per byte. */
function byteByByte(body: Buffer): readonly Piece[] {
  return [...body].map((byte) => ({ bytes: Buffer.of(byte) }));
}

const FRAMINGS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'framing-bytes',
    what: 'chunked bodies, one byte per chunk',
    era: 'sessions',
    answer: toReplies((usual) => ({
      ...usual,
      framing: 'chunked',
      body: byteByByte(bodyOf(usual)),
    })),
  },
  {
    transport: TRANSPORT,
    name: 'framing-close',
    what: 'bodies that end with the connection',
    era: 'sessions',
    answer: toReplies((usual) => ({ ...usual, framing: 'close' })),
  },
  {
    transport: TRANSPORT,
    name: 'framing-http-1.0',
    what: 'HTTP/1.0 answers',
    era: 'sessions',
    answer: (_, usual) => ({ ...usual, framing: 'http-1.0' }),
  },
  {
    transport: TRANSPORT,
    name: 'framing-http-1.0-stateless',
    what: 'HTTP/1.0 answers',
    era: 'stateless',
    answer: (_, usual) => ({ ...usual, framing: 'http-1.0' }),
  },
  {
    transport: TRANSPORT,
    name: 'framing-http-1.0-events',
    what: 'HTTP/1.0 answers with events',
    era: 'sessions',
    answer: toReplies((usual, reply) => ({
      ...withHeaders(usual, { 'Content-Type': 'text/event-stream' }),
      body: [{ bytes: event(reply) }],
      framing: 'http-1.0',
    })),
  },
  {
    transport: TRANSPORT,
    name: 'framing-connection-close',
    what: 'every answer closes its connection',
    era: 'sessions',
    answer: (_, usual) => withHeaders(usual, { Connection: 'close' }),
  },
  {
    transport: TRANSPORT,
    name: 'framing-slow-body',
    what: 'bodies that pause in the middle of a character',
    era: 'sessions',
    reply: ({ method }, usual) =>
      method === 'tools/list'
        ? { ...usual, result: { tools: [{ name: 'écho', inputSchema: { type: 'object' } }] } }
        : usual,
    answer: toReplies((usual) => {
      const body = bodyOf(usual);
      const cut = Math.max(1, body.indexOf('é') + 1);
      return {
        ...usual,
        framing: 'chunked',
        body: [{ bytes: body.subarray(0, cut) }, { bytes: body.subarray(cut), afterMs: 100 }],
      };
    }),
  },
  {
    transport: TRANSPORT,
    name: 'framing-cut-body',
    what: 'bodies that are reset before their end',
    era: 'sessions',
    answer: toReplies((usual) => ({
      ...usual,
      framing: 'chunked',
      body: [{ bytes: bodyOf(usual).subarray(0, 10) }],
      end: 'reset',
    })),
    reason: 'connection',
  },
  {
    transport: TRANSPORT,
    name: 'framing-open-body',
    waits: 'for ever',
    what: 'JSON bodies that never end',
    era: 'sessions',
    answer: toReplies((usual) => ({ ...usual, framing: 'chunked', end: 'open' })),
    reason: 'within',
  },
];

const TEXTS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'json-byte-order-mark',
    what: 'JSON after a byte order mark',
    era: 'sessions',
    answer: toReplies((usual) => ({
      ...usual,
      body: [{ bytes: BYTE_ORDER_MARK }, { bytes: bodyOf(usual) }],
    })),
  },
  {
    transport: TRANSPORT,
    name: 'json-white-space',
    what: 'JSON with line breaks and white space around it',
    era: 'sessions',
    answer: toReplies((usual, reply) => ({
      ...usual,
      body: [{ bytes: `\r\n\t ${JSON.stringify(reply, null, 2)}\r\n\r\n` }],
    })),
  },
  {
    transport: TRANSPORT,
    name: 'json-invalid-utf-8',
    what: 'text that is not valid UTF-8 in the list',
    era: 'sessions',
    answer: ({ method }, usual) =>
      method === 'tools/list'
        ? {
            ...usual,
            body: [
              { bytes: Buffer.from(bodyOf(usual).toString().replace('input', '\xe9'), 'latin1') },
            ],
          }
        : usual,
  },
  {
    transport: TRANSPORT,
    name: 'json-empty',
    what: 'every answer is 200 with an empty body',
    era: 'sessions',
    answer: toReplies(() => text(200, 'application/json', '')),
    reason: 'cannot be used',
  },
  {
    transport: TRANSPORT,
    name: 'json-broken',
    what: 'JSON that is cut off',
    era: 'sessions',
    answer: toReplies((usual) => ({ ...usual, body: [{ bytes: bodyOf(usual).subarray(0, 30) }] })),
    reason: 'JSON',
  },
  {
    transport: TRANSPORT,
    name: 'json-batch',
    what: 'each answer is a batch of one',
    era: 'sessions',
    answer: toReplies((usual, reply) => ({
      ...usual,
      body: [{ bytes: JSON.stringify([reply]) }],
    })),
  },
  {
    transport: TRANSPORT,
    name: 'event-batch',
    waits: 'for ever',
    what: 'each event holds a batch of one',
    era: 'sessions',
    reason: 'within',
    answer: toReplies((usual, reply) => ({
      ...events(event([reply])),
      headers: { ...usual.headers, 'Content-Type': 'text/event-stream' },
    })),
  },
  {
    transport: TRANSPORT,
    name: 'json-of-2-mb',
    what: 'a list of 2 MB',
    era: 'stateless',
    reply: ({ method, message }, usual) => {
      if (method !== 'tools/list') return usual;
      const description = 'x'.repeat(1_000);
      const tools = Array.from({ length: 2_000 }, (_, index) => ({
        name: `tool-${index}`,
        description,
        inputSchema: { type: 'object' },
      }));
      const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools };
      return { jsonrpc: '2.0', id: message['id'], result };
    },
  },
  {
    transport: TRANSPORT,
    name: 'error-as-200',
    what: 'JSON-RPC errors with status 200',
    era: 'stateless',
    answer: toReplies((usual, reply) => ({ ...json(reply), headers: usual.headers })),
  },
];

export const HTTP_BODIES: readonly OddHttpServer[] = [
  ...TYPES,
  ...MORE_TYPES,
  ...ENCODINGS,
  ...FRAMINGS,
  ...TEXTS,
];
