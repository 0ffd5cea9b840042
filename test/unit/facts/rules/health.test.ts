import { expect, test } from 'vitest';
import {
  type CallEvidence,
  type DeepEvidence,
  type HealthState,
  initialHealth,
  type SteadyEvidence,
  weighEvidence,
} from '../../../../src/facts/rules/health.ts';
import type { ProbeOutcome } from '../../../../src/facts/probe-outcome.ts';
import { buildServer, MONITOR } from '../../../fakes/build-server.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

const DETAIL = 'connection refused (127.0.0.1:9)';

/** Weighs steady checks that end so, ten seconds apart. */
function weighAll(
  outcomes: readonly ProbeOutcome[],
  overrides: Partial<SteadyEvidence> = {},
  from = initialHealth(buildServer('a')),
): HealthState {
  return outcomes.reduce<HealthState>(
    (state, outcome, index) =>
      weighEvidence(state, { ...steady(outcome, index * 10_000), ...overrides }, MONITOR),
    from,
  );
}

function steady(outcome: ProbeOutcome, atMs = 0): SteadyEvidence {
  const detail = outcome === 'ok' ? 'ping answered' : DETAIL;
  return {
    kind: 'steady',
    outcome,
    detail,
    hasCredentials: false,
    isConnectivitySuspected: false,
    atMs: asMonotonicMs(atMs),
  };
}

function deep(outcome: ProbeOutcome, overrides: Partial<DeepEvidence> = {}): DeepEvidence {
  return {
    kind: 'deep',
    outcome,
    detail: 'tools/list failed',
    hasCredentials: false,
    isConnectivitySuspected: false,
    ...overrides,
  };
}

function weighResponses(responsesMs: readonly number[], stepMs = 10_000): HealthState[] {
  const states: HealthState[] = [];
  let state = initialHealth(buildServer('a'));
  responsesMs.forEach((responseMs, index) => {
    state = weighEvidence(state, { ...steady('ok', index * stepMs), responseMs }, MONITOR);
    states.push(state);
  });
  return states;
}

test('a server that was never checked is Unknown and says so', () => {
  expect(initialHealth(buildServer('a'))).toMatchObject({
    status: 'unknown',
    reason: 'not checked yet',
  });
});

test('a disabled server is Disabled', () => {
  expect(initialHealth(buildServer('a', { monitor: { enabled: false } })).status).toBe('disabled');
});

test('a server that cannot be checked is Unknown with the reason of the configuration', () => {
  const state = initialHealth(buildServer('a', { unresolved: '${input:token} has no value' }));
  expect(state).toMatchObject({ status: 'unknown', reason: '${input:token} has no value' });
});

test.each<[string, ProbeOutcome[], string]>([
  ['one success of a new server makes it Healthy', ['ok'], 'healthy'],
  ['a new server that fails stays Unknown until the verdict', ['refused', 'refused'], 'unknown'],
  [
    'three failures in a row make a new server Offline',
    ['refused', 'refused', 'refused'],
    'offline',
  ],
  ['two failures in a row leave a Healthy server Healthy', ['ok', 'timeout', 'reset'], 'healthy'],
  [
    'three failures of different kinds make a server Offline',
    ['ok', 'timeout', 'reset', 'http_5xx'],
    'offline',
  ],
  ['a success in between starts the row anew', ['ok', 'dns', 'dns', 'ok', 'dns', 'dns'], 'healthy'],
  ['two failures leave a server in Warning in Warning', ['auth_required', 'dns', 'dns'], 'warning'],
  ['one success does not clear Offline', ['dns', 'dns', 'dns', 'ok'], 'offline'],
  ['two successes clear Offline', ['dns', 'dns', 'dns', 'ok', 'ok'], 'healthy'],
  [
    'a failure between two successes keeps a server Offline',
    ['dns', 'dns', 'dns', 'ok', 'dns', 'ok'],
    'offline',
  ],
  [
    'an Offline server that answers with 401 twice is in Warning',
    ['dns', 'dns', 'dns', 'auth_required', 'auth_required'],
    'warning',
  ],
  ['one 401 does not clear Offline', ['dns', 'dns', 'dns', 'auth_required'], 'offline'],
  [
    'a 401 in between starts the row anew',
    ['dns', 'dns', 'auth_required', 'dns', 'dns'],
    'warning',
  ],
  ['a JSON-RPC error is Critical at once', ['ok', 'rpc_error'], 'critical'],
  ['a success clears what the last check found', ['ok', 'rpc_error', 'ok'], 'healthy'],
])('%s', (_sentence, outcomes, status) => {
  expect(weighAll(outcomes).status).toBe(status);
});

test.each<ProbeOutcome>([
  'auth_required',
  'forbidden',
  'rate_limited',
  'rpc_error',
  'tool_error',
  'assertion',
  'protocol_version',
])('a hundred times %s never leads to Offline', (outcome) => {
  const state = weighAll(Array.from({ length: 100 }, () => outcome));
  expect(state.status).toMatch(/^(warning|critical)$/);
  expect(state).toMatchObject({ consecutiveFailures: 100, consecutiveDown: 0 });
});

test('401 is Critical where credentials are configured', () => {
  expect(weighAll(['auth_required'], { hasCredentials: true }).status).toBe('critical');
});

test.each<[string, ProbeOutcome[], string]>([
  ['of a strike counts it', ['ok', 'refused'], `failure 1 of 3 before Offline: ${DETAIL}`],
  [
    'of Offline counts the row',
    ['refused', 'refused', 'refused', 'refused'],
    `4 checks in a row failed: ${DETAIL}`,
  ],
  [
    'of a recovery counts the answers',
    ['dns', 'dns', 'dns', 'ok'],
    'answers again, 1 of 2 before Offline clears: ping answered',
  ],
  ['of Healthy says what was proved', ['ok'], 'ping answered'],
  [
    'of a strike still says what was wrong before',
    ['auth_required', 'refused'],
    `failure 1 of 3 before Offline: ${DETAIL}; ${DETAIL}`,
  ],
])('the reason %s', (_sentence, outcomes, reason) => {
  expect(weighAll(outcomes).reason).toBe(reason);
});

test('failures are counted while the status holds', () => {
  expect(weighAll(['ok', 'refused', 'refused'])).toMatchObject({
    status: 'healthy',
    consecutiveFailures: 2,
    consecutiveSuccesses: 0,
  });
});

test('a suspicion against our own network holds the verdict and says so', () => {
  const state = weighAll(
    ['dns', 'dns', 'dns', 'dns'],
    { isConnectivitySuspected: true },
    weighAll(['ok']),
  );
  expect(state).toMatchObject({
    status: 'healthy',
    consecutiveFailures: 4,
    reason: `own connectivity suspected, verdict held: ${DETAIL}`,
  });
});

test('the first failure after the suspicion is lifted brings the verdict', () => {
  const held = weighAll(
    ['dns', 'dns', 'dns', 'dns'],
    { isConnectivitySuspected: true },
    weighAll(['ok']),
  );
  expect(weighAll(['dns'], {}, held).status).toBe('offline');
});

test('a suspicion does not bring an Offline server back', () => {
  expect(
    weighAll(['dns'], { isConnectivitySuspected: true }, weighAll(['dns', 'dns', 'dns'])).status,
  ).toBe('offline');
});

test.each<ProbeOutcome>(['refused', 'timeout', 'rpc_error', 'assertion', 'protocol'])(
  'a deep check that ends in %s is Critical until a deep check succeeds, whatever steady checks say',
  (outcome) => {
    const found = weighEvidence(weighAll(['ok']), deep(outcome), MONITOR);
    expect(found).toMatchObject({
      status: 'critical',
      reason: 'deep check failed: tools/list failed',
    });
    const later = weighAll(['ok', 'ok', 'ok'], {}, found);
    expect(later.status).toBe('critical');
    expect(weighEvidence(later, deep('ok'), MONITOR).status).toBe('healthy');
  },
);

test('a deep check that meets a rate limit is Warning', () => {
  expect(weighEvidence(weighAll(['ok']), deep('rate_limited'), MONITOR).status).toBe('warning');
});

test('a deep check changes nothing about an Offline server', () => {
  expect(weighEvidence(weighAll(['dns', 'dns', 'dns']), deep('ok'), MONITOR).status).toBe(
    'offline',
  );
});

test('a good deep check does not hide a strike', () => {
  expect(weighEvidence(weighAll(['ok', 'refused']), deep('ok'), MONITOR).reason).toContain(
    'failure 1 of 3',
  );
});

test('a deep check lost to our own network is no finding', () => {
  const state = weighEvidence(
    weighAll(['ok']),
    deep('timeout', { isConnectivitySuspected: true }),
    MONITOR,
  );
  expect(state.status).toBe('healthy');
});

test('the worst finding wins and all are said', () => {
  const state = weighAll(
    ['auth_required'],
    {},
    weighEvidence(weighAll(['ok']), deep('rpc_error'), MONITOR),
  );
  expect(state).toMatchObject({
    status: 'critical',
    reason: `deep check failed: tools/list failed; ${DETAIL}`,
  });
});

test.each<[string, number, string]>([
  ['below the threshold is Healthy', 499, 'healthy'],
  ['at the first threshold is Warning', 500, 'warning'],
  ['at the second threshold is Critical', 1_000, 'critical'],
])('a mean response time %s', (_sentence, responseMs, status) => {
  expect(weighResponses([responseMs]).at(-1)?.status).toBe(status);
});

test('a slow server says its mean and the limit', () => {
  expect(weighResponses([612]).at(-1)?.reason).toBe('slow: one-minute mean 612 ms, limit 500 ms');
});

test('one slow answer among fast ones is not slow', () => {
  expect(weighResponses([100, 100, 100, 900]).map(({ status }) => status)).not.toContain('warning');
});

test('a slow level is left only below nine tenths of its threshold', () => {
  const minuteApart = weighResponses([1_000, 950, 899, 460, 449], 70_000);
  expect(minuteApart.map(({ status }) => status)).toEqual([
    'critical',
    'critical',
    'warning',
    'warning',
    'healthy',
  ]);
  expect(minuteApart[1]?.reason).toBe('slow: one-minute mean 950 ms, clears below 900 ms');
});

test('a level that was not reached before needs the whole threshold', () => {
  expect(weighResponses([449, 460], 70_000).at(-1)?.status).toBe('healthy');
});

test('checks that are no response time leave the mean alone', () => {
  expect(weighAll(['ok', 'ok']).responseTimeMs).toBeUndefined();
});

// Real calls.

/** Of calls that failed, the others having succeeded. */
function calls(
  failures: number,
  requests: number,
  latency?: CallEvidence['latency'],
): CallEvidence {
  const mostOften = failures > 0 ? ({ mostOften: 'timeout' } as const) : {};
  const rate = { requests, failures, toolErrors: 0, successes: requests - failures, ...mostOften };
  return { kind: 'calls', atMs: asMonotonicMs(0), rate, ...(latency && { latency }) };
}

/** Of calls that tools answered with an error. */
function toolErrors(failures: number, requests: number): CallEvidence {
  const evidence = calls(failures, requests);
  return { ...evidence, rate: { ...evidence.rate, toolErrors: failures, mostOften: 'tool_error' } };
}

function weighCalls(sequence: readonly CallEvidence[], from = weighAll(['ok'])): HealthState {
  return sequence.reduce((state, evidence) => weighEvidence(state, evidence, MONITOR), from);
}

test.each<[string, readonly CallEvidence[], string]>([
  ['without failures leave a server Healthy', [calls(0, 500)], 'healthy'],
  ['that fail below the first threshold leave it Healthy', [calls(3, 301)], 'healthy'],
  ['that fail at the first threshold make it Warning', [calls(3, 300)], 'warning'],
  ['of which only two failed leave it Healthy', [calls(2, 20)], 'healthy'],
  ['of which three failed make it Critical', [calls(3, 20)], 'critical'],
  [
    'that tools answer with an error in less than half leave it Healthy',
    [toolErrors(49, 100)],
    'healthy',
  ],
  ['that tools answer with an error in half make it Warning', [toolErrors(50, 100)], 'warning'],
  [
    'that tools all answer with an error make it no more than Warning',
    [toolErrors(500, 500)],
    'warning',
  ],
  [
    'keep a Warning until tools answer less than nine tenths of half with an error',
    [toolErrors(50, 100), toolErrors(46, 100)],
    'warning',
  ],
  [
    'end a Warning when tools answer less with an error',
    [toolErrors(50, 100), toolErrors(44, 100)],
    'healthy',
  ],
  ['that fail at the second threshold make it Critical', [calls(5, 100)], 'critical'],
  ['that all fail, but are too few, leave it Healthy', [calls(19, 19)], 'healthy'],
  [
    'that fail a little below a threshold keep its level',
    [calls(5, 100), calls(46, 1_000)],
    'critical',
  ],
  ['that fail less than nine tenths of it leave it', [calls(5, 100), calls(44, 1_000)], 'warning'],
  [
    'that fail less than nine tenths of the first leave all',
    [calls(5, 100), calls(8, 1_000)],
    'healthy',
  ],
  ['that become few keep a level', [calls(5, 100), calls(5, 10)], 'critical'],
  ['that become very few leave it', [calls(5, 100), calls(9, 9)], 'healthy'],
  ['that become few do not make it worse', [calls(3, 300), calls(10, 10)], 'warning'],
  ['that stop leave it', [calls(5, 100), calls(0, 0)], 'healthy'],
])('real calls %s', (_sentence, sequence, status) => {
  expect(weighCalls(sequence).status).toBe(status);
});

test('failing calls are said as the reason, and when they would be forgiven', () => {
  expect(weighCalls([calls(9, 120)]).reason).toBe(
    '7.5 % of 120 calls failed in 5 m, most often timeout',
  );
  expect(weighCalls([calls(9, 120), calls(47, 1_000)]).reason).toBe(
    '4.7 % of 1000 calls failed in 5 m, most often timeout; clears below 4.5 %',
  );
  expect(weighCalls([calls(9, 120), calls(0, 120)]).reason).toBe('0 % of 120 calls failed in 5 m');
});

test('calls that are no news leave the reason to the checks', () => {
  expect(weighCalls([calls(0, 500)]).reason).toBe('ping answered');
});

test('good checks do not hide failing calls', () => {
  const state = weighAll(['ok', 'ok'], {}, weighCalls([calls(9, 120)]));
  expect(state).toMatchObject({
    status: 'critical',
    reason: '7.5 % of 120 calls failed in 5 m, most often timeout',
  });
});

test('good calls do not hide a failing check, nor a strike', () => {
  expect(weighCalls([calls(0, 500)], weighAll(['ok', 'rpc_error'])).status).toBe('critical');
  expect(weighCalls([calls(0, 500)], weighAll(['ok', 'refused'])).reason).toContain(
    'failure 1 of 3',
  );
});

test('real calls lead neither to Offline nor out of it', () => {
  expect(weighCalls(Array.from({ length: 50 }, () => calls(100, 100))).status).toBe('critical');
  const offline = weighAll(['refused', 'refused', 'refused']);
  expect(weighCalls([calls(0, 500)], offline).status).toBe('offline');
});

test('real calls do not make a server known that no check has reached', () => {
  expect(weighCalls([calls(0, 500)], initialHealth(buildServer('a'))).status).toBe('unknown');
});

test('what failed while a server was Offline is forgotten when it is back', () => {
  const offline = weighAll(['refused', 'refused', 'refused'], {}, weighCalls([calls(5, 100)]));
  const state = weighAll(['ok', 'ok'], {}, weighCalls([calls(80, 100)], offline));
  expect(state).toMatchObject({ status: 'healthy', reason: 'ping answered' });
});

test('what failed before a strike that led to nothing is not forgotten', () => {
  expect(weighAll(['refused', 'ok'], {}, weighCalls([calls(5, 100)])).status).toBe('critical');
});

test('the latency of calls counts for the response time where it is given', () => {
  const slow = weighCalls([calls(0, 10, { sumMs: 7_000, count: 10 })]);
  expect(slow).toMatchObject({
    status: 'warning',
    responseTimeMs: 700,
    reason: 'slow: one-minute mean 700 ms, limit 500 ms',
  });
});
