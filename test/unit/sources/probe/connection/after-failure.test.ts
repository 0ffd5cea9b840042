import { expect, test } from 'vitest';
import type { RequestFailure } from '../../../../../src/protocol/probe-client.ts';
import {
  type AfterFailure,
  afterFailure,
  type KeptClient,
} from '../../../../../src/sources/probe/connection/after-failure.ts';

const failure = (httpStatus?: number): RequestFailure => ({
  outcome: 'http_5xx',
  detail: '',
  ...(httpStatus !== undefined && { httpStatus }),
});
const KEPT: KeptClient = { transport: 'http', hasWorked: true, unanswered: 0, isTimeUp: false };
const LIMITED: RequestFailure = { outcome: 'rate_limited', detail: '' };
const PAUSED: RequestFailure = { ...failure(503), retryAfterMs: 1_000 };
const late = (unanswered: number): Partial<KeptClient> => ({ isTimeUp: true, unanswered });

test.each<[string, RequestFailure, Partial<KeptClient>, AfterFailure]>([
  ['an answered failure in what had worked', failure(500), {}, 'repeat'],
  ['a connection that was refused', failure(), {}, 'repeat'],
  ['an error of a child that had worked', failure(), { transport: 'stdio' }, 'repeat'],
  ['a failure of what never worked', failure(500), { hasWorked: false }, 'reopen'],
  [
    'a failure of a child that never worked',
    failure(),
    { transport: 'stdio', hasWorked: false },
    'keep',
  ],
  ['a limited rate', LIMITED, {}, 'reopen'],
  ['a failure with Retry-After', PAUSED, {}, 'reopen'],
  ['a first request without an answer', failure(), late(1), 'keep'],
  ['a second request without an answer', failure(), late(2), 'reopen'],
  ['a stream that left two unanswered', failure(), { transport: 'sse', ...late(2) }, 'reopen'],
  ['a child that left two unanswered', failure(), { transport: 'stdio', ...late(2) }, 'keep'],
])('after %s', (_, given, kept, expected) => {
  expect(afterFailure(given, { ...KEPT, ...kept })).toBe(expected);
});
