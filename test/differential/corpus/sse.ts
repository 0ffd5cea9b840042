import {
  event,
  json,
  notification,
  redirect,
  request,
  text,
  withHeaders,
} from '../servers/http-answers.ts';
import type { HttpAsked, OddSseServer, Piece, React } from '../servers/odd-server.ts';
import { errorOf } from '../servers/usual-replies.ts';

const TRANSPORT = 'sse' as const;

type Shape = Omit<OddSseServer, 'transport'>;

const PLAIN: readonly Shape[] = [
  { name: 'sse-sessions', what: 'nothing odd: sessions', era: 'sessions' },
  { name: 'sse-stateless', what: 'nothing odd: stateless', era: 'stateless' },
  { name: 'sse-both-eras', what: 'nothing odd: both eras', era: 'both' },
  {
    name: 'sse-undeclared',
    what: 'its transport is not configured',
    era: 'sessions',
    isUndeclared: true,
  },
  {
    name: 'sse-undeclared-both-eras',
    what: 'its transport is not configured; both eras',
    era: 'both',
    isUndeclared: true,
  },
  {
    name: 'sse-revision-2024-11-05',
    what: 'speaks 2024-11-05 only',
    era: 'sessions',
    revision: '2024-11-05',
  },
];

/** The first event of the stream is written by `write`. */
function endpoint(write: (asked: HttpAsked, address: string) => string): React {
  return (asked, usual) => {
    const [first] = Array.isArray(usual.body) ? (usual.body as readonly Piece[]) : [];
    const address = String(first?.bytes ?? '').match(/\/messages\S*/)?.[0] ?? '';
    return { ...usual, body: [{ bytes: write(asked, address) }] };
  };
}

const ENDPOINTS: readonly Shape[] = [
  {
    name: 'sse-endpoint-absolute',
    what: 'the endpoint is an absolute address',
    era: 'sessions',
    stream: endpoint(({ origin }, address) => `event: endpoint\ndata: ${origin}${address}\n\n`),
  },
  {
    name: 'sse-endpoint-no-slash',
    what: 'the endpoint is relative without a slash',
    era: 'sessions',
    stream: endpoint((_, address) => `event: endpoint\ndata: ${address.slice(1)}\n\n`),
  },
  {
    name: 'sse-endpoint-crlf',
    what: 'the endpoint event has CRLF',
    era: 'sessions',
    stream: endpoint((_, address) => `event: endpoint\r\ndata: ${address}\r\n\r\n`),
  },
  {
    name: 'sse-endpoint-after-comments',
    what: 'comments and other events before the endpoint',
    era: 'sessions',
    stream: endpoint(
      (_, address) =>
        `: hi\n\nevent: hello\ndata: x\n\nretry: 100\nevent: endpoint\ndata: ${address}\n\n`,
    ),
  },
  {
    name: 'sse-endpoint-byte-order-mark',
    what: 'the stream begins with a byte order mark',
    era: 'sessions',
    stream: endpoint((_, address) => `\uFEFFevent: endpoint\ndata: ${address}\n\n`),
  },
  {
    name: 'sse-endpoint-other-origin',
    what: 'the endpoint is at another origin',
    era: 'sessions',
    stream: endpoint(
      ({ otherOrigin }, address) => `event: endpoint\ndata: ${otherOrigin}${address}\n\n`,
    ),
    reason: 'origin',
  },
  {
    name: 'sse-endpoint-none',
    waits: 'for ever',
    what: 'the stream never names an endpoint',
    era: 'sessions',
    stream: endpoint(() => ': hi\n\n'),
    reason: 'endpoint',
  },
  {
    name: 'sse-endpoint-late',
    waits: 'seconds',
    what: 'the endpoint comes after 3 s',
    era: 'sessions',
    stream: (asked, usual) => ({
      ...usual,
      body: [
        { bytes: ':\n\n' },
        ...(usual.body as readonly Piece[]).map((piece) => ({ ...piece, afterMs: 3_000 })),
      ],
    }),
  },
  {
    name: 'sse-type-charset',
    what: 'content type Text/Event-Stream; charset=UTF-8',
    era: 'sessions',
    stream: (_, usual) =>
      withHeaders(usual, { 'Content-Type': 'Text/Event-Stream; charset=UTF-8' }),
  },
  {
    name: 'sse-status-201',
    what: 'GET is answered 201',
    era: 'sessions',
    stream: (_, usual) => ({ ...usual, status: 201 }),
  },
  {
    name: 'sse-get-500',
    what: 'GET is answered 500',
    era: 'sessions',
    stream: () => text(500, 'text/plain', 'oops'),
    reason: 'HTTP 500',
  },
  {
    name: 'sse-get-redirected',
    what: 'GET is redirected to /sse/ by 307',
    era: 'sessions',
    stream: ({ path }, usual) => (path === '/sse' ? redirect(307, '/sse/') : usual),
  },
  {
    name: 'sse-get-redirected-301',
    what: 'GET is redirected to /sse/ by 301',
    era: 'sessions',
    stream: ({ path }, usual) => (path === '/sse' ? redirect(301, '/sse/') : usual),
  },
];

const POSTED: readonly Shape[] = [
  {
    name: 'sse-posted-200',
    what: 'POST is answered 200 with text',
    era: 'sessions',
    posted: (_, usual) => ({ ...usual, status: 200 }),
  },
  {
    name: 'sse-posted-204',
    what: 'POST is answered 204',
    era: 'sessions',
    posted: () => ({ status: 204, headers: {}, body: [], framing: 'chunked' }),
  },
  {
    name: 'sse-posted-json',
    what: 'POST is answered 200 with JSON',
    era: 'sessions',
    posted: () => json({ ok: true }),
  },
  {
    name: 'sse-posted-late',
    what: 'POST is answered after its message',
    era: 'sessions',
    posted: (_, usual) => later(300, usual),
  },
  {
    name: 'sse-posted-never',
    reason: 'within',
    waits: 'for ever',
    what: 'POST is never answered, and its message comes',
    era: 'sessions',
    posted: () => 'hang',
  },
  {
    name: 'sse-posted-307',
    what: 'POST is redirected to another path by 307',
    era: 'sessions',
    posted: ({ path }, usual) => (path.endsWith('&again') ? usual : redirect(307, `${path}&again`)),
  },
  {
    name: 'sse-notification-500',
    what: 'notifications/initialized is refused with 500',
    era: 'sessions',
    posted: ({ reply }, usual) => (reply === undefined ? text(500, 'text/plain', 'oops') : usual),
    reason: 'HTTP 500',
  },
  {
    name: 'sse-posted-500',
    what: 'POST is answered 500',
    era: 'sessions',
    posted: () => text(500, 'text/plain', 'oops'),
    reason: 'HTTP 500',
  },
];

async function later<T>(ms: number, value: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  setTimeout(() => resolve(value), ms);
  return promise;
}

function data({ reply }: HttpAsked): string {
  return `data: ${JSON.stringify(reply)}`;
}

async function* askFirst(asked: HttpAsked, usual: Piece): AsyncGenerator<Piece> {
  const id = `ping-${asked.before}`;
  yield { bytes: event(request(id, 'ping')) };
  await asked.answered(id);
  yield usual;
}

const EVENTS: readonly Shape[] = [
  {
    name: 'sse-events-crlf',
    what: 'lines end with CRLF',
    era: 'sessions',
    event: (asked) => [{ bytes: `event: message\r\n${data(asked)}\r\n\r\n` }],
  },
  {
    name: 'sse-events-cr',
    reason: 'within',
    waits: 'for ever',
    what: 'lines end with CR',
    era: 'sessions',
    event: (asked) => [{ bytes: `event: message\r${data(asked)}\r\r` }],
  },
  {
    name: 'sse-events-no-name',
    what: 'messages without the name of the event',
    era: 'sessions',
    event: (asked) => [{ bytes: `${data(asked)}\n\n` }],
  },
  {
    name: 'sse-events-comments',
    what: 'comments and other events between messages',
    era: 'both',
    event: (_, usual) => [{ bytes: ': ping\n\nevent: heartbeat\ndata: 1\n\n' }, usual],
  },
  {
    name: 'sse-events-many-lines',
    what: 'messages over many data lines',
    era: 'sessions',
    event: ({ reply }) => [
      {
        bytes: `${JSON.stringify(reply, null, 1)
          .split('\n')
          .map((line) => `data: ${line}`)
          .join('\n')}\n\n`,
      },
    ],
  },
  {
    name: 'sse-events-bytes',
    what: 'events in chunks of one byte',
    era: 'sessions',
    event: (_, { bytes }) => [...Buffer.from(bytes)].map((byte) => ({ bytes: Buffer.of(byte) })),
  },
  {
    name: 'sse-events-text',
    what: 'an event with plain text before each message',
    era: 'sessions',
    event: (_, usual) => [{ bytes: 'data: hello\n\n' }, usual],
  },
  {
    name: 'sse-notifications-first',
    what: 'a notification before each answer',
    era: 'sessions',
    event: (_, usual) => [{ bytes: event(notification('hello')) }, usual],
  },
  {
    name: 'sse-asks-first',
    what: 'pings the client before it answers tools/list',
    era: 'sessions',
    event: (asked, usual) => (asked.method === 'tools/list' ? askFirst(asked, usual) : [usual]),
  },
  {
    name: 'sse-id-as-text',
    what: 'ids come back as text',
    era: 'sessions',
    reply: ({ message }, usual) => ({ ...usual, id: String(message['id']) }),
  },
  {
    name: 'sse-ping-unsupported',
    what: 'ping is answered -32601',
    era: 'sessions',
    reply: ({ method, message }, usual) =>
      method === 'ping' ? errorOf(message['id'], -32601, 'Method not found') : usual,
  },
  {
    name: 'sse-ping-refused',
    what: 'ping is answered -32603',
    era: 'sessions',
    reply: ({ method, message }, usual) =>
      method === 'ping' ? errorOf(message['id'], -32603, 'Internal error') : usual,
  },
  {
    name: 'sse-ping-unanswered',
    what: 'ping is never answered',
    era: 'sessions',
    reply: ({ method }, usual) => (method === 'ping' ? undefined : usual),
  },
  {
    name: 'sse-discover-unanswered',
    waits: 'for ever',
    what: 'server/discover is never answered',
    era: 'sessions',
    reply: ({ method }, usual) => (method === 'server/discover' ? undefined : usual),
  },
];

function slowFirst({ method, before }: HttpAsked, usual: Piece): readonly Piece[] {
  return before === 0 && method !== 'tools/list' ? [{ ...usual, afterMs: 3_000 }] : [usual];
}

const OVER_TIME: readonly Shape[] = [
  {
    name: 'sse-slow-first-answer',
    waits: 'seconds',
    what: 'the first answer takes 3 s; sessions',
    era: 'sessions',
    event: slowFirst,
  },
  {
    name: 'sse-slow-first-answer-stateless',
    waits: 'seconds',
    what: 'the first answer takes 3 s; stateless',
    era: 'stateless',
    event: slowFirst,
  },
  {
    name: 'sse-slow-first-answer-both-eras',
    waits: 'seconds',
    what: 'the first answer takes 3 s; both eras',
    era: 'both',
    event: slowFirst,
  },
  {
    name: 'sse-slow-list',
    waits: 'seconds',
    what: 'tools/list takes 3 s',
    era: 'sessions',
    event: ({ method }, usual) =>
      method === 'tools/list' ? [{ ...usual, afterMs: 3_000 }] : [usual],
  },
  {
    name: 'sse-stream-lost',
    what: 'the stream ends after the first check',
    era: 'sessions',
    forgets: 'sessions',
  },
  {
    name: 'sse-stream-lost-both-eras',
    what: 'the stream ends after the first check; both eras',
    era: 'both',
    forgets: 'sessions',
  },
  {
    name: 'sse-connection-forgotten',
    waits: 'for ever',
    what: 'a middlebox drops the stream without a sign',
    era: 'sessions',
    forgets: 'connections',
  },
];

export const SSE_SERVERS: readonly OddSseServer[] = [
  ...PLAIN,
  ...ENDPOINTS,
  ...POSTED,
  ...EVENTS,
  ...OVER_TIME,
].map((shape) => ({ transport: TRANSPORT, ...shape }));
