import { notification, request } from '../servers/http-answers.ts';
import type { Asked, OddStdioServer, Piece } from '../servers/odd-server.ts';
import { errorOf } from '../servers/usual-replies.ts';
import { ODD_MESSAGES } from './odd-messages.ts';

const TRANSPORT = 'stdio' as const;

type Shape = Omit<OddStdioServer, 'transport'>;

const PLAIN: readonly Shape[] = [
  { name: 'stdio-sessions', what: 'nothing odd: sessions', era: 'sessions' },
  { name: 'stdio-stateless', what: 'nothing odd: stateless', era: 'stateless' },
  { name: 'stdio-both-eras', what: 'nothing odd: both eras', era: 'both' },
  {
    name: 'stdio-revision-2024-11-05',
    what: 'speaks 2024-11-05 only',
    era: 'sessions',
    revision: '2024-11-05',
  },
];

function before(bytes: string): NonNullable<Shape['line']> {
  return (_, usual) => [{ bytes }, usual];
}

async function* askFirst(asked: Asked, usual: Piece): AsyncGenerator<Piece> {
  const id = `ping-${asked.before}`;
  yield { bytes: `${JSON.stringify(request(id, 'ping'))}\n` };
  await asked.answered(id);
  yield usual;
}

const OUTPUT: readonly Shape[] = [
  {
    name: 'stdio-banner',
    what: 'lines of text on standard output at the start',
    era: 'sessions',
    banner: [{ bytes: 'Welcome to odd-server v1\n\n=====\nListening …\n' }],
  },
  {
    name: 'stdio-banner-json',
    what: 'log lines in JSON on standard output at the start',
    era: 'sessions',
    banner: [{ bytes: '{"level":"info","msg":"started"}\n[1,2]\nnull\n' }],
  },
  {
    name: 'stdio-text-between',
    what: 'a line of text before each answer',
    era: 'sessions',
    line: before('debug: handling a request\n'),
  },
  {
    name: 'stdio-text-unended',
    waits: 'for ever',
    what: 'text without a line break before the first answer',
    era: 'sessions',
    banner: [{ bytes: 'Ready> ' }],
    reason: 'within',
  },
  {
    name: 'stdio-byte-order-mark',
    what: 'output begins with a byte order mark',
    era: 'sessions',
    banner: [{ bytes: '\uFEFF' }],
  },
  {
    name: 'stdio-crlf',
    what: 'lines end with CRLF',
    era: 'sessions',
    line: ({ reply }) => [{ bytes: `${JSON.stringify(reply)}\r\n` }],
  },
  {
    name: 'stdio-blank-lines',
    what: 'empty lines around each answer',
    era: 'sessions',
    line: (_, usual) => [{ bytes: '\n\n' }, usual, { bytes: '\n \n' }],
  },
  {
    name: 'stdio-bytes',
    what: 'answers written byte by byte',
    era: 'sessions',
    line: (_, { bytes }) => [...Buffer.from(bytes)].map((byte) => ({ bytes: Buffer.of(byte) })),
  },
  {
    name: 'stdio-pretty-json',
    waits: 'for ever',
    what: 'JSON over many lines',
    era: 'sessions',
    line: ({ reply }) => [{ bytes: `${JSON.stringify(reply, null, 2)}\n` }],
    reason: 'within',
  },
  {
    name: 'stdio-two-in-one-line',
    waits: 'for ever',
    what: 'a notification and the answer in one line',
    era: 'sessions',
    line: (_, { bytes }) => [{ bytes: `${JSON.stringify(notification('hi'))}${String(bytes)}` }],
    reason: 'within',
  },
  {
    name: 'stdio-content-length',
    waits: 'for ever',
    what: 'answers framed by Content-Length, as language servers do',
    era: 'sessions',
    line: ({ reply }) => [
      {
        bytes: `Content-Length: ${Buffer.byteLength(JSON.stringify(reply))}\r\n\r\n${JSON.stringify(reply)}`,
      },
    ],
    reason: 'within',
  },
  {
    name: 'stdio-line-separators',
    what: 'U+2028 in the text of a tool',
    era: 'sessions',
    reply: ({ method }, usual) =>
      method === 'tools/list'
        ? {
            ...usual,
            result: {
              tools: [
                { name: 'a', description: 'a\u2028b\u0085c', inputSchema: { type: 'object' } },
              ],
            },
          }
        : usual,
  },
  {
    name: 'stdio-2-mb',
    what: 'a list of 2 MB in one line',
    era: 'sessions',
    reply: ({ method }, usual) =>
      method === 'tools/list'
        ? {
            ...usual,
            result: {
              tools: [
                { name: 'a', description: 'x'.repeat(2_000_000), inputSchema: { type: 'object' } },
              ],
            },
          }
        : usual,
  },
  {
    name: 'stdio-notifications-first',
    what: 'a notification before each answer',
    era: 'sessions',
    line: before(`${JSON.stringify(notification('hi'))}\n`),
  },
  {
    name: 'stdio-asks-first',
    what: 'pings the client before it answers tools/list',
    era: 'sessions',
    line: (asked, usual) => (asked.method === 'tools/list' ? askFirst(asked, usual) : [usual]),
  },
  {
    name: 'stdio-answers-twice',
    what: 'each answer comes twice',
    era: 'sessions',
    line: (_, usual) => [usual, usual],
  },
  {
    name: 'stdio-foreign-answer-first',
    what: 'an answer to another id first',
    era: 'sessions',
    line: before('{"jsonrpc":"2.0","id":4711,"result":{}}\n'),
  },
  {
    name: 'stdio-batch',
    waits: 'for ever',
    what: 'each answer is a batch of one',
    era: 'sessions',
    line: ({ reply }) => [{ bytes: `${JSON.stringify([reply])}\n` }],
    reason: 'within',
  },
  {
    name: 'stdio-stderr',
    what: 'a lot on standard error',
    era: 'sessions',
    stderr: 'warning: something\n'.repeat(5_000),
  },
];

const DISCOVERIES: readonly Shape[] = [
  {
    name: 'stdio-discover-unanswered',
    waits: 'for ever',
    what: 'server/discover is never answered',
    era: 'sessions',
    reply: ({ method }, usual) => (method === 'server/discover' ? undefined : usual),
  },
  {
    name: 'stdio-discover-exits',
    what: 'exits at server/discover',
    era: 'sessions',
    exitsAt: 'server/discover',
  },
  {
    name: 'stdio-discover-code-0',
    what: 'server/discover is answered with error code 0',
    era: 'sessions',
    reply: ({ method, message }, usual) =>
      method === 'server/discover'
        ? errorOf(message['id'], 0, 'invalid during session initialization')
        : usual,
  },
  {
    name: 'stdio-discover-error-without-id',
    waits: 'for ever',
    what: 'unknown methods are answered with id null',
    era: 'sessions',
    reply: (_, usual) => ('error' in usual ? { ...usual, id: null } : usual),
  },
];

function slowFirst({ method, before }: Asked, usual: Piece): readonly Piece[] {
  return before === 0 && method !== 'tools/list' ? [{ ...usual, afterMs: 3_000 }] : [usual];
}

const OVER_TIME: readonly Shape[] = [
  {
    name: 'stdio-slow-start-both-eras',
    waits: 'seconds',
    what: 'reads nothing for 3 s; both eras',
    era: 'both',
    startMs: 3_000,
  },
  {
    name: 'stdio-slow-first-answer',
    waits: 'seconds',
    what: 'the first answer takes 3 s; sessions',
    era: 'sessions',
    line: slowFirst,
  },
  {
    name: 'stdio-slow-first-answer-stateless',
    waits: 'seconds',
    what: 'the first answer takes 3 s; stateless',
    era: 'stateless',
    line: slowFirst,
  },
  {
    name: 'stdio-slow-first-answer-both-eras',
    waits: 'seconds',
    what: 'the first answer takes 3 s; both eras',
    era: 'both',
    line: slowFirst,
  },
  {
    name: 'stdio-slow-list',
    waits: 'seconds',
    what: 'tools/list takes 3 s',
    era: 'sessions',
    line: ({ method }, usual) =>
      method === 'tools/list' ? [{ ...usual, afterMs: 3_000 }] : [usual],
  },
  {
    name: 'stdio-exits-after-list',
    what: 'exits after tools/list',
    era: 'sessions',
    exitsAfter: 'tools/list',
  },
  { name: 'stdio-exits-at-ping', what: 'exits at ping', era: 'sessions', exitsAt: 'ping' },
  {
    name: 'stdio-exits-at-start',
    what: 'exits at initialize',
    era: 'sessions',
    exitsAt: 'initialize',
    reason: 'code 1',
  },
  {
    name: 'stdio-stubborn',
    what: 'ignores the end of its input and SIGTERM',
    era: 'sessions',
    isStubborn: true,
  },
];

/** What is odd in messages is so over every transport; some of it is tried here too. */
const SHARED_MESSAGES: Readonly<Record<string, Partial<Shape>>> = {
  'id-as-text': {},
  'id-null': { waits: 'for ever', reason: 'within' },
  'envelope-error-null': {},
  'ping-unsupported': {},
  'ping-unanswered': { waits: 'for ever' },
  'tool-null-description': {},
  'list-error': {},
};

const MESSAGES: readonly Shape[] = ODD_MESSAGES.filter(({ name }) => name in SHARED_MESSAGES).map(
  (odd) => ({ ...odd, ...SHARED_MESSAGES[odd.name], name: `stdio-${odd.name}` }),
);

export const STDIO_SERVERS: readonly OddStdioServer[] = [
  ...PLAIN,
  ...OUTPUT,
  ...DISCOVERIES,
  ...OVER_TIME,
  ...MESSAGES,
].map((shape) => ({ transport: TRANSPORT, ...shape }));
