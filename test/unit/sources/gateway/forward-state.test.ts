import { expect, test } from 'vitest';
import { factsOfMessage } from '../../../../src/protocol/message-facts.ts';
import type { ReadMessages } from '../../../../src/protocol/message-reader.ts';
import type { RelayFailure } from '../../../../src/sources/gateway/relay.ts';
import {
  type AnswerContent,
  createForwardState,
  type ForwardEvent,
  type ForwardState,
  nextForwardState,
} from '../../../../src/sources/gateway/forward-state.ts';
import { shortEffect } from './short-effects.ts';

type Begin = Partial<Pick<ForwardState, 'verb' | 'session' | 'isResumption'>>;

const CLIENT = { name: 'editor', version: '1' };

function read(...messages: readonly object[]): ReadMessages {
  const facts = messages.map((message) => factsOfMessage({ jsonrpc: '2.0', ...message }));
  return {
    messages: facts.filter((each) => each !== undefined),
    isBatch: messages.length > 1,
    isJson: true,
  };
}

function request(...messages: readonly object[]): ForwardEvent {
  return { kind: 'request_read', read: read(...messages), bytes: 100, isAnswered: false };
}

function requestBehindHead(...messages: readonly object[]): ForwardEvent {
  return { kind: 'request_read', read: read(...messages), bytes: 100, isAnswered: true };
}

function head(status: number, content: AnswerContent = 'json', session?: string): ForwardEvent {
  return { kind: 'head', status, content, session };
}

function messages(...each: readonly object[]): ForwardEvent {
  return { kind: 'messages', read: read(...each), bytes: 50 };
}

function failed(failure: RelayFailure, isResumable = false): ForwardEvent {
  return { kind: 'failed', failure, isResumable };
}

const call = (id: number) => ({ id, method: 'tools/call', params: { name: 'echo' } });
const result = (id: number) => ({ id, result: {} });
const initialize = { id: 0, method: 'initialize', params: { clientInfo: CLIENT } };
const initialized = { id: 0, result: { protocolVersion: '2025-11-25' } };
const listen = { id: 7, method: 'subscriptions/listen' };
const progress = { method: 'notifications/progress' };
const answerOver: ForwardEvent = { kind: 'answer_over', isGivenUp: false, isResumable: false };
const resumableOver: ForwardEvent = { kind: 'answer_over', isGivenUp: false, isResumable: true };
const givenUpOver: ForwardEvent = { kind: 'answer_over', isGivenUp: true, isResumable: false };
const timeout = failed({ kind: 'timeout' });
const unreachable = failed({ kind: 'unreachable', detail: 'refused' });
const broken = failed({ kind: 'broken', detail: 'reset' });
const brokenResumable = failed({ kind: 'broken', detail: 'reset' }, true);
const clientGone = failed({ kind: 'client_gone' });
const clientGoneResumable = failed({ kind: 'client_gone' }, true);
const cut = failed({ kind: 'cut' });

/** The effects of each event in one line. */
function play(
  events: readonly ForwardEvent[],
  { verb = 'POST', session, isResumption = false }: Begin = {},
): string[] {
  let state = createForwardState({ verb, session, answerTimeoutMs: 30_000, isResumption });
  return events.map((event) => {
    const step = nextForwardState(state, event);
    state = step.state;
    return step.effects.map(shortEffect).join(', ');
  });
}

type Row<Effects> = readonly [string, readonly ForwardEvent[], Effects, Begin?];

/** Rows without a beginning begin as a POST without a session. */
function complete<Effects>(...rows: readonly Row<Effects>[]) {
  return rows.map(
    ([title, events, effects, begin = {}]) => [title, events, effects, begin] as const,
  );
}

test.each(
  complete<readonly string[]>(
    [
      'a call that is answered ends with its response',
      [request(call(1)), head(200), messages(result(1)), answerOver],
      [
        'begin 1 100 B',
        '',
        'answer 1 50 B',
        'end the rest: no_response 502 the answer ended without a result, over',
      ],
    ],
    [
      'each message of a batch has its share of the bytes',
      [request(call(1), progress, result(8)), head(200), messages(result(1), progress, call(9))],
      [
        'begin 1 33 B, notify notifications/progress, client answers 8 33 B',
        '',
        'answer 1 17 B, notify notifications/progress, server asks 9 17 B',
      ],
    ],
    [
      'the messages of a session are looked up in it',
      [request(call(1), progress, result(8)), head(200), messages(result(1), progress, call(9))],
      [
        'begin 1 33 B, notify notifications/progress in s, client answers 8 33 B in s',
        'touch session s',
        'answer 1 17 B in s, notify notifications/progress in s, server asks 9 17 B in s',
      ],
      { session: 's' },
    ],
    [
      'of two requests with one id in a batch the first one ends',
      [request(call(1), call(1), call(2), call(1))],
      [
        [
          'begin 1 25 B',
          'end 1 invalid_request another request of the batch has its id, begin 1 25 B',
          'begin 2 25 B',
          'end 1 invalid_request another request of the batch has its id, begin 1 25 B',
        ].join(', '),
      ],
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  expect(play(events, begin)).toEqual(effects);
});

test.each(
  complete<readonly string[]>(
    [
      'a session opens once its initialize has succeeded',
      [request(initialize), head(200, 'json', 'new'), messages(initialized)],
      ['begin 0 100 B', '', 'open session new editor 2025-11-25, answer 0 50 B'],
    ],
    [
      'a session whose initialize failed does not open',
      [request(initialize), head(200, 'json', 'new'), messages({ id: 0, error: { code: 1 } })],
      ['begin 0 100 B', '', 'answer 0 50 B'],
    ],
    [
      'a session is not opened by a response to another request',
      [request(initialize, call(1)), head(200, 'json', 'new'), messages(result(1))],
      ['begin 0 50 B, begin 1 50 B', '', 'answer 1 50 B'],
    ],
    [
      'a session that is announced without an initialize does not open',
      [request(call(0)), head(200, 'json', 'new'), messages(initialized)],
      ['begin 0 100 B', '', 'answer 0 50 B'],
    ],
    [
      'a session that is announced with an error does not open',
      [request(initialize), head(400, 'json', 'new'), messages(initialized)],
      ['begin 0 100 B', '', 'answer 0 50 B'],
    ],
    [
      'a session opens with any status of success',
      [request(initialize), head(201, 'json', 'new'), messages(initialized)],
      ['begin 0 100 B', '', 'open session new editor 2025-11-25, answer 0 50 B'],
    ],
    [
      'a session opens if the number of the id comes back as text',
      [request(initialize), head(200, 'json', 'new'), messages({ ...initialized, id: '0' })],
      ['begin 0 100 B', '', 'open session new editor 2025-11-25, answer "0" 50 B'],
    ],
    [
      'a session does not open if the text of the id comes back as a number',
      [
        request({ ...initialize, id: '0' }),
        head(200, 'json', 'new'),
        messages({ ...initialized, id: 0 }),
      ],
      ['begin "0" 100 B', '', 'answer 0 50 B'],
    ],
    ['404 alone says nothing of the session', [head(404)], [''], { session: 's' }],
    ['another error leaves the session as it is', [head(500)], [''], { session: 's' }],
    [
      'a DELETE that succeeds closes the session',
      [request(), head(204, 'other'), answerOver],
      ['leave session s', 'close session s as cancelled', 'end the rest: success 204, over'],
      { verb: 'DELETE', session: 's' },
    ],
    [
      'a DELETE that fails leaves the session as it is',
      [request(), head(405)],
      ['leave session s', 'keep session s'],
      { verb: 'DELETE', session: 's' },
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  expect(play(events, begin)).toEqual(effects);
});

const notFound = (id: unknown, code: number, message: string) => ({ id, error: { code, message } });
const LOST = 'end the rest: session_lost 404, over, lose session s';

/** What the body of a 404 and its end do, in a session. */
test.each<readonly [string, readonly ForwardEvent[], readonly string[]]>([
  [
    'a method that the server does not have',
    [messages(notFound(1, -32601, 'Method not found')), answerOver],
    ['answer 1 50 B in s', 'end the rest: http_4xx 404, over'],
  ],
  [
    'the same in an error without an id',
    [messages(notFound(null, -32601, 'Method not found')), answerOver],
    ['answer 1 50 B in s', 'end the rest: http_4xx 404, over'],
  ],
  [
    'a resource that it does not have',
    [messages(notFound(1, -32002, 'Resource not found')), answerOver],
    ['answer 1 50 B in s', 'end the rest: http_4xx 404, over'],
  ],
  [
    'another error of the request',
    [messages(notFound(1, -32000, 'No such item')), answerOver],
    ['answer 1 50 B in s', 'end the rest: http_4xx 404, over'],
  ],
  [
    'a result',
    [messages(result(1)), answerOver],
    ['answer 1 50 B in s', 'end the rest: http_4xx 404, over'],
  ],
])('404 in a session with %s leaves the session as it is', (_title, events, effects) => {
  expect(play([request(call(1)), head(404), ...events], { session: 's' }).slice(2)).toEqual(
    effects,
  );
});

test.each<readonly [string, readonly ForwardEvent[], string]>([
  ['no JSON', [answerOver], LOST],
  ['a body that cannot be read', [head(404, 'unreadable'), answerOver], LOST],
  [
    'the error of the TypeScript SDK',
    [messages(notFound(null, -32001, 'Session not found')), answerOver],
    'end the rest: session_lost 404 Session not found, over, lose session s',
  ],
  [
    'the error of the Python SDK',
    [messages(notFound('server-error', -32600, 'Session not found')), answerOver],
    'end the rest: session_lost 404 Session not found, over, lose session s',
  ],
  [
    'the id of the request',
    [messages(notFound(1, -32001, 'Session not found')), answerOver],
    'end the rest: session_lost 404 Session not found, over, lose session s',
  ],
  [
    'an error of another id',
    [messages(notFound(2, -32000, 'Not here')), answerOver],
    'end the rest: session_lost 404 Not here, over, lose session s',
  ],
])('404 in a session with %s means that it is lost', (_title, events, effects) => {
  const lines = play([request(call(1)), head(404), ...events], { session: 's' });
  expect(lines.at(-1)).toBe(effects);
  expect(lines.slice(2, -1).join('')).toBe('');
});

test('404 without a session is an error of the caller', () => {
  expect(play([request(call(1)), head(404), answerOver]).at(-1)).toBe(
    'end the rest: http_4xx 404, over',
  );
});

test('404 for a GET says that the server has no such stream', () => {
  const begin: Begin = { verb: 'GET', session: 's' };
  expect(play([request(), head(404, 'other'), answerOver], begin).join()).not.toContain('lose');
});

test.each<readonly [string, ForwardEvent, string]>([
  ['a DELETE that finds no session loses it', answerOver, LOST],
  ['a DELETE that does not reach the server keeps it', unreachable, 'keep session s'],
  ['a DELETE whose client does not wait does not', clientGone, 'end the rest: cancelled 499, over'],
])('%s', (_title, event, effects) => {
  const heads = event === answerOver ? [head(404, 'other')] : [];
  const lines = play([request(), ...heads, event], { verb: 'DELETE', session: 's' });
  expect(lines.at(-1)).toContain(effects);
});

const RESUMED: Begin = { verb: 'GET', session: 's', isResumption: true };
const RESUME = ['', 'touch session s, resume calls of s'];

test.each<readonly [string, readonly ForwardEvent[], readonly string[]]>([
  [
    'a stream that is resumed waits for the calls of the session',
    [head(200, 'events'), answerOver],
    [...RESUME, 'park resumed: no_response, end the rest: success 200, over'],
  ],
  [
    'a connection that breaks off again is a failure of the server',
    [head(200, 'events'), broken],
    [...RESUME, 'park resumed: connection, end the rest: connection 502 reset, over'],
  ],
  [
    'a client that leaves again may come back',
    [head(200, 'events'), clientGone],
    [...RESUME, 'park resumed: cancelled, end the rest: success 200, over'],
  ],
  [
    'a stream that cannot be resumed changes nothing',
    [head(400), answerOver],
    ['', '', 'end the rest: http_4xx 400, over'],
  ],
])('%s', (_title, events, effects) => {
  expect(play([request(), ...events], RESUMED)).toEqual(effects);
});

const CALL_IN_SESSION: Begin = { session: 's' };

/** What the last event does with the call that has no response by then. */
test.each(
  complete<string>(
    [
      'an error status judges the call, whatever the content',
      [head(503, 'unreadable'), answerOver],
      'end the rest: http_5xx 503, over',
    ],
    [
      'an answer that cannot be decompressed passes as a success',
      [head(202, 'unreadable'), answerOver],
      'end the rest: success 202, over',
    ],
    [
      'so does one that is too much to decompress',
      [head(200), givenUpOver],
      'end the rest: success 200, over',
    ],
    [
      'JSON without a response is invalid',
      [head(200), messages(progress), answerOver],
      'end the rest: invalid_response 502 the answer is no JSON-RPC response, over',
    ],
    [
      'JSON with the response to another request is not',
      [head(200), messages(result(2)), answerOver],
      'end the rest: no_response 502 the answer ended without a result, over',
    ],
    [
      'a stream of events without a response is none',
      [head(200, 'events'), answerOver],
      'end the rest: no_response 502 the answer ended without a result, over',
    ],
    [
      'a resumable stream that ends leaves the call to another stream of the session',
      [head(200, 'events'), resumableOver],
      'park the rest: no_response, over',
      CALL_IN_SESSION,
    ],
    [
      'without a session there is no other stream',
      [head(200, 'events'), resumableOver],
      'end the rest: no_response 502 the answer ended without a result, over',
    ],
    [
      'a connection that breaks off ends the call',
      [head(200, 'events'), broken],
      'end the rest: connection 502 reset, over',
      CALL_IN_SESSION,
    ],
    [
      'a resumable stream that breaks off leaves the call to another one',
      [head(200, 'events'), brokenResumable],
      'park the rest: connection, over',
      CALL_IN_SESSION,
    ],
    ['a client that goes away cancels the call', [clientGone], 'end the rest: cancelled 499, over'],
    [
      'a gateway that stops cancels the call',
      [head(200), cut],
      'end the rest: cancelled 499, over',
    ],
    [
      'a client that leaves a resumable stream may come back for the response',
      [head(200, 'events'), clientGoneResumable],
      'park the rest: cancelled, over',
      CALL_IN_SESSION,
    ],
    [
      'a server without an answer in time is refused for',
      [timeout],
      'refuse 1 timeout no answer within 30 s, end the rest: timeout 504 no answer within 30 s, over',
    ],
    [
      'a server that is not there is refused for',
      [unreachable],
      'refuse 1 unreachable refused, end the rest: connection 502 refused, over',
      CALL_IN_SESSION,
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  const lines = play([request(call(1)), ...events], begin);
  expect(lines.at(-1)).toBe(effects);
});

test.each<readonly [string, readonly object[], string]>([
  [
    'a refusal of several requests names no id',
    [call(1), call(2)],
    'refuse without an id: unreachable refused,',
  ],
  [
    'a refusal of two requests with one id names it',
    [call(1), call(1)],
    'refuse 1 unreachable refused,',
  ],
  [
    'a refusal of a notification names no id, and counts',
    [progress],
    'refuse without an id: unreachable refused, begin without a message,',
  ],
])('%s', (_title, batch, effects) => {
  expect(play([request(...batch), unreachable]).at(-1)).toBe(
    `${effects} end the rest: connection 502 refused, over`,
  );
});

const anyError = { id: null, error: { code: -32000, message: 'no' } };

test.each(
  complete<readonly string[]>(
    [
      'a POST without a message counts as a whole, by the status of its answer',
      [request(), head(415, 'other'), answerOver],
      ['begin without a message', '', 'end the rest: http_4xx 415, over'],
    ],
    [
      'a POST without a message that the server refuses with an error has the status of the refusal',
      [request(), head(406), messages(anyError), answerOver],
      ['begin without a message', '', '', 'end the rest: http_4xx 406, over'],
    ],
    [
      'an error without an id is the answer to a POST without a message',
      [request({}), head(200), messages(anyError)],
      ['notify, begin without a message', '', 'answer 50 B'],
    ],
    [
      'a POST without a message that the server accepts is a success',
      [request(), head(202, 'other'), answerOver],
      ['begin without a message', '', 'end the rest: success 202, over'],
    ],
    [
      'a notification that is accepted counts as nothing',
      [request(progress), head(202, 'other'), answerOver],
      ['notify notifications/progress', '', 'end the rest: success 202, over'],
    ],
    [
      'a notification that the server refuses counts once',
      [request(progress), head(500, 'other'), answerOver],
      [
        'notify notifications/progress',
        '',
        'begin without a message, end the rest: http_5xx 500, over',
      ],
    ],
    [
      'a client that does not wait for the answer to its notification counts as nothing',
      [request(progress), clientGone],
      ['notify notifications/progress', 'end the rest: cancelled 499, over'],
    ],
    [
      'a GET stream that the server does not have counts as nothing',
      [request(), head(405, 'other'), answerOver],
      ['', '', 'end the rest: http_4xx 405, over'],
      { verb: 'GET' },
    ],
    [
      'a GET stream that the gateway refuses counts once',
      [request(), unreachable],
      [
        '',
        'refuse without an id: unreachable refused, begin without a message, end the rest: connection 502 refused, over',
      ],
      { verb: 'GET' },
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  expect(play(events, begin)).toEqual(effects);
});

test.each(
  complete<readonly string[]>(
    [
      'a GET stream that ends is a success, and its client may leave it',
      [request(), head(200, 'events'), clientGoneResumable],
      ['', 'touch session s', 'end the rest: success 200, over'],
      { verb: 'GET', session: 's' },
    ],
    [
      'a subscription that ends is a success',
      [request(listen), head(200, 'events'), answerOver],
      ['begin 7 100 B', '', 'end the rest: success 200, over'],
    ],
    [
      'so is one that the client leaves',
      [request(listen), head(200, 'events'), clientGone],
      ['begin 7 100 B', '', 'end the rest: success 200, over'],
    ],
    [
      'one that breaks off is none',
      [request(listen), head(200, 'events'), broken],
      ['begin 7 100 B', '', 'end the rest: connection 502 reset, over'],
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  expect(play(events, begin)).toEqual(effects);
});

test('a GET and a subscription are streams, a call is none', () => {
  const isStream = (verb: ForwardState['verb'], message: object): boolean =>
    nextForwardState(
      createForwardState({ verb, session: undefined, answerTimeoutMs: 1 }),
      request(message),
    ).state.isStream;
  expect([isStream('GET', {}), isStream('POST', listen), isStream('POST', call(1))]).toEqual([
    true,
    true,
    false,
  ]);
});

test.each(
  complete<readonly string[]>(
    [
      'the end of the answer waits for the end of the request',
      [head(413), answerOver, requestBehindHead(call(1))],
      ['', '', 'begin 1 100 B, end the rest: http_4xx 413, over'],
    ],
    [
      'and knows then that it was a subscription',
      [head(200, 'events'), answerOver, requestBehindHead(listen)],
      ['', '', 'begin 7 100 B, end the rest: success 200, over'],
    ],
    [
      'and leaves the call to another stream if the one that ended is resumable',
      [head(200, 'events'), resumableOver, requestBehindHead(call(1))],
      ['touch session s', '', 'begin 1 100 B, park the rest: no_response, over'],
      { session: 's' },
    ],
    [
      'a failure does not wait for the end of the request, and applies to its calls later',
      [head(200, 'events'), brokenResumable, requestBehindHead(call(1))],
      [
        'touch session s',
        'park the rest: connection, over',
        'begin 1 100 B, end the rest: connection 502 reset',
      ],
      { session: 's' },
    ],
    [
      'a refusal before the end of the request names no id',
      [unreachable, requestBehindHead(call(1))],
      [
        'refuse without an id: unreachable refused, end the rest: connection 502 refused, over',
        'begin 1 100 B, end the rest: connection 502 refused',
      ],
    ],
    [
      'a refusal of what turns out to have no request counts as one call',
      [timeout, requestBehindHead(progress)],
      [
        'refuse without an id: timeout no answer within 30 s, end the rest: timeout 504 no answer within 30 s, over',
        'notify notifications/progress, begin without a message, end the rest: timeout 504 no answer within 30 s',
      ],
    ],
    [
      'a client that is gone before the end of its request counts as one call',
      [clientGone, request()],
      ['end the rest: cancelled 499, over', 'begin without a message, end the rest: cancelled 499'],
    ],
    [
      'a request that the edge refused meanwhile is not counted again',
      [requestBehindHead(call(1)), clientGone, requestBehindHead(call(1))],
      ['', 'end the rest: cancelled 499, over', ''],
    ],
    [
      'a request is read once',
      [request(call(1)), requestBehindHead(call(1))],
      ['begin 1 100 B', ''],
    ],
    [
      'only the first end counts',
      [request(call(1)), head(200), answerOver, broken, answerOver, timeout],
      [
        'begin 1 100 B',
        '',
        'end the rest: invalid_response 502 the answer is no JSON-RPC response, over',
        '',
        '',
        '',
      ],
    ],
  ),
)('%s', (_title, events, effects, begin) => {
  expect(play(events, begin)).toEqual(effects);
});

test('a step changes nothing of the state before', () => {
  const before = Object.freeze(
    createForwardState({ verb: 'POST', session: 's', answerTimeoutMs: 1 }),
  );
  const copy = { ...before };
  for (const event of [request(call(1)), head(200), messages(result(1)), answerOver, broken])
    nextForwardState(before, event);
  expect(before).toEqual(copy);
});
