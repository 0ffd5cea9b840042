import { expect, test } from 'vitest';
import { classifyMessage, isAnswerTo, parseMessages } from '../../../src/protocol/json-rpc.ts';

test.each([
  [
    'a request',
    { jsonrpc: '2.0', id: 1, method: 'ping' },
    { kind: 'request', id: 1, method: 'ping' },
  ],
  [
    'a request with the id 0',
    { jsonrpc: '2.0', id: 0, method: 'ping' },
    { kind: 'request', id: 0 },
  ],
  [
    'a request with an empty id',
    { jsonrpc: '2.0', id: '', method: 'ping' },
    { kind: 'request', id: '' },
  ],
  [
    'a request with params',
    { jsonrpc: '2.0', id: 1, method: 'x', params: { a: 1 } },
    { kind: 'request', params: { a: 1 } },
  ],
  ['a notification', { jsonrpc: '2.0', method: 'x' }, { kind: 'notification', method: 'x' }],
  ['a result', { jsonrpc: '2.0', id: 'a', result: {} }, { kind: 'result', id: 'a', result: {} }],
  [
    'a result that is null',
    { jsonrpc: '2.0', id: 0, result: null },
    { kind: 'result', id: 0, result: null },
  ],
  [
    'a result beside "error": null',
    { jsonrpc: '2.0', id: 1, result: {}, error: null },
    { kind: 'result', id: 1 },
  ],
  [
    'an error',
    { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'm', data: 2 } },
    { kind: 'error', id: 1, error: { code: -1, message: 'm', data: 2 } },
  ],
  [
    'an error with the id null',
    { jsonrpc: '2.0', id: null, error: { code: -1, message: 'm' } },
    { kind: 'error', id: null },
  ],
  [
    'an error without an id',
    { jsonrpc: '2.0', error: { code: 0, message: 'm' } },
    { kind: 'error', id: null },
  ],
  [
    'an error without a message',
    { jsonrpc: '2.0', id: 1, error: { code: 5 } },
    { kind: 'error', error: { code: 5, message: '' } },
  ],
  ['an error without a code', { jsonrpc: '2.0', id: 1, error: {} }, { kind: 'invalid' }],
  ['a request with the id null', { jsonrpc: '2.0', id: null, method: 'x' }, { kind: 'invalid' }],
  ['a method that is no string', { jsonrpc: '2.0', id: 1, method: 7 }, { kind: 'invalid' }],
  [
    'params that are no structure',
    { jsonrpc: '2.0', id: 1, method: 'x', params: 'y' },
    { kind: 'invalid' },
  ],
  ['a result without an id', { jsonrpc: '2.0', result: {} }, { kind: 'invalid' }],
  ['neither method, result nor error', { jsonrpc: '2.0', id: 1 }, { kind: 'invalid' }],
  ['JSON-RPC 1', { id: 1, result: {} }, { kind: 'invalid' }],
  ['an array', [], { kind: 'invalid' }],
  ['null', null, { kind: 'invalid' }],
  ['text', 'ping', { kind: 'invalid' }],
])('%s is recognised', (_, value, expected) => {
  expect(classifyMessage(value)).toMatchObject(expected);
});

test('a batch is read element by element', () => {
  const parsed = parseMessages(
    '[{"jsonrpc":"2.0","method":"a"},7,{"jsonrpc":"2.0","id":1,"result":{}}]',
  );
  expect(parsed).toMatchObject({
    ok: true,
    isBatch: true,
    messages: [{ kind: 'notification' }, { kind: 'invalid' }, { kind: 'result' }],
  });
});

test.each([
  ['an empty batch', '[]', 'empty batch'],
  ['what is not JSON', '{', 'not JSON'],
  ['nothing', '', 'not JSON'],
])('%s is refused', (_, text, reason) => {
  expect(parseMessages(text)).toMatchObject({
    ok: false,
    reason: expect.stringContaining(reason) as string,
  });
});

test.each([
  ['a result with our id', { jsonrpc: '2.0', id: 0, result: {} }, true, true],
  ['a result with our id as text', { jsonrpc: '2.0', id: '0', result: {} }, false, true],
  ['a result with our id as a fraction', { jsonrpc: '2.0', id: '0.0', result: {} }, false, true],
  ['a result with an empty id', { jsonrpc: '2.0', id: '', result: {} }, true, false],
  ['a result with a blank id', { jsonrpc: '2.0', id: ' ', result: {} }, true, false],
  ['a result with the id of another request', { jsonrpc: '2.0', id: '1', result: {} }, true, false],
  ['a result with a word for an id', { jsonrpc: '2.0', id: 'zero', result: {} }, true, false],
  [
    'an error with our id as text',
    { jsonrpc: '2.0', id: '0', error: { code: 1, message: '' } },
    false,
    true,
  ],
  ['an error with our id', { jsonrpc: '2.0', id: 0, error: { code: 1, message: '' } }, false, true],
  [
    'an error with a made-up id, when nothing else is asked',
    { jsonrpc: '2.0', id: 'x', error: { code: 1, message: '' } },
    true,
    true,
  ],
  [
    'an error with a made-up id, among others',
    { jsonrpc: '2.0', id: 'x', error: { code: 1, message: '' } },
    false,
    false,
  ],
  ['a request with our id', { jsonrpc: '2.0', id: 0, method: 'ping' }, true, false],
])('%s answers or does not', (_, value, isOnlyRequest, expected) => {
  expect(isAnswerTo(classifyMessage(value), 0, isOnlyRequest)).toBe(expected);
});
