import { expect, test } from 'vitest';
import {
  contextOf,
  type HttpChannelEvent,
  type HttpChannelState,
  isStateless,
  NEW_HTTP_CHANNEL,
  nextHttpChannelState,
} from '../../../../src/protocol/http/http-channel-state.ts';
import type { MessageFacts } from '../../../../src/protocol/message-facts.ts';

const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

function message(facts: Partial<MessageFacts>): MessageFacts {
  return { hasResult: false, isError: false, ...facts };
}

const OPENING = message({ method: 'initialize', protocolVersion: LEGACY });
const MODERN_CALL = message({ method: 'tools/call', target: 'a', protocolVersion: MODERN });
const CALL = message({ method: 'tools/call', target: 'a' });
const RESPONSE = message({ hasResult: true });
const AGREED: HttpChannelState = {
  sessionId: 's1',
  agreedVersion: LEGACY,
  statelessVersion: undefined,
  hasAnswered: true,
};
const STATELESS: HttpChannelState = {
  ...NEW_HTTP_CHANNEL,
  statelessVersion: MODERN,
  hasAnswered: true,
};
const sent = (first: MessageFacts): HttpChannelEvent => ({ kind: 'message_sent', first });
const begun = (isOpening: boolean, status: number, sessionId?: string): HttpChannelEvent => ({
  kind: 'answer_begun',
  isOpening,
  status,
  sessionId,
});

const EVENTS: readonly (readonly [
  string,
  HttpChannelState,
  HttpChannelEvent,
  Partial<HttpChannelState>,
])[] = [
  ['the revision of an opening is no agreement', NEW_HTTP_CHANNEL, sent(OPENING), {}],
  [
    'a message that names its revision shows an era without sessions',
    NEW_HTTP_CHANNEL,
    sent(MODERN_CALL),
    { statelessVersion: MODERN },
  ],
  ['after a handshake it does not', AGREED, sent(MODERN_CALL), {}],
  [
    'the answer to an opening names the session',
    NEW_HTTP_CHANNEL,
    begun(true, 200, 's1'),
    { sessionId: 's1', hasAnswered: true },
  ],
  ['a new opening ends the session before it', AGREED, begun(true, 200), { sessionId: undefined }],
  ['a refused opening names none', NEW_HTTP_CHANNEL, begun(true, 400, 's1'), {}],
  ['other answers name none', AGREED, begun(false, 200, 's2'), {}],
  ['a success is remembered', NEW_HTTP_CHANNEL, begun(false, 202), { hasAnswered: true }],
  [
    'what both agreed on',
    NEW_HTTP_CHANNEL,
    { kind: 'opening_answered', protocolVersion: LEGACY },
    { agreedVersion: LEGACY },
  ],
  [
    'a session takes the place of a lost one',
    AGREED,
    { kind: 'session_renewed', sessionId: 's2' },
    { sessionId: 's2' },
  ],
  ['the end', AGREED, { kind: 'closed' }, { sessionId: undefined }],
];

test.each(EVENTS)('%s', (_, state, event, changes) => {
  expect(nextHttpChannelState(state, event)).toEqual({ ...state, ...changes });
});

test.each([
  ['a message that says so', NEW_HTTP_CHANNEL, MODERN_CALL, true],
  ['one that does not, on its own', NEW_HTTP_CHANNEL, CALL, false],
  ['one that does not, after one that did', STATELESS, CALL, true],
  ['an opening', STATELESS, OPENING, false],
  ['one of an older revision', STATELESS, { ...CALL, protocolVersion: LEGACY }, false],
  ['anything after a handshake', AGREED, MODERN_CALL, false],
])('whether %s belongs to the era without sessions', (_, state, facts, expected) => {
  expect(isStateless(state, facts)).toBe(expected);
});

test.each([
  ['an opening', AGREED, OPENING, {}],
  ['a call in a session', AGREED, CALL, { sessionId: 's1', protocolVersion: LEGACY }],
  ['no message in particular', AGREED, undefined, { sessionId: 's1', protocolVersion: LEGACY }],
  [
    'a revision that has no header for it, all the same',
    { ...AGREED, agreedVersion: '2024-11-05' },
    CALL,
    { sessionId: 's1', protocolVersion: '2024-11-05' },
  ],
  ['a call before anything is known', NEW_HTTP_CHANNEL, CALL, {}],
  [
    'a call of the era without sessions',
    STATELESS,
    MODERN_CALL,
    {
      protocolVersion: MODERN,
      repeated: { method: 'tools/call', target: 'a', params: { 'mcp-param-a': '1' } },
    },
  ],
  [
    'a response in that era',
    STATELESS,
    RESPONSE,
    {
      protocolVersion: MODERN,
      repeated: { method: undefined, target: undefined, params: { 'mcp-param-a': '1' } },
    },
  ],
])('the context of %s', (_, state, facts, expected) => {
  expect(contextOf(state, facts, { 'mcp-param-a': '1' })).toEqual(expected);
});
