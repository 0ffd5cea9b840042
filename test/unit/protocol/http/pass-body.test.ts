import { expect, test } from 'vitest';
import { isUnsuitable, passBody } from '../../../../src/protocol/http/pass-body.ts';
import { readLine } from '../../../../src/protocol/read-line.ts';

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
const RESULT = '{"jsonrpc":"2.0","id":1,"result":{}}';
const OTHER = '{"jsonrpc":"2.0","id":9,"result":{}}';
const ERROR = '{"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}}';
const ERROR_TEXT = '{"code":-1,"message":"no"}';

test.each([
  ['an answer', RESULT, 200, PING, { kind: 'text' }],
  ['an answer with a status of failure', RESULT, 500, PING, { kind: 'text' }],
  [
    'an answer whose id came back as text',
    RESULT.replace(':1', ':"1"'),
    500,
    PING,
    { kind: 'text' },
  ],
  ['an error of its own id', ERROR.replace('null', '1'), 400, PING, { kind: 'text' }],
  ['an error of no id', ERROR, 400, PING, { kind: 'error', error: ERROR_TEXT }],
  [
    'an error that is no JSON-RPC',
    '{"error":{"a":1}}',
    400,
    PING,
    { kind: 'error', error: '{"a":1}' },
  ],
  ['an error for a notification', ERROR, 400, INITIALIZED, { kind: 'nothing' }],
  ['an error for what was unreadable', ERROR, 400, 'garbage', { kind: 'text' }],
  ['a message of another id', OTHER, 200, PING, { kind: 'text' }],
  ['the same with a status of failure', OTHER, 500, PING, { kind: 'nothing' }],
  ['no JSON', 'busy', 503, PING, { kind: 'nothing' }],
  ['nothing', '', 202, INITIALIZED, { kind: 'nothing' }],
] as const)('%s', (_, text, status, sent, expected) => {
  const { messages: facts } = readLine(sent);
  const waiting = new Set(sent === PING ? ['1'] : []);
  expect(passBody(text, status, { facts, waiting })).toEqual(expected);
});

test.each([
  [405, 'Method Not Allowed', true],
  [404, '', true],
  [400, '<html>', true],
  [400, ERROR, false],
  [401, '', false],
  [500, '', false],
])('whether %i with "%s" is the refusal of an HTTP+SSE server: %s', (status, text, expected) => {
  expect(isUnsuitable(text, status)).toBe(expected);
});
