import { expect, test } from 'vitest';
import {
  channelEffects,
  type ChannelEffect,
  type ChannelEvent,
  createChannelState,
} from '../../../../src/protocol/stdio/channel-state.ts';

const END = { code: 3, signal: null, wasStopped: false, livedMs: 1, stderrTail: 'no database' };
const ended = { kind: 'ended', end: END } as const;
const oversized = { kind: 'oversized_line', bytesMax: 4 * 1024 * 1024 } as const;
const NO_DATABASE = { kind: 'exit', code: 3, signal: null, lastLine: 'no database' };

function request(id: number, method = 'ping'): ChannelEvent {
  return { kind: 'request', id, method, params: undefined };
}

function forget(id: number, isLateAnswerWanted = false): ChannelEvent {
  return { kind: 'forget', id, isLateAnswerWanted };
}

function line(message: object | string): ChannelEvent {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return { kind: 'line', text };
}

function result(id: unknown): ChannelEvent {
  return line({ jsonrpc: '2.0', id, result: {} });
}

function error(id: unknown): ChannelEvent {
  return line({ jsonrpc: '2.0', id, error: { code: -32700, message: 'what?' } });
}

/** Effects in a few words each, so that a row of a table stays readable. */
function shorten(effect: ChannelEffect): string {
  switch (effect.kind) {
    case 'write': {
      const message = JSON.parse(effect.text) as { id: number | string; method?: string };
      const what = message.method ?? ('result' in message ? 'result' : 'error');
      return `write ${what} ${message.id}`;
    }
    case 'reply':
      return `reply ${effect.id} ${effect.reply.ok ? 'ok' : effect.reply.facts.kind}`;
    case 'refuse':
      return `refuse ${effect.id} ${effect.facts.kind}`;
    case 'odd_line':
      return effect.oddity;
    case 'first_message':
    case 'notification':
      return effect.kind;
  }
}

test.each<[string, readonly ChannelEvent[], readonly string[]]>([
  [
    'A request is written, and its answer is its reply',
    [request(1), result(1)],
    ['write ping 1', 'first_message', 'reply 1 ok'],
  ],
  [
    'An id that comes back as text is that of its request',
    [request(1), request(2), result('2'), error('1'), result('1'), result('')],
    [
      'write ping 1',
      'write ping 2',
      'first_message',
      'reply 2 ok',
      'reply 1 rpc',
      'answers nothing',
    ],
  ],
  [
    'Answers find their requests in any order',
    [request(1), request(2), result(2), result(1)],
    ['write ping 1', 'write ping 2', 'first_message', 'reply 2 ok', 'reply 1 ok'],
  ],
  [
    'The elements of a batch are read one by one',
    [
      request(1),
      line([
        { jsonrpc: '2.0', method: 'a' },
        { jsonrpc: '2.0', id: 1, result: {} },
      ]),
    ],
    ['write ping 1', 'first_message', 'notification', 'reply 1 ok'],
  ],
  [
    'A late answer to a forgotten request is dropped in silence',
    [request(1), forget(1), result(1)],
    ['write ping 1', 'first_message'],
  ],
  [
    'A late answer that is wanted is passed on, once',
    [request(1), forget(1, true), request(2), result(1), result(1), result(2)],
    ['write ping 1', 'write ping 2', 'first_message', 'reply 1 ok', 'reply 2 ok'],
  ],
  [
    'A request whose late answer is wanted does not wait: an error without an id is not its answer',
    [request(1), forget(1, true), request(2), error(null)],
    ['write ping 1', 'write ping 2', 'first_message', 'reply 2 rpc'],
  ],
  [
    'A request whose late answer is wanted does not fail with the child',
    [request(1), forget(1, true), ended],
    ['write ping 1'],
  ],
  ['An answer to nothing is odd', [result(7)], ['first_message', 'answers nothing']],
  [
    'An error without an id answers the only request that waits',
    [request(1), error(null)],
    ['write ping 1', 'first_message', 'reply 1 rpc'],
  ],
  [
    'An error without an id answers the request that has waited longest',
    [request(1), request(2), error('made up'), error(null), error(null)],
    [
      'write ping 1',
      'write ping 2',
      'first_message',
      'reply 1 rpc',
      'reply 2 rpc',
      'answers nothing',
    ],
  ],
  [
    'A late error of an earlier request does not answer the one that waits',
    [request(1), forget(1), request(2), error(1)],
    ['write ping 1', 'write ping 2', 'first_message'],
  ],
  [
    'A ping of the server gets a result, and any other request an error',
    [
      line({ jsonrpc: '2.0', id: 'a', method: 'ping' }),
      line({ jsonrpc: '2.0', id: 0, method: 'roots/list' }),
    ],
    ['first_message', 'write result a', 'write error 0'],
  ],
  [
    'Lines that are no messages are odd, and are no first message',
    [line('Listening'), line('{"half'), line({ hello: 1 })],
    ['is no JSON', 'is no JSON', 'is no JSON-RPC'],
  ],
  [
    'A line that is too long fails every request that waits',
    [request(1), request(2), oversized, result(1)],
    ['write ping 1', 'write ping 2', 'reply 1 unusable', 'reply 2 unusable', 'first_message'],
  ],
  [
    'The end fails every request that waits, and every later one at once',
    [request(1), ended, request(2)],
    ['write ping 1', 'reply 1 exit', 'refuse 2 exit'],
  ],
])('%s', (_name, events, effects) => {
  const state = createChannelState();
  const performed = events.flatMap((event) => channelEffects(state, event));
  expect(performed.map(shorten)).toEqual(effects);
});

test('at most 64 requests wait, and one more is refused without being sent', () => {
  const state = createChannelState();
  const ids = Array.from({ length: 64 }, (_unused, index) => index + 1);
  for (const id of ids) expect(channelEffects(state, request(id))).toHaveLength(1);
  expect(channelEffects(state, request(65, 'tools/list'))).toEqual([
    {
      kind: 'refuse',
      id: 65,
      facts: {
        kind: 'unusable',
        method: 'tools/list',
        reason: '64 requests wait for an answer',
      },
    },
  ]);
  expect(state.waiting.size).toBe(64);
});

test('failures name their method and their cause', () => {
  const state = createChannelState();
  channelEffects(state, request(1, 'tools/list'));
  expect(channelEffects(state, oversized)).toEqual([
    {
      kind: 'reply',
      id: 1,
      reply: {
        ok: false,
        facts: {
          kind: 'unusable',
          method: 'tools/list',
          reason: 'the server sent a line of more than 4 MiB',
        },
      },
    },
  ]);
  channelEffects(state, request(2));
  expect(channelEffects(state, ended)).toEqual([
    { kind: 'reply', id: 2, reply: { ok: false, facts: NO_DATABASE } },
  ]);
});
