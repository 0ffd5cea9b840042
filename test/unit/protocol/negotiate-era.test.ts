import { expect, test } from 'vitest';
import type { FailureFacts } from '../../../src/protocol/classify-failure.ts';
import {
  type EraNegotiation,
  type EraStep,
  nextEraStep,
  UNASKED,
} from '../../../src/protocol/negotiate-era.ts';

const MODERN = { kind: 'modern' } as const;
const REFUSAL = { kind: 'modern_refusal' } as const;
const WALL = { kind: 'none' } as const;
/** The server answered `server/discover`, and is not modern. */
const NOT_MODERN = { kind: 'try_initialize', isAnswer: true } as const;
/** A dropped connection, garbage, or the end of the time. */
const NO_ANSWER = { kind: 'try_initialize', isAnswer: false } as const;

const WRONG_VERSION: FailureFacts = {
  kind: 'rpc',
  method: 'initialize',
  error: { code: -32022, message: '', data: { supported: ['2026-07-28'] } },
};
const TIMEOUT: FailureFacts = { kind: 'timeout', waitedFor: 'answer', limitMs: 10 };
const RESET: FailureFacts = {
  kind: 'network',
  codes: ['ECONNRESET'],
  authority: 'host:80',
  isTls: false,
  isConnected: true,
};
const http = (status: number): FailureFacts => ({
  kind: 'http',
  status,
  method: 'initialize',
  hasSession: false,
});

const ASK_DISCOVER: EraStep = { kind: 'ask', question: 'discover' };
const ASK_INITIALIZE: EraStep = { kind: 'ask', question: 'initialize' };
const ASK_AGAIN: EraStep = { kind: 'ask', question: 'discover_again' };
const WAIT: EraStep = { kind: 'wait', limit: 'none' };
const WAIT_BRIEFLY: EraStep = { kind: 'wait', limit: 'grace' };
const by = (question: 'discover' | 'initialize' | 'discover_again'): EraStep => ({
  kind: 'conclude',
  by: question,
  isAssumed: false,
});
const ASSUMED_LEGACY: EraStep = { kind: 'conclude', by: 'initialize', isAssumed: true };

const TABLE: readonly (readonly [string, Partial<EraNegotiation>, EraStep])[] = [
  ['at first server/discover is asked', {}, ASK_DISCOVER],
  ['its answer is waited for', { discover: 'pending' }, WAIT],
  ['a modern answer decides', { discover: MODERN }, by('discover')],
  ['a modern refusal decides', { discover: REFUSAL }, by('discover')],
  ['an authentication wall decides', { discover: WALL }, by('discover')],
  [
    'after an answer that is not modern initialize is asked',
    { discover: NOT_MODERN },
    ASK_INITIALIZE,
  ],
  ['after a dropped connection initialize is asked', { discover: NO_ANSWER }, ASK_INITIALIZE],
  ['after a silence initialize is asked as well', { discover: 'overdue' }, ASK_INITIALIZE],
  ['both answers are waited for', { discover: 'overdue', initialize: 'pending' }, WAIT],
  [
    'a late modern answer wins while initialize waits',
    { discover: MODERN, initialize: 'pending' },
    by('discover'),
  ],
  [
    'a late modern answer wins over an accepted initialize',
    { discover: MODERN, initialize: 'accepted' },
    by('discover'),
  ],
  [
    'a late modern answer wins over a refused initialize',
    { discover: MODERN, initialize: WRONG_VERSION },
    by('discover'),
  ],
  [
    'a late answer that is not modern leaves the decision to initialize',
    { discover: NOT_MODERN, initialize: 'pending' },
    WAIT,
  ],
  [
    'with both answers there the server is legacy',
    { discover: NOT_MODERN, initialize: 'accepted' },
    by('initialize'),
  ],
  [
    'the answer to server/discover may come right after that to initialize',
    { discover: 'overdue', initialize: 'accepted' },
    WAIT_BRIEFLY,
  ],
  [
    'a server that still did not answer server/discover is assumed to be legacy',
    { discover: 'overdue', initialize: 'accepted', isGraceOver: true },
    ASSUMED_LEGACY,
  ],
  [
    'a server that dropped server/discover is assumed to be legacy',
    { discover: NO_ANSWER, initialize: 'accepted' },
    ASSUMED_LEGACY,
  ],
  [
    'a server that was silent and refuses initialize is asked again',
    { discover: 'overdue', initialize: WRONG_VERSION },
    ASK_AGAIN,
  ],
  [
    'a server that dropped server/discover and refuses initialize is asked again',
    { discover: NO_ANSWER, initialize: WRONG_VERSION },
    ASK_AGAIN,
  ],
  [
    'an endpoint that answers initialize with 404 may be a modern one',
    { discover: 'overdue', initialize: http(404) },
    ASK_AGAIN,
  ],
  [
    'either answer to server/discover is waited for',
    { discover: 'overdue', initialize: WRONG_VERSION, discoverAgain: 'pending' },
    WAIT,
  ],
  [
    'the first one is waited for after the second was lost',
    { discover: 'overdue', initialize: WRONG_VERSION, discoverAgain: NO_ANSWER },
    WAIT,
  ],
  [
    'the second answer decides as the first would',
    { discover: 'overdue', initialize: WRONG_VERSION, discoverAgain: MODERN },
    by('discover_again'),
  ],
  [
    'when nothing is left to wait for, the refusal of initialize is the result',
    { discover: NO_ANSWER, initialize: WRONG_VERSION, discoverAgain: NO_ANSWER },
    by('initialize'),
  ],
  [
    'a server that answered server/discover is not asked again',
    { discover: NOT_MODERN, initialize: WRONG_VERSION },
    by('initialize'),
  ],
  [
    'a late modern refusal says more than that of initialize',
    { discover: REFUSAL, initialize: WRONG_VERSION },
    by('discover'),
  ],
  [
    'a server that hangs is not asked again',
    { discover: NO_ANSWER, initialize: TIMEOUT },
    by('initialize'),
  ],
  [
    'a broken connection is not asked again',
    { discover: 'overdue', initialize: RESET },
    by('initialize'),
  ],
  ['503 is not asked again', { discover: 'overdue', initialize: http(503) }, by('initialize')],
];

test.each(TABLE)('%s', (_, negotiation, step) => {
  expect(nextEraStep({ ...UNASKED, ...negotiation }, true)).toEqual(step);
});

test.each<readonly [string, Partial<EraNegotiation>, EraStep]>([
  ['a silence is the result', { discover: NO_ANSWER }, by('discover')],
  [
    'a refused initialize is the result',
    { discover: NO_ANSWER, initialize: WRONG_VERSION },
    by('initialize'),
  ],
  [
    'an answer on its way is still waited for',
    { discover: 'overdue', initialize: WRONG_VERSION },
    WAIT,
  ],
])('where no more request can be sent, %s', (_, negotiation, step) => {
  expect(nextEraStep({ ...UNASKED, ...negotiation }, false)).toEqual(step);
});
