import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Evidence,
  type HealthSettings,
  type HealthState,
  initialHealth,
  type Status,
  weighEvidence,
} from '../../src/facts/rules/health.ts';
import { PROBE_OUTCOMES, weighFailure } from '../../src/facts/probe-outcome.ts';
import { buildServer, MONITOR } from '../fakes/build-server.ts';
import { asMonotonicMs } from '../../src/facts/time.ts';

/**
 * Goal: worse evidence never gives a better status. Method: two sequences of checks at the same moments, the second in
 * each place as bad as the first or worse; after each place the second's status must not be better.
 *
 * "Worse" is a partial order: an instant success is better than anything; a slower success is worse than a faster one;
 * `critical` is worse than `warning`; of as many real calls, more failed or slower ones are worse. A `down` failure is worse
 * than a success but not comparable with the other failures, because it waits for the verdict while they are statuses at once.
 *
 * The mean response time may rise because fast answers grow old, which is noticed with the next answer. So where one
 * sequence has an answer and the other has none, all takes place within the minute that the mean is made of.
 * A recovery from Offline forgets earlier calls, on purpose; so they are forgotten in the better sequence at that place too.
 */
type Step =
  | { readonly kind: 'ok'; readonly responseMs: number }
  | CallsStep
  | {
      readonly kind: 'warning' | 'critical' | 'down' | 'deep_ok' | 'deep_warning' | 'deep_critical';
    };

interface CallsStep {
  readonly kind: 'calls';
  readonly requests: number;
  readonly failures: number;
  readonly latencyMs: number;
}

const NO_CALLS = { requests: 0, failures: 0, toolErrors: 0, successes: 0 };

const RANK: Record<Status, number> = {
  healthy: 0,
  warning: 1,
  critical: 2,
  unknown: 2.5,
  offline: 3,
  disabled: -1,
};
const OUTCOME = {
  ok: 'ok',
  warning: 'rate_limited',
  critical: 'rpc_error',
  down: 'refused',
  deep_ok: 'ok',
  deep_warning: 'rate_limited',
  deep_critical: 'rpc_error',
} as const;

const responseMs = fc.integer({ min: 0, max: 3_000 });
const instant: Step = { kind: 'ok', responseMs: 0 };
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  responseMs.map((ms): Step => ({ kind: 'ok', responseMs: ms })),
  fc.constantFrom<Step>({ kind: 'warning' }, { kind: 'critical' }, { kind: 'down' }),
);
const calls: fc.Arbitrary<readonly [CallsStep, CallsStep]> = fc
  .record({
    requests: fc.integer({ min: 0, max: 60 }),
    shares: fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
    latenciesMs: fc.tuple(responseMs, responseMs),
  })
  .map(({ requests, shares, latenciesMs }) => {
    const step = (pick: (...values: number[]) => number): CallsStep => ({
      kind: 'calls',
      requests,
      failures: Math.round((requests * pick(...shares)) / 100),
      latencyMs: pick(...latenciesMs),
    });
    return [step(Math.min), step(Math.max)] as const;
  });
type Pair = readonly [Step, Step];
const successOrWorse: fc.Arbitrary<Pair> = anyStep.map((step) => [instant, step] as const);
/** Both or neither of the two have a response time. */
const sameKind: fc.Arbitrary<Pair> = fc.oneof(
  anyStep.map((step) => [step, step] as const),
  fc.tuple(responseMs, responseMs).map(
    ([a, b]) =>
      [
        { kind: 'ok', responseMs: Math.min(a, b) },
        { kind: 'ok', responseMs: Math.max(a, b) },
      ] as const,
  ),
  fc.constant([{ kind: 'warning' }, { kind: 'critical' }] as const),
  calls,
  fc
    .tuple(fc.constantFrom(0, 1, 2), fc.constantFrom(0, 1, 2))
    .map(
      ([a, b]) =>
        [
          { kind: DEEP[Math.min(a, b)] ?? 'deep_ok' },
          { kind: DEEP[Math.max(a, b)] ?? 'deep_ok' },
        ] as const,
    ),
);
const DEEP = ['deep_ok', 'deep_warning', 'deep_critical'] as const;

function toCallEvidence({ requests, failures, latencyMs }: CallsStep, atMs: number): Evidence {
  const rate = { requests, failures, toolErrors: 0, successes: requests - failures };
  return {
    kind: 'calls',
    atMs: asMonotonicMs(atMs),
    rate,
    latency: { sumMs: 3 * latencyMs, count: 3 },
  };
}

function toEvidence(step: Step, atMs: number): Evidence {
  if (step.kind === 'calls') return toCallEvidence(step, atMs);
  const base = {
    outcome: OUTCOME[step.kind],
    detail: step.kind,
    hasCredentials: false,
    isConnectivitySuspected: false,
  };
  if (step.kind.startsWith('deep')) return { ...base, kind: 'deep' };
  return {
    ...base,
    kind: 'steady',
    atMs: asMonotonicMs(atMs),
    ...(step.kind === 'ok' && { responseMs: step.responseMs }),
  };
}

test.each<[string, fc.Arbitrary<Pair>, number]>([
  ['of the same kind, at any pace', sameKind, 40_000],
  ['of any kind, within a minute', fc.oneof(sameKind, successOrWorse), 1_900],
])('worse evidence never gives a better status: %s', (_sentence, pair, gapMsMax) => {
  const limits = fc.record({
    offlineAfter: fc.integer({ min: 1, max: 4 }),
    healthyAfter: fc.integer({ min: 1, max: 4 }),
  });
  const steps = fc.array(fc.tuple(pair, fc.integer({ min: 0, max: gapMsMax })), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(
    fc.property(limits, steps, (counts, places) => expectOrder({ ...MONITOR, ...counts }, places)),
    { numRuns: 3_000 },
  );
});

function expectOrder(
  settings: HealthSettings,
  places: readonly (readonly [Pair, gapMs: number])[],
): void {
  let better = initialHealth(buildServer('a'));
  let worse = better;
  let atMs = 0;
  for (const [[good, bad], gapMs] of places) {
    atMs += gapMs;
    const wasOffline = worse.status === 'offline';
    better = weighEvidence(better, toEvidence(good, atMs), settings);
    worse = weighEvidence(worse, toEvidence(bad, atMs), settings);
    if (wasOffline && worse.status !== 'offline')
      better = weighEvidence(
        better,
        { kind: 'calls', atMs: asMonotonicMs(atMs), rate: NO_CALLS },
        settings,
      );
    expect(RANK[worse.status]).toBeGreaterThanOrEqual(RANK[better.status]);
  }
}

const checkEvidence: fc.Arbitrary<Evidence> = fc.record({
  kind: fc.constantFrom('steady' as const, 'deep' as const),
  outcome: fc.constantFrom(...PROBE_OUTCOMES),
  detail: fc.string({ minLength: 1 }),
  hasCredentials: fc.boolean(),
  isConnectivitySuspected: fc.boolean(),
  atMs: fc.nat().map(asMonotonicMs),
  responseMs: fc.nat({ max: 5_000 }),
});

const evidence = fc.oneof(
  checkEvidence,
  calls.map(([step]) => toCallEvidence(step, 0)),
);

function play(sequence: readonly Evidence[]): HealthState[] {
  const states: HealthState[] = [];
  let state = initialHealth(buildServer('a'));
  for (const next of sequence) states.push((state = weighEvidence(state, next, MONITOR)));
  return states;
}

test('the reason is always said', () => {
  fc.assert(
    fc.property(fc.array(evidence), (sequence) =>
      play(sequence).every(({ reason }) => reason.length > 0),
    ),
  );
});

test('a server becomes Offline only by as many down failures in a row as configured', () => {
  fc.assert(
    fc.property(fc.array(evidence, { maxLength: 60 }), (sequence) => {
      let row = 0;
      let wasOffline = false;
      play(sequence).forEach((state, index) => {
        const next = sequence[index];
        if (next?.kind === 'steady') {
          const isDown =
            next.outcome !== 'ok' && weighFailure(next.outcome, next.hasCredentials) === 'down';
          row = isDown ? row + 1 : 0;
        }
        if (state.status === 'offline' && !wasOffline)
          expect(row).toBeGreaterThanOrEqual(MONITOR.offlineAfter);
        wasOffline = state.status === 'offline';
      });
    }),
  );
});
