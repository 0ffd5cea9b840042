import { EMPTY, event, events, notification, request } from '../servers/http-answers.ts';
import type { HttpAnswer, HttpAsked, OddHttpServer, Pieces, React } from '../servers/odd-server.ts';

const TRANSPORT = 'http' as const;

type Write = (reply: object, asked: HttpAsked) => Pieces | string;

/** Answers are streams of events, written by `write`. */
function streamed(write: Write, more: Partial<HttpAnswer> = {}): React {
  return (asked, usual) => {
    const { reply } = asked;
    if (reply === undefined || usual.status >= 400) return usual;
    const { headers, ...stream } = events(write(reply, asked));
    return { ...stream, headers: { ...usual.headers, ...headers }, ...more };
  };
}

/** The same, for `tools/list` only. */
function listStreamed(write: Write, more: Partial<HttpAnswer> = {}): React {
  const react = streamed(write, more);
  return (asked, usual) => (asked.method === 'tools/list' ? react(asked, usual) : usual);
}

function data(reply: object): string {
  return `data: ${JSON.stringify(reply)}`;
}

type Format = readonly [name: string, what: string, write: Write, reason?: string];

const FORMATS: readonly Format[] = [
  ['events', 'answers are events', (reply) => event(reply)],
  [
    'events-crlf',
    'lines of events end with CRLF',
    (reply) => `event: message\r\n${data(reply)}\r\n\r\n`,
  ],
  [
    'events-cr',
    'lines of events end with CR',
    (reply) => `event: message\r${data(reply)}\r\r`,
    'within',
  ],
  [
    'events-no-space',
    'no space after the colons',
    (reply) => `event:message\ndata:${JSON.stringify(reply)}\n\n`,
  ],
  ['events-no-name', 'events without a name', (reply) => `${data(reply)}\n\n`],
  ['events-byte-order-mark', 'events after a byte order mark', (reply) => `\uFEFF${event(reply)}`],
  [
    'events-comments',
    'comments before and between the lines',
    (reply) => `: hello\n\n:\nevent: message\n: again\n${data(reply)}\n\n`,
  ],
  [
    'events-many-lines',
    'the message stretches over many data lines',
    (reply) =>
      `${JSON.stringify(reply, null, 1)
        .split('\n')
        .map((line) => `data: ${line}`)
        .join('\n')}\n\n`,
  ],
  [
    'events-retry',
    'retry and id before the answer',
    (reply) => `retry: 1000\nid: 7\n\nid: 8\n${event(reply)}`,
  ],
  [
    'events-priming',
    'an event with an id and no data first',
    (reply) => `id: 1\ndata: \n\nid: 2\n${event(reply)}`,
  ],
  [
    'events-other-names',
    'events of other names first',
    (reply) => `event: ping\ndata: {}\n\nevent: heartbeat\ndata: now\n\n${event(reply)}`,
  ],
  [
    'events-named-response',
    'the answer is in an event that is called response',
    (reply) => `event: response\n${data(reply)}\n\n`,
    'ended',
  ],
  [
    'events-unknown-fields',
    'unknown fields in events',
    (reply) => `foo: bar\nevent: message\nfoo\n${data(reply)}\nx: y\n\n`,
  ],
  [
    'events-not-ended',
    'the last event lacks its empty line',
    (reply) => `event: message\n${data(reply)}\n`,
    'ended',
  ],
  [
    'events-text-first',
    'an event with plain text first',
    (reply) => `data: hello\n\n${event(reply)}`,
  ],
  [
    'events-notifications-first',
    'notifications before the answer',
    (reply) => `${event(notification('one'))}${event(notification('two'))}${event(reply)}`,
  ],
  ['events-answer-twice', 'the answer comes twice', (reply) => `${event(reply)}${event(reply)}`],
  [
    'events-foreign-answer-first',
    'an answer to another id first',
    (reply) => `${event({ jsonrpc: '2.0', id: 4711, result: {} })}${event(reply)}`,
  ],
  ['events-none', 'streams end without an answer', () => ': nothing\n\n', 'ended'],
];

const WRITTEN: readonly OddHttpServer[] = FORMATS.map(([name, what, write, reason]) => ({
  transport: TRANSPORT,
  name,
  what,
  era: 'sessions',
  answer: streamed(write),
  // Without an answer that they can read, most clients wait.
  ...(reason !== undefined && { reason, waits: 'for ever' }),
}));

const STATELESS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'events-stateless',
    what: 'answers are events',
    era: 'stateless',
    answer: streamed((reply) => event(reply)),
  },
  {
    transport: TRANSPORT,
    name: 'events-crlf-stateless',
    what: 'lines of events end with CRLF, after comments',
    era: 'stateless',
    answer: streamed((reply) => `:\r\n\r\nevent: message\r\n${data(reply)}\r\n\r\n`),
  },
];

async function* cutEverywhere(
  reply: object,
): Pieces & AsyncGenerator<{ bytes: Buffer; afterMs?: number }> {
  for (const byte of Buffer.from(event(reply))) yield { bytes: Buffer.of(byte) };
}

async function* askFirst(
  reply: object,
  asked: HttpAsked,
  method: string,
): AsyncGenerator<{ bytes: string }> {
  const id = `${method}-${asked.before}`;
  yield { bytes: event(request(id, method)) };
  await asked.answered(id);
  yield { bytes: event(reply) };
}

const FLOWS: readonly OddHttpServer[] = [
  {
    transport: TRANSPORT,
    name: 'events-bytes',
    what: 'events in chunks of one byte',
    era: 'sessions',
    answer: streamed((reply) => cutEverywhere(reply)),
  },
  {
    transport: TRANSPORT,
    name: 'events-left-open',
    what: 'the stream stays open after the answer',
    era: 'sessions',
    answer: streamed((reply) => event(reply), { end: 'open' }),
  },
  {
    transport: TRANSPORT,
    name: 'events-pauses',
    what: 'comments and pauses before the answer',
    era: 'sessions',
    answer: streamed((reply) => [
      { bytes: ': wait\n\n' },
      { bytes: ': wait\n\n', afterMs: 200 },
      { bytes: event(reply), afterMs: 200 },
    ]),
  },
  {
    transport: TRANSPORT,
    name: 'events-reset-after',
    what: 'the connection is reset after the answer',
    era: 'sessions',
    answer: streamed((reply) => [{ bytes: event(reply) }, { bytes: ':\n\n', afterMs: 100 }], {
      end: 'reset',
    }),
  },
  {
    transport: TRANSPORT,
    name: 'asks-ping-first',
    what: 'pings the client, and answers tools/list after it was answered',
    era: 'sessions',
    answer: listStreamed((reply, asked) => askFirst(reply, asked, 'ping')),
  },
  {
    transport: TRANSPORT,
    name: 'asks-unknown-first',
    what: 'asks for a method that no client has, and answers tools/list after the error',
    era: 'sessions',
    answer: listStreamed((reply, asked) => askFirst(reply, asked, 'x/unknown')),
  },
  {
    transport: TRANSPORT,
    name: 'answers-on-get',
    waits: 'for ever',
    what: 'tools/list is answered 202, and its result comes on the GET stream',
    era: 'sessions',
    answer: (asked, usual) => {
      if (asked.verb === 'GET') return { ...events(':\n\n'), end: 'open' };
      if (asked.method !== 'tools/list' || asked.reply === undefined) return usual;
      const bytes = event(asked.reply);
      setTimeout(() => asked.push(bytes), 300);
      return EMPTY;
    },
    reason: '202',
  },
  {
    transport: TRANSPORT,
    name: 'resumes-by-get',
    what: 'the server ends the stream of tools/list, and the client fetches the rest by Last-Event-ID',
    era: 'sessions',
    answer: resumable('tools/list'),
  },
  {
    transport: TRANSPORT,
    name: 'resumes-initialize-by-get',
    what: 'the server ends every stream after its first event, and the client fetches the rest by Last-Event-ID',
    era: 'sessions',
    answer: resumable('initialize', 'tools/list', 'ping'),
  },
];

/** The stream of a request holds an id only; a GET with this id gets the answer. */
function resumable(...methods: readonly string[]): React {
  const replies = new Map<string, object>();
  return (asked, usual) => {
    const { verb, method, reply, headers } = asked;
    const wanted = replies.get(String(headers['last-event-id'] ?? ''));
    if (verb === 'GET' && wanted) return events(`id: done\n${event(wanted)}`);
    if (reply === undefined || !methods.includes(method)) return usual;
    const id = `${asked.origin}-${method}-${asked.before}`;
    replies.set(id, reply);
    const stream = events(`id: ${id}\nretry: 100\ndata: \n\n`);
    return { ...stream, headers: { ...usual.headers, ...stream.headers } };
  };
}

export const HTTP_EVENTS: readonly OddHttpServer[] = [...WRITTEN, ...STATELESS, ...FLOWS];
