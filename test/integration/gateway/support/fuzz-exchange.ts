import type { CallOutcome } from '../../../../src/facts/call-outcome.ts';
import { chunk, LAST_CHUNK, STREAM_HEAD } from './post-message.ts';
import type { RandomSource } from './random-source.ts';
import { renderHead } from './raw-http.ts';

/** One POST of generated messages, what the server does about it, and how its calls must be counted. */
export interface FuzzExchange {
  readonly body: Buffer;
  /** Messages in either direction. */
  readonly messages: number;
  /** Outcome of each call. */
  readonly outcomes: readonly CallOutcome[];
  /** What the server sends; nothing where it breaks the connection at once. */
  readonly pieces: readonly Buffer[];
  /** The body that the client must see, unless the answer is cut off. */
  readonly answer: Buffer | undefined;
  readonly ending: 'whole' | 'server_breaks' | 'client_leaves';
}

const FATES = [
  'success',
  'success',
  'success',
  'tool_error',
  'rpc_error',
  'client_error',
  'input_required',
  'transport_error',
  'cancelled',
] as const satisfies readonly CallOutcome[];
type Fate = (typeof FATES)[number];

const STRANGE = [
  'echo',
  '',
  '__proto__',
  'constructor',
  '"isError":true',
  'data: {"id":1}\n\n',
  '😀\u0000\uD83D',
  'ü'.repeat(300),
  '\\u0022}',
] as const;
/** Past what the gateway parses whole. */
const LARGE = 'x"\\ü'.repeat(60_000);
const ERROR_CODES = {
  rpc_error: [-32603, -32000, -32099, 0, 7] as const,
  client_error: [-32700, -32600, -32601, -32602, -32002, -32020] as const,
};

interface Call {
  readonly id: number | string;
  readonly fate: Fate;
}

export function makeExchange(random: RandomSource): FuzzExchange {
  if (random.oneIn(30)) return garbageExchange(random);
  const calls = makeCalls(random, random.oneIn(3) ? 1 : 1 + random.below(40));
  const requests = calls.flatMap((call) => requestsOf(random, call));
  const others = Array.from({ length: random.below(4) }, () => notificationText(random));
  const isSingle = requests.length === 1 && random.oneIn(2);
  const sent = isSingle ? requests : [...requests, ...others];
  const body = Buffer.from(isSingle ? (requests[0] ?? '') : batchText(random, sent));
  const base = { body, messages: sent.length };
  if (random.oneIn(25)) return { ...base, ...refusedByServer(random, calls) };
  if (random.oneIn(40)) return { ...base, ...brokenOff(random, calls) };
  return { ...base, ...answered(random, calls, sent.length) };
}

function makeCalls(random: RandomSource, count: number): Call[] {
  const ids = new Set<number | string>();
  while (ids.size < count) ids.add(makeId(random));
  return [...ids].map((id) => ({ id, fate: random.pick(FATES) }));
}

function makeId(random: RandomSource): number | string {
  switch (random.below(6)) {
    case 0:
      return random.pick(STRANGE) + String(random.below(1_000));
    case 1:
      return String(random.below(100));
    case 2:
      return -random.below(100_000);
    case 3:
      return random.below(1_000) / 8;
    default:
      return random.below(2 ** 31);
  }
}

/** A call, and where that is its fate, the notification that cancels it. */
function requestsOf(random: RandomSource, { id, fate }: Call): string[] {
  const params = {
    name: random.pick(STRANGE),
    arguments: random.oneIn(400) ? { text: LARGE } : anything(random, 2),
    ...(random.oneIn(4) && { _meta: anything(random, 2) }),
  };
  const method = random.pick(['tools/call', 'tools/call', 'prompts/get', 'ping', 'x/__proto__']);
  const request = JSON.stringify(shuffled(random, { jsonrpc: '2.0', id, method, params }));
  const cancel = { method: 'notifications/cancelled', params: { requestId: id } };
  return fate === 'cancelled' ? [request, JSON.stringify(cancel)] : [request];
}

function notificationText(random: RandomSource): string {
  return random.oneIn(3)
    ? JSON.stringify({ jsonrpc: '2.0', id: random.below(100), result: anything(random, 2) })
    : JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: anything(random, 2) });
}

/** The order of members means nothing in JSON. */
function shuffled(random: RandomSource, value: object): object {
  const members = Object.entries(value);
  for (let at = members.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [members[at], members[other]] = [
      members[other] as [string, unknown],
      members[at] as [string, unknown],
    ];
  }
  return Object.fromEntries(members);
}

function anything(random: RandomSource, depth: number): unknown {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return random.pick(STRANGE);
    case 1:
      return random.below(1_000_000) / 7;
    case 2:
      return random.oneIn(2);
    case 3:
      return null;
    case 4:
      return {};
    case 5:
      return [anything(random, depth - 1), anything(random, depth - 1)];
    default:
      return {
        [random.pick(STRANGE)]: anything(random, depth - 1),
        [random.pick(['id', 'method', 'result', 'error', 'isError', 'params'])]: anything(
          random,
          depth - 1,
        ),
      };
  }
}

function batchText(random: RandomSource, texts: readonly string[]): string {
  const between = random.pick([',', ', ', ',\n', '\t,\r\n ']);
  return `[${texts.join(between)}]`;
}

/** No JSON, or none that means anything; the server says so. */
function garbageExchange(random: RandomSource): FuzzExchange {
  const bytes = Buffer.from(Array.from({ length: 1 + random.below(200) }, () => random.below(256)));
  const body = random.oneIn(2)
    ? Buffer.concat([Buffer.from('{'), bytes])
    : Buffer.from(
        random.pick(['{"jsonrpc":"2.0"', '[[]]', '{}', '[', 'null', '"x"', '[null,1,{}]']),
      );
  const answer = Buffer.from('{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}');
  return {
    body,
    messages: 1,
    // What cannot be read is one exchange all the same.
    outcomes: ['client_error'],
    pieces: [jsonHead('400 Bad Request', answer.length), answer],
    answer,
    ending: 'whole',
  };
}

const REFUSALS = [
  ['401 Unauthorized', 'denied'],
  ['403 Forbidden', 'denied'],
  ['404 Not Found', 'client_error'],
  ['429 Too Many Requests', 'rate_limited'],
  ['500 Internal Server Error', 'transport_error'],
  ['503 Service Unavailable', 'transport_error'],
  ['302 Found', 'transport_error'],
] as const;

type Ending = Omit<FuzzExchange, 'body' | 'messages'>;

function refusedByServer(random: RandomSource, calls: readonly Call[]): Ending {
  const [status, outcome] = random.pick(REFUSALS);
  const answer = Buffer.from('<html>no</html>');
  const head = renderHead(`HTTP/1.1 ${status}`, [
    ['Content-Type', 'text/html'],
    ['Content-Length', String(answer.length)],
  ]);
  const outcomes = calls.map(({ fate }) => (fate === 'cancelled' ? fate : outcome));
  return { outcomes, pieces: [head, answer], answer, ending: 'whole' };
}

function brokenOff(random: RandomSource, calls: readonly Call[]): Ending {
  const [ending, outcome] = random.pick([
    ['server_breaks', 'transport_error'],
    ['client_leaves', 'cancelled'],
  ] as const);
  const half = chunk('data: {"jsonrpc":"2.0","id":');
  const pieces = random.oneIn(2) ? [] : [STREAM_HEAD, half];
  const outcomes = calls.map(({ fate }) => (fate === 'cancelled' ? fate : outcome));
  return { outcomes, pieces, answer: undefined, ending };
}

function answered(random: RandomSource, calls: readonly Call[], sent: number): Ending {
  const texts = calls.flatMap((call) => answersOf(random, call));
  const outcomes = calls.map(({ fate }) => fate);
  if (random.oneIn(2)) {
    const isSingle = sent === 1 && texts.length === 1;
    const answer = Buffer.from(isSingle ? (texts[0] ?? '') : batchText(random, texts));
    return {
      outcomes,
      pieces: cutUp(random, Buffer.concat([jsonHead('200 OK', answer.length), answer])),
      answer,
      ending: 'whole',
    };
  }
  const lineEnd = random.pick(['\n', '\r\n', '\r']);
  const events = texts.map((text) => {
    const lines = random.oneIn(5)
      ? ['id: 1', 'data:', '', ': comment', `data:${text}`]
      : [`data: ${text}`];
    return [...lines, '', ''].join(lineEnd);
  });
  const answer = Buffer.from((random.oneIn(9) ? '\uFEFF' : '') + events.join(''));
  const chunks = cutUp(random, answer).map((piece) => chunk(piece));
  return {
    outcomes,
    pieces: [STREAM_HEAD, ...cutUp(random, Buffer.concat([...chunks, LAST_CHUNK]))],
    answer,
    ending: 'whole',
  };
}

function answersOf(random: RandomSource, { id, fate }: Call): string[] {
  const base = { jsonrpc: '2.0', id };
  const say = (rest: object): string => JSON.stringify(shuffled(random, { ...base, ...rest }));
  const error = (code: number): string =>
    say({ error: { code, message: random.pick(STRANGE), data: anything(random, 2) } });
  switch (fate) {
    case 'success': {
      const content = random.oneIn(400) ? LARGE : { isError: true, nested: anything(random, 3) };
      const text = say({ result: { content, isError: random.pick([false, 'true', null]) } });
      return random.oneIn(20) ? [text, say({ result: { isError: true } })] : [text];
    }
    case 'tool_error':
      return [say({ result: { content: anything(random, 2), isError: true } })];
    case 'input_required':
      return [
        say({ result: { resultType: 'input_required', requestState: random.pick(STRANGE) } }),
      ];
    case 'rpc_error':
      return [error(random.pick(ERROR_CODES.rpc_error))];
    case 'client_error':
      return [error(random.pick(ERROR_CODES.client_error))];
    case 'cancelled':
      return random.oneIn(2) ? [] : [say({ result: {} })];
    case 'transport_error':
      return random.oneIn(2)
        ? []
        : [JSON.stringify({ jsonrpc: '2.0', id: `not ${id}`, result: {} })];
  }
}

function jsonHead(status: string, length: number): Buffer {
  return renderHead(`HTTP/1.1 ${status}`, [
    ['Content-Type', 'application/json'],
    ['Content-Length', String(length)],
  ]);
}

/** Up to three pieces, cut wherever it hits, characters included. */
function cutUp(random: RandomSource, bytes: Buffer): Buffer[] {
  const first = random.below(bytes.length + 1);
  const second = first + random.below(bytes.length - first + 1);
  const pieces = random.oneIn(2)
    ? [bytes]
    : [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
  return pieces.filter((piece) => piece.length > 0);
}
