import { expect, test } from 'vitest';
import type { ServerIdentity } from '../../../../../src/facts/check-report.ts';
import type { FailureFacts } from '../../../../../src/protocol/classify-failure.ts';
import {
  CLOSED_SSE,
  nextSseState,
  type SseProbeClientEvent,
  type SseProbeClientState,
} from '../../../../../src/sources/probe/connection/sse-probe-client-state.ts';

const identity: ServerIdentity = {
  transport: 'sse',
  era: 'legacy',
  protocolVersion: '2025-11-25',
  implementation: 'x',
  version: '1',
};
const OPENING: SseProbeClientState = { ...CLOSED_SSE, isStreamOpen: true };
const OPEN: SseProbeClientState = { ...OPENING, identity };
const WAITING: SseProbeClientState = { ...OPEN, pending: [{ id: 7, method: 'ping' }] };
const BOTH: SseProbeClientState = {
  ...OPENING,
  pending: [
    { id: 1, method: 'server/discover' },
    { id: 2, method: 'initialize' },
  ],
};
const FIRST_WAITS: SseProbeClientState = { ...OPENING, pending: BOTH.pending.slice(0, 1) };
const SECOND_WAITS: SseProbeClientState = { ...OPENING, pending: BOTH.pending.slice(1) };
const LATE: SseProbeClientState = { ...WAITING, lateId: 1 };
const LOST: FailureFacts = {
  kind: 'network',
  codes: ['ECONNRESET'],
  authority: 'host:80',
  isTls: false,
  isConnected: true,
};
const TIMEOUT: FailureFacts = { kind: 'timeout', waitedFor: 'answer to ping', limitMs: 5_000 };
const MISFIT: SseProbeClientState = {
  ...OPEN,
  pending: [{ id: 7, method: 'ping', misfit: 'it is not JSON' }],
};
const CLOSE = { kind: 'close_stream' };

const received = (message: unknown): SseProbeClientEvent => ({
  kind: 'message_received',
  data: typeof message === 'string' ? message : JSON.stringify(message),
});
const result = (id: unknown): object => ({ jsonrpc: '2.0', id, result: {} });
const error = (id: unknown): object => ({ jsonrpc: '2.0', id, error: { code: 1, message: 'no' } });
const request = (method: string): object => ({ jsonrpc: '2.0', id: 'q', method });
const answered = (kind: 'result' | 'error', id = 7): object => ({
  kind: 'resolve',
  id,
  exchange: { ok: true, answer: expect.objectContaining({ kind }) as object },
});
const failed = (facts: FailureFacts, id = 7): object => ({
  kind: 'resolve',
  id,
  exchange: { ok: false, facts },
});
const reply = (method: string, more: object): object => ({
  kind: 'post_reply',
  method,
  text: JSON.stringify({ jsonrpc: '2.0', id: 'q', ...more }),
});

const TABLE: readonly (readonly [
  string,
  SseProbeClientState,
  SseProbeClientEvent,
  SseProbeClientState,
  readonly object[],
])[] = [
  ['A stream that was opened is open', CLOSED_SSE, { kind: 'stream_opened' }, OPENING, []],
  ['A server that was opened is known', OPENING, { kind: 'identified', identity }, OPEN, []],
  [
    'A request waits for its answer',
    OPEN,
    { kind: 'request_sent', id: 7, method: 'ping' },
    WAITING,
    [],
  ],
  ['The answer ends the wait', WAITING, received(result(7)), OPEN, [answered('result')]],
  ['The answer of another request does not', WAITING, received(result(6)), WAITING, []],
  [
    'An error with a made-up id ends the wait',
    WAITING,
    received(error('')),
    OPEN,
    [answered('error')],
  ],
  ['A late error of an earlier request does not', WAITING, received(error(6)), WAITING, []],
  [
    'An answer in a batch is found',
    WAITING,
    received([result(6), result(7)]),
    OPEN,
    [answered('result')],
  ],
  ['An answer that nobody waits for is skipped', OPEN, received(result(7)), OPEN, []],
  ['A notification is skipped', WAITING, received({ jsonrpc: '2.0', method: 'n' }), WAITING, []],
  ['What is not JSON is skipped, and noted as a reason', WAITING, received('hello'), MISFIT, []],
  [
    'The answer after what is not JSON ends the wait',
    MISFIT,
    received(result(7)),
    OPEN,
    [answered('result')],
  ],
  [
    'Without an answer, what was not JSON is the reason',
    MISFIT,
    { kind: 'request_failed', id: 7, facts: TIMEOUT },
    OPEN,
    [failed({ kind: 'unusable', method: 'ping', reason: 'it is not JSON' })],
  ],
  [
    'A POST that fails is the reason even after what was not JSON',
    MISFIT,
    { kind: 'request_failed', id: 7, facts: LOST },
    OPEN,
    [failed(LOST)],
  ],
  ['What is no JSON is skipped while nobody waits', OPEN, received('hello'), OPEN, []],
  [
    'A POST that fails ends the wait of its request',
    WAITING,
    { kind: 'request_failed', id: 7, facts: LOST },
    OPEN,
    [failed(LOST)],
  ],
  [
    'A POST that fails after its answer came does nothing',
    OPEN,
    { kind: 'request_failed', id: 7, facts: LOST },
    OPEN,
    [],
  ],
  [
    'A POST of an earlier request that fails does nothing',
    WAITING,
    { kind: 'request_failed', id: 6, facts: LOST },
    WAITING,
    [],
  ],
  [
    'A ping of the server is answered',
    OPEN,
    received(request('ping')),
    { ...OPEN, replyCount: 1 },
    [reply('ping', { result: {} })],
  ],
  [
    'Any other request of the server is refused',
    OPEN,
    received(request('roots/list')),
    { ...OPEN, replyCount: 1 },
    [reply('roots/list', { error: { code: -32601, message: 'Method not found' } })],
  ],
  [
    'A server that asks too fast gets no reply',
    { ...OPEN, replyCount: 4 },
    received(request('ping')),
    { ...OPEN, replyCount: 4 },
    [],
  ],
  [
    'A reply that was posted makes room for the next',
    { ...OPEN, replyCount: 4 },
    { kind: 'reply_posted' },
    { ...OPEN, replyCount: 3 },
    [],
  ],
  [
    'A lost stream ends the wait and everything that was known',
    WAITING,
    { kind: 'stream_lost', facts: LOST },
    CLOSED_SSE,
    [CLOSE, failed(LOST)],
  ],
  [
    'The first of two answers may come last',
    BOTH,
    received(result(2)),
    FIRST_WAITS,
    [answered('result', 2)],
  ],
  [
    'A late first answer is found by its id',
    BOTH,
    received(result(1)),
    SECOND_WAITS,
    [answered('result', 1)],
  ],
  [
    'An error with a made-up id answers the request that has waited longest',
    BOTH,
    received(error(null)),
    SECOND_WAITS,
    [answered('error', 1)],
  ],
  [
    'A lost stream fails every request that waits',
    BOTH,
    { kind: 'stream_lost', facts: LOST },
    CLOSED_SSE,
    [CLOSE, failed(LOST, 1), failed(LOST, 2)],
  ],
  ['A late answer may be wanted', WAITING, { kind: 'late_answer_wanted', id: 1 }, LATE, []],
  [
    'A late answer that is wanted is passed on',
    LATE,
    received(result(1)),
    WAITING,
    [{ kind: 'late_answer', answer: expect.objectContaining({ kind: 'result', id: 1 }) as object }],
  ],
  [
    'Other answers are not late ones',
    LATE,
    received(result(7)),
    { ...OPEN, lateId: 1 },
    [answered('result')],
  ],
  [
    'With the stream ends the wish for a late answer',
    { ...OPEN, lateId: 1 },
    { kind: 'closed' },
    CLOSED_SSE,
    [CLOSE],
  ],
  ['Closing closes the stream', OPEN, { kind: 'closed' }, CLOSED_SSE, [CLOSE]],
  ['Closing what is closed does nothing', CLOSED_SSE, { kind: 'closed' }, CLOSED_SSE, []],
];

test.each(TABLE)('%s', (_, before, event, after, effects) => {
  expect(nextSseState(before, event)).toEqual({ state: after, effects });
});
