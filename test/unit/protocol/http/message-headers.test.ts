import { expect, test } from 'vitest';
import {
  eventsHeaders,
  messageHeaders,
  sessionHeaders,
  sessionIdOf,
} from '../../../../src/protocol/http/message-headers.ts';

const SESSION = { sessionId: 's1', protocolVersion: '2025-11-25' };
const SESSION_HEADERS = { 'mcp-session-id': 's1', 'mcp-protocol-version': '2025-11-25' };
const CONTENT = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'accept-encoding': 'identity',
};
const EVENTS = {
  accept: 'text/event-stream',
  'accept-encoding': 'identity',
  'cache-control': 'no-store',
};

test.each([
  ['a message outside of a session', messageHeaders({}), CONTENT],
  ['a message in a session', messageHeaders(SESSION), { ...CONTENT, ...SESSION_HEADERS }],
  [
    'a message of 2026-07-28',
    messageHeaders({
      protocolVersion: '2026-07-28',
      repeated: { method: 'tools/call', target: 'größer', params: { 'mcp-param-region': 'eu' } },
    }),
    {
      ...CONTENT,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': `=?base64?${Buffer.from('größer').toString('base64')}?=`,
      'mcp-param-region': 'eu',
    },
  ],
  [
    'an answer of a client, which has neither method nor name',
    messageHeaders({ protocolVersion: '2026-07-28', repeated: {} }),
    { ...CONTENT, 'mcp-protocol-version': '2026-07-28' },
  ],
  ['a stream of events', eventsHeaders(SESSION), { ...EVENTS, ...SESSION_HEADERS }],
  [
    'the rest of a stream',
    eventsHeaders(SESSION, ''),
    { ...EVENTS, ...SESSION_HEADERS, 'last-event-id': '' },
  ],
  ['the end of a session', sessionHeaders(SESSION), SESSION_HEADERS],
  [
    'the end of a session without a revision',
    sessionHeaders({ sessionId: 's1' }),
    {
      'mcp-session-id': 's1',
    },
  ],
])('headers of %s', (_, headers, expected) => {
  expect(headers).toEqual(expected);
});

test.each([
  ['visible ASCII', 'a!~', 'a!~'],
  ['absent', undefined, undefined],
  ['empty', '', undefined],
  ['with a space', 'a b', undefined],
  ['past ASCII', 'ü', undefined],
  ['too long', 'x'.repeat(1_025), undefined],
])('a session id that is %s', (_, id, expected) => {
  expect(sessionIdOf(id === undefined ? {} : { 'mcp-session-id': id })).toBe(expected);
});
