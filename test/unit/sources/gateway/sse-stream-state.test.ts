import { expect, test } from 'vitest';
import { factsOfMessage } from '../../../../src/protocol/message-facts.ts';
import type { RelayFailure } from '../../../../src/sources/gateway/relay.ts';
import {
  createSseStreamState,
  nextSseStreamState,
  type SseStreamEffect,
  type SseStreamEvent,
} from '../../../../src/sources/gateway/sse-stream-state.ts';
import { shortEffect } from './short-effects.ts';

const endpoint: SseStreamEvent = { kind: 'endpoint_announced', address: '/message?session=1' };
const answerOver: SseStreamEvent = { kind: 'answer_over' };

function messages(...each: readonly object[]): SseStreamEvent {
  const facts = each.map((message) => factsOfMessage({ jsonrpc: '2.0', ...message }));
  const known = facts.filter((one) => one !== undefined);
  return { kind: 'messages', read: { messages: known, isBatch: true, isJson: true }, bytes: 50 };
}

function failed(failure: RelayFailure): SseStreamEvent {
  return { kind: 'failed', failure };
}

function shorten(effect: SseStreamEffect): string {
  return effect.kind === 'open_address' || effect.kind === 'close_address'
    ? `${effect.kind.replace('_', ' ')} ${effect.address}`
    : shortEffect(effect);
}

/** The effects of each event in one line. */
function play(events: readonly SseStreamEvent[]): string[] {
  let state = createSseStreamState(30_000);
  return events.map((event) => {
    const step = nextSseStreamState(state, event);
    state = step.state;
    return step.effects.map(shorten).join(', ');
  });
}

const OPENED = 'open address /message?session=1, open session /message?session=1';
const closed = (errorType: string) =>
  `over, close address /message?session=1, close session /message?session=1 as ${errorType}`;
const NOT_IN_TIME =
  'refuse without an id: timeout no answer within 30 s, begin without a message, end the rest: timeout 504 no answer within 30 s, over';

test.each<readonly [string, readonly SseStreamEvent[], readonly string[]]>([
  [
    'a stream is the session that its endpoint names',
    [
      endpoint,
      messages(
        { id: 1, result: {} },
        { id: 2, method: 'ping' },
        { method: 'notifications/progress' },
      ),
      answerOver,
    ],
    [
      OPENED,
      [
        'answer 1 50 B in /message?session=1',
        'server asks 2 50 B in /message?session=1',
        'notify notifications/progress in /message?session=1',
      ].join(', '),
      closed('no_response'),
    ],
  ],
  [
    'messages before the endpoint belong to no session',
    [messages({ id: 1, result: {} }), endpoint],
    ['answer 1 50 B', OPENED],
  ],
  ['a stream without an endpoint has no session to close', [answerOver], ['over']],
  [
    'a stream that the client leaves closes its session',
    [endpoint, failed({ kind: 'client_gone' })],
    [OPENED, closed('cancelled')],
  ],
  ['so does one that is cut', [endpoint, failed({ kind: 'cut' })], [OPENED, closed('cancelled')]],
  [
    'one that breaks off is a failure of the server',
    [endpoint, failed({ kind: 'broken', detail: 'reset' })],
    [OPENED, closed('connection')],
  ],
  ['a stream without a head in time is refused', [failed({ kind: 'timeout' })], [NOT_IN_TIME]],
  [
    'a stream to a server that is not there is refused',
    [failed({ kind: 'unreachable', detail: 'refused' })],
    [
      'refuse without an id: unreachable refused, begin without a message, end the rest: connection 502 refused, over',
    ],
  ],
  [
    'a stream ends once',
    [endpoint, answerOver, failed({ kind: 'cut' }), answerOver, endpoint],
    [OPENED, closed('no_response'), '', '', ''],
  ],
])('%s', (_title, events, effects) => {
  expect(play(events)).toEqual(effects);
});
