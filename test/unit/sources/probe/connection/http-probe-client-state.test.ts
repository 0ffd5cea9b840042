import { expect, test } from 'vitest';
import type { FailureFacts } from '../../../../../src/protocol/classify-failure.ts';
import {
  CLOSED_HTTP,
  type HttpProbeClientEvent,
  type HttpProbeClientState,
  nextHttpState,
} from '../../../../../src/sources/probe/connection/http-probe-client-state.ts';

const session = { headers: { 'mcp-session-id': 's' } };
const OPEN: HttpProbeClientState = { session, isStateless: false };
const STATELESS: HttpProbeClientState = { session: undefined, isStateless: true };
const DELETE = { kind: 'delete_session', session };
const FORGET = { kind: 'forget_era' };

const http = (status: number): FailureFacts => ({
  kind: 'http',
  status,
  method: 'initialize',
  hasSession: false,
});
const openFailed = (facts: FailureFacts): HttpProbeClientEvent => ({ kind: 'open_failed', facts });
const requestFailed = (httpStatus?: number, rpcCode?: number): HttpProbeClientEvent => ({
  kind: 'request_failed',
  failure: {
    outcome: 'http_4xx',
    detail: '',
    ...(httpStatus !== undefined && { httpStatus }),
    ...(rpcCode !== undefined && { rpcCode }),
  },
});
const TIMEOUT: FailureFacts = { kind: 'timeout', waitedFor: 'answer', limitMs: 10 };
const UNUSABLE: FailureFacts = { kind: 'unusable', method: 'initialize', reason: 'it is not JSON' };

const TABLE: readonly (readonly [
  string,
  HttpProbeClientState,
  HttpProbeClientEvent,
  HttpProbeClientState,
  readonly object[],
])[] = [
  [
    'A session that was begun is kept, and the era is learned',
    CLOSED_HTTP,
    { kind: 'opened', era: 'legacy', session },
    OPEN,
    [{ kind: 'learn_era', era: 'legacy' }],
  ],
  [
    'A server without sessions is remembered as stateless',
    CLOSED_HTTP,
    { kind: 'opened', era: 'modern', session: undefined },
    STATELESS,
    [{ kind: 'learn_era', era: 'modern' }],
  ],
  [
    'An endpoint that is gone refutes the era',
    STATELESS,
    openFailed(http(404)),
    CLOSED_HTTP,
    [FORGET],
  ],
  ['A useless answer refutes the era', STATELESS, openFailed(UNUSABLE), CLOSED_HTTP, [FORGET]],
  ['A busy server refutes nothing', STATELESS, openFailed(http(503)), STATELESS, []],
  ['A server that hangs refutes nothing', STATELESS, openFailed(TIMEOUT), STATELESS, []],
  ['404 ends a session without a DELETE', OPEN, requestFailed(404), CLOSED_HTTP, []],
  ['400 ends a session with a DELETE', OPEN, requestFailed(400), CLOSED_HTTP, [DELETE]],
  ['400 for an unknown method leaves the session', OPEN, requestFailed(400, -32601), OPEN, []],
  ['503 leaves the session', OPEN, requestFailed(503), OPEN, []],
  ['A timeout leaves the session', OPEN, requestFailed(), OPEN, []],
  ['Closing deletes the session', OPEN, { kind: 'closed' }, CLOSED_HTTP, [DELETE]],
  ['Closing without a session does nothing', STATELESS, { kind: 'closed' }, STATELESS, []],
];

test.each(TABLE)('%s', (_, before, event, after, effects) => {
  expect(nextHttpState(before, event)).toEqual({ state: after, effects });
});
