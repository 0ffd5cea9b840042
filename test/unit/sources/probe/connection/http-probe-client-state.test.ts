import { expect, test } from 'vitest';
import type { FailureFacts } from '../../../../../src/protocol/classify-failure.ts';
import {
  CLOSED_HTTP,
  type HttpProbeClientEvent,
  type HttpProbeClientState,
  nextHttpState,
} from '../../../../../src/sources/probe/connection/http-probe-client-state.ts';

const session = { sessionId: 's' };
const OPEN: HttpProbeClientState = { session, abandoned: undefined, isStateless: false };
const STATELESS: HttpProbeClientState = {
  session: undefined,
  abandoned: undefined,
  isStateless: true,
};
const ABANDONED: HttpProbeClientState = {
  session: undefined,
  abandoned: session,
  isStateless: false,
};
const DELETE = { kind: 'delete_session', session };
const LEARN = { kind: 'learn_era', era: 'legacy', isAssumed: false };
const next = { sessionId: 'next' };
const FORGET = { kind: 'forget_era' };

const http = (status: number): FailureFacts => ({
  kind: 'http',
  status,
  method: 'initialize',
  hasSession: false,
});
const openFailed = (facts: FailureFacts): HttpProbeClientEvent => ({ kind: 'open_failed', facts });
const abandoned = (httpStatus?: number): HttpProbeClientEvent => ({
  kind: 'abandoned',
  failure: {
    outcome: 'http_4xx',
    detail: '',
    ...(httpStatus !== undefined && { httpStatus }),
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
    { kind: 'opened', era: 'legacy', isEraAssumed: false, session },
    OPEN,
    [{ kind: 'learn_era', era: 'legacy', isAssumed: false }],
  ],
  [
    'An assumed era is learned as one',
    CLOSED_HTTP,
    { kind: 'opened', era: 'legacy', isEraAssumed: true, session },
    OPEN,
    [{ kind: 'learn_era', era: 'legacy', isAssumed: true }],
  ],
  [
    'A server without sessions is remembered as stateless',
    CLOSED_HTTP,
    { kind: 'opened', era: 'modern', isEraAssumed: false, session: undefined },
    STATELESS,
    [{ kind: 'learn_era', era: 'modern', isAssumed: false }],
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
  [
    '500 may be an endpoint of another era',
    STATELESS,
    openFailed(http(500)),
    CLOSED_HTTP,
    [FORGET],
  ],
  ['Refused credentials refute nothing', STATELESS, openFailed(http(401)), STATELESS, []],
  ['A session that 404 denies is forgotten', OPEN, abandoned(404), CLOSED_HTTP, []],
  ['A session that fails otherwise is remembered', OPEN, abandoned(500), ABANDONED, []],
  [
    'An abandoned session is deleted after the next handshake that succeeds',
    ABANDONED,
    { kind: 'opened', era: 'legacy', isEraAssumed: false, session: next },
    { ...OPEN, session: next },
    [LEARN, { kind: 'delete_abandoned', session }],
  ],
  ['A handshake that begins sends nothing for it', ABANDONED, { kind: 'opening' }, ABANDONED, []],
  [
    'A handshake that begins ends an open session',
    OPEN,
    { kind: 'opening' },
    CLOSED_HTTP,
    [DELETE],
  ],
  ['Closing deletes an abandoned session', ABANDONED, { kind: 'closed' }, CLOSED_HTTP, [DELETE]],
  ['Closing deletes the session', OPEN, { kind: 'closed' }, CLOSED_HTTP, [DELETE]],
  ['Closing without a session does nothing', STATELESS, { kind: 'closed' }, STATELESS, []],
];

test.each(TABLE)('%s', (_, before, event, after, effects) => {
  expect(nextHttpState(before, event)).toEqual({ state: after, effects });
});
