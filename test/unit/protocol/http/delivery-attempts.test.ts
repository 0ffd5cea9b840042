import { expect, test } from 'vitest';
import type { FailureFacts } from '../../../../src/protocol/classify-failure.ts';
import {
  type AttemptEnd,
  type DeliveryAttempts,
  type DeliveryLimits,
  type DeliveryStep,
  firstAttempts,
  nextDeliveryStep,
} from '../../../../src/protocol/http/delivery-attempts.ts';

const BROKEN: FailureFacts = {
  kind: 'network',
  codes: ['ECONNRESET'],
  authority: 'a:1',
  isTls: false,
  isConnected: true,
};
const UNUSABLE: FailureFacts = { kind: 'unusable', method: 'ping', reason: 'it is too large' };
const FRESH: DeliveryAttempts = { mayRepeat: true, mayRenewSession: true };
const ONCE: DeliveryAttempts = { mayRepeat: false, mayRenewSession: true };
const LIMITS: DeliveryLimits = { restartMsMax: 0, canHandBack: false };

function failedEnd(changes: Partial<Extract<AttemptEnd, { kind: 'failed' }>> = {}): AttemptEnd {
  const end = { facts: BROKEN, wasConnected: true, isUnanswered: true, elapsedMs: 100 };
  return { kind: 'failed', ...end, ...changes };
}

const UNDELIVERED = failedEnd({ wasConnected: false });

const TABLE: readonly (readonly [
  string,
  DeliveryAttempts,
  AttemptEnd,
  DeliveryLimits,
  DeliveryStep,
])[] = [
  ['an answer is the end', FRESH, { kind: 'answered' }, LIMITS, { kind: 'done' }],
  [
    'a lost session is renewed once',
    FRESH,
    { kind: 'session_lost' },
    LIMITS,
    { kind: 'renew_session', attempts: { mayRepeat: true, mayRenewSession: false } },
  ],
  [
    'after a broken connection a harmless message is sent once more',
    FRESH,
    failedEnd(),
    LIMITS,
    { kind: 'repeat', attempts: ONCE },
  ],
  ['and not a third time', ONCE, failedEnd(), LIMITS, { kind: 'fail', facts: BROKEN }],
  [
    'a batch with an answer is not sent again',
    FRESH,
    failedEnd({ isUnanswered: false }),
    LIMITS,
    { kind: 'fail', facts: BROKEN },
  ],
  [
    'an answer of no use is not asked for again',
    FRESH,
    failedEnd({ facts: UNUSABLE }),
    LIMITS,
    { kind: 'fail', facts: UNUSABLE },
  ],
  [
    'where nobody listens, the message fails',
    FRESH,
    UNDELIVERED,
    LIMITS,
    { kind: 'fail', facts: BROKEN },
  ],
  [
    'a server that restarts gets its time',
    ONCE,
    UNDELIVERED,
    { restartMsMax: 101, canHandBack: true },
    { kind: 'repeat_later' },
  ],
  [
    'and no more than that',
    ONCE,
    UNDELIVERED,
    { restartMsMax: 100, canHandBack: true },
    { kind: 'hand_back' },
  ],
  [
    'what may have arrived is not handed back',
    ONCE,
    failedEnd(),
    { restartMsMax: 1_000, canHandBack: true },
    { kind: 'fail', facts: BROKEN },
  ],
];

test.each(TABLE)('%s', (_, attempts, end, limits, expected) => {
  expect(nextDeliveryStep(attempts, end, limits)).toEqual(expected);
});

test.each([
  [['ping'], true],
  [['tools/list', 'initialize'], true],
  [['tools/call'], false],
  [['ping', 'tools/call'], false],
  [['notifications/progress'], false],
  [[undefined], false],
])('whether %j may be sent twice: %s', (methods, mayRepeat) => {
  const messages = methods.map((method) => ({
    ...(method !== undefined && { method }),
    hasResult: false,
    isError: false,
  }));
  expect(firstAttempts(messages)).toEqual({ mayRepeat, mayRenewSession: true });
});
