import { expect, test } from 'vitest';
import { factsOfMessage } from '../../../../src/protocol/message-facts.ts';
import type { RelayFailure } from '../../../../src/sources/gateway/relay.ts';
import {
  createSsePostState,
  nextSsePostState,
  type SsePostEvent,
} from '../../../../src/sources/gateway/sse-post-state.ts';
import { shortEffect } from './short-effects.ts';

const answerOver: SsePostEvent = { kind: 'answer_over' };
const call = (id: number) => ({ id, method: 'tools/call' });

function request(...each: readonly object[]): SsePostEvent {
  const facts = each.map((message) => factsOfMessage({ jsonrpc: '2.0', ...message }));
  const messages = facts.filter((one) => one !== undefined);
  return { kind: 'request_read', read: { messages, isBatch: true, isJson: true }, bytes: 100 };
}

function head(status: number): SsePostEvent {
  return { kind: 'head', status };
}

function failed(failure: RelayFailure): SsePostEvent {
  return { kind: 'failed', failure };
}

/** The effects of each event in one line. */
function play(events: readonly SsePostEvent[]): string[] {
  let state = createSsePostState({ session: '/message', answerTimeoutMs: 30_000 });
  return events.map((event) => {
    const step = nextSsePostState(state, event);
    state = step.state;
    return step.effects.map(shortEffect).join(', ');
  });
}

test.each<readonly [string, readonly SsePostEvent[], readonly string[]]>([
  [
    'a call that the server accepts waits for its response on the stream',
    [request(call(1)), head(202), answerOver],
    ['begin 1 parked as timeout', '', 'over'],
  ],
  [
    'requests with one id are all begun',
    [request(call(1), call(1))],
    ['begin 1 parked as timeout, begin 1 parked as timeout'],
  ],
  [
    'responses and notifications of the client belong to the session',
    [
      request({ id: 8, result: {} }, { method: 'notifications/initialized' }),
      head(202),
      answerOver,
    ],
    [
      'client answers 8 100 B in /message, notify notifications/initialized in /message',
      '',
      'over',
    ],
  ],
  [
    'initialize says who the client is',
    [
      request({
        id: 0,
        method: 'initialize',
        params: { protocolVersion: '2024-11-05', clientInfo: { name: 'editor', version: '1' } },
      }),
    ],
    ['begin 0 parked as timeout, open session /message editor 2024-11-05'],
  ],
  [
    'an error status ends the calls, since no response will come',
    [request(call(1)), head(404), answerOver],
    ['begin 1 parked as timeout', '', 'over, end the rest: session_lost 404'],
  ],
  [
    'a POST ends once',
    [request(call(1)), head(500), answerOver, answerOver, failed({ kind: 'cut' })],
    ['begin 1 parked as timeout', '', 'over, end the rest: http_5xx 500', '', ''],
  ],
  [
    'a POST without a message counts as a whole',
    [request(), head(400), answerOver],
    ['begin without a message', '', 'over, end the rest: http_4xx 400'],
  ],
  [
    'a POST without a message that the server takes is a success, since no response will come',
    [request({}), head(202), answerOver],
    ['begin without a message', '', 'over, end the rest: success 202'],
  ],
  [
    'a notification that the server refuses counts once',
    [request({ method: 'notifications/initialized' }), head(500), answerOver],
    [
      'notify notifications/initialized in /message',
      '',
      'over, begin without a message, end the rest: http_5xx 500',
    ],
  ],
  [
    'a notification that the gateway refuses counts once',
    [request({ method: 'notifications/initialized' }), failed({ kind: 'timeout' })],
    [
      'notify notifications/initialized in /message',
      'over, refuse without an id: timeout no answer within 30 s, begin without a message, end the rest: timeout 504',
    ],
  ],
])('%s', (_title, events, effects) => {
  expect(play(events)).toEqual(effects);
});

test.each<readonly [string, RelayFailure, string]>([
  [
    'a server without an answer in time is refused for, with the first id',
    { kind: 'timeout' },
    'over, refuse 1 timeout no answer within 30 s, end the rest: timeout 504',
  ],
  [
    'a server that is not there is refused for',
    { kind: 'unreachable', detail: 'refused' },
    'over, refuse 1 unreachable refused, end the rest: connection 502 refused',
  ],
  [
    'a connection that breaks off ends the calls',
    { kind: 'broken', detail: 'reset' },
    'over, end the rest: connection 502 reset',
  ],
  [
    'a client that goes away cancels the calls',
    { kind: 'client_gone' },
    'over, end the rest: cancelled 499',
  ],
  ['a gateway that stops cancels the calls', { kind: 'cut' }, 'over, end the rest: cancelled 499'],
])('%s', (_title, failure, effects) => {
  expect(play([request(call(1), call(2)), failed(failure)]).at(-1)).toBe(effects);
});
