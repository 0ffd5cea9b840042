import { expect, test } from 'vitest';
import {
  AGREEMENT,
  type CheckVerdict,
  type DisagreementState,
  verdictOfChecks,
  weighDisagreement,
} from '../../../../src/sources/probe/disagreement.ts';
import type { CallRate } from '../../../../src/facts/rules/rate-window.ts';
import { MONITOR } from '../../../fakes/build-server.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

type Step = readonly [atSeconds: number, checks: CheckVerdict, calls: CallRate];

/** Of calls that failed, the others having succeeded. */
function failed(failures: number, requests: number): CallRate {
  return {
    requests,
    failures,
    toolErrors: failures,
    successes: requests - failures,
    mostOften: 'tool_error',
  };
}

function weighAll(steps: readonly Step[]): DisagreementState {
  return steps.reduce<DisagreementState>(
    (state, [atSeconds, checks, calls]) =>
      weighDisagreement(
        state,
        { checks, calls, atMs: asMonotonicMs(atSeconds * 1_000) },
        MONITOR.errorRate,
      ),
    AGREEMENT,
  );
}

const CONTRADICTED: readonly Step[] = [
  [0, 'ok', failed(20, 30)],
  [30, 'ok', failed(20, 30)],
];
const FAILING_ALONE: readonly Step[] = [
  [0, 'down', failed(0, 30)],
  [30, 'down', failed(0, 30)],
];

test.each<[string, readonly Step[], boolean]>([
  ['nothing was compared yet', [], false],
  ['half of the calls fail for half a minute while checks succeed', CONTRADICTED, true],
  [
    'fewer than half of the calls fail',
    [
      [0, 'ok', failed(14, 30)],
      [60, 'ok', failed(14, 30)],
    ],
    false,
  ],
  [
    'the calls are too few',
    [
      [0, 'ok', failed(19, 19)],
      [60, 'ok', failed(19, 19)],
    ],
    false,
  ],
  [
    'it has not lasted',
    [
      [0, 'ok', failed(20, 30)],
      [29, 'ok', failed(20, 30)],
    ],
    false,
  ],
  [
    'it was interrupted',
    [
      [0, 'ok', failed(20, 30)],
      [20, 'ok', failed(0, 30)],
      [40, 'ok', failed(20, 30)],
    ],
    false,
  ],
  [
    'a check failed in between',
    [
      [0, 'ok', failed(20, 30)],
      [20, 'undecided', failed(20, 30)],
      [40, 'ok', failed(20, 30)],
    ],
    false,
  ],
  ['calls succeed for half a minute while checks fail', FAILING_ALONE, true],
  [
    'calls that are the fault of their callers are no sign of life',
    [
      [0, 'down', { requests: 30, failures: 0, toolErrors: 0, successes: 0 }],
      [60, 'down', { requests: 30, failures: 0, toolErrors: 0, successes: 0 }],
    ],
    false,
  ],
  [
    'checks and calls both fail',
    [
      [0, 'down', failed(20, 30)],
      [60, 'down', failed(20, 30)],
    ],
    false,
  ],
])('checks and calls disagree or not where %s', (_sentence, steps, disagrees) => {
  expect(weighAll(steps).disagrees).toBe(disagrees);
});

test.each<[string, readonly Step[], Step, boolean]>([
  ['goes on a little below the threshold', CONTRADICTED, [31, 'ok', failed(12, 30)], true],
  ['ends well below it', CONTRADICTED, [31, 'ok', failed(11, 30)], false],
  ['goes on with half of the calls needed', CONTRADICTED, [31, 'ok', failed(10, 10)], true],
  ['ends with fewer', CONTRADICTED, [31, 'ok', failed(9, 9)], false],
  ['goes on while the checks are undecided', CONTRADICTED, [31, 'undecided', failed(0, 30)], true],
  ['ends when the checks come round', CONTRADICTED, [31, 'down', failed(20, 30)], false],
  ['of failing checks goes on a little below', FAILING_ALONE, [31, 'down', failed(18, 30)], true],
  ['of failing checks ends well below', FAILING_ALONE, [31, 'down', failed(19, 30)], false],
  ['of failing checks ends when they succeed', FAILING_ALONE, [31, 'ok', failed(0, 30)], false],
])('a disagreement %s', (_sentence, before, step, disagrees) => {
  expect(weighAll([...before, step]).disagrees).toBe(disagrees);
});

test.each<[string, readonly Step[], string]>([
  [
    'while checks succeed',
    CONTRADICTED,
    'checks succeed while 67 % of 30 calls failed in 5 m, most often tool_error',
  ],
  ['while checks fail', FAILING_ALONE, 'checks fail while 100 % of 30 calls succeeded in 5 m'],
  [
    'at its end',
    [...CONTRADICTED, [40, 'ok', { requests: 30, failures: 0, toolErrors: 0, successes: 30 }]],
    'checks succeed, 0 % of 30 calls failed in 5 m',
  ],
  [
    'at its end without calls',
    [...CONTRADICTED, [40, 'down', { requests: 0, failures: 0, toolErrors: 0, successes: 0 }]],
    'checks fail, no calls in 5 m',
  ],
])('a disagreement is told in words, %s', (_sentence, steps, detail) => {
  expect(weighAll(steps).detail).toBe(detail);
});

const DEEP = { deep: { level: 'critical', text: 'deep check failed' } } as const;
const BY_CALLS = { error_rate: { level: 'critical', text: 'calls failed' } } as const;

test.each<[string, Parameters<typeof verdictOfChecks>[0], CheckVerdict]>([
  ['the last one succeeded', { status: 'healthy', consecutiveSuccesses: 1, findings: {} }, 'ok'],
  [
    'only calls make it Critical',
    { status: 'critical', consecutiveSuccesses: 9, findings: BY_CALLS },
    'ok',
  ],
  [
    'a deep check objects',
    { status: 'critical', consecutiveSuccesses: 9, findings: DEEP },
    'undecided',
  ],
  [
    'a strike is counted',
    { status: 'healthy', consecutiveSuccesses: 0, findings: {} },
    'undecided',
  ],
  ['it is Offline', { status: 'offline', consecutiveSuccesses: 0, findings: {} }, 'down'],
  [
    'an Offline server answers again',
    { status: 'offline', consecutiveSuccesses: 1, findings: {} },
    'undecided',
  ],
])('the verdict of the checks where %s', (_sentence, health, verdict) => {
  expect(verdictOfChecks(health)).toBe(verdict);
});
