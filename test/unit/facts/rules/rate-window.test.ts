import { expect, test } from 'vitest';
import { CALL_OUTCOMES, type CallOutcome, isFailure } from '../../../../src/facts/call-outcome.ts';
import {
  type CallRate,
  createRateWindow,
  describeFailures,
  describeSuccesses,
  type RateWindow,
} from '../../../../src/facts/rules/rate-window.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

const WINDOW_MS = 300_000;
const NOTHING: CallRate = { requests: 0, failures: 0, toolErrors: 0, successes: 0 };

function noteAll(window: RateWindow, outcomes: readonly CallOutcome[], atMs = 0): RateWindow {
  for (const outcome of outcomes) window.note(asMonotonicMs(atMs), outcome);
  return window;
}

test('an empty window holds nothing', () => {
  expect(createRateWindow(WINDOW_MS).read(asMonotonicMs(1_000))).toEqual(NOTHING);
});

test('requests, failures and successes are counted, with the most frequent failure', () => {
  const window = noteAll(createRateWindow(WINDOW_MS), [
    'success',
    'input_required',
    'client_error',
    'timeout',
    'tool_error',
    'tool_error',
  ]);
  expect(window.read(asMonotonicMs(0))).toEqual({
    requests: 6,
    successes: 2,
    failures: 3,
    toolErrors: 2,
    mostOften: 'tool_error',
  });
});

test.each(CALL_OUTCOMES.map((outcome) => [outcome] as const))(
  'one call that ended in %s is a failure only where the closed list says so',
  (outcome) => {
    const rate = noteAll(createRateWindow(WINDOW_MS), [outcome]).read(asMonotonicMs(0));
    expect(rate.failures).toBe(isFailure(outcome) ? 1 : 0);
    expect(rate.mostOften).toBe(isFailure(outcome) ? outcome : undefined);
  },
);

test.each<CallOutcome>(['cancelled', 'denied', 'rate_limited'])(
  'a call that ended in %s says nothing of the server, not even as a request',
  (outcome) => {
    expect(noteAll(createRateWindow(WINDOW_MS), [outcome]).read(asMonotonicMs(0))).toEqual(NOTHING);
  },
);

test('a call counts for the whole window and no longer, to one sub-window', () => {
  const window = noteAll(createRateWindow(WINDOW_MS), ['timeout'], 5_000);
  expect(window.read(asMonotonicMs(299_000)).failures).toBe(1);
  expect(window.read(asMonotonicMs(305_000))).toEqual(NOTHING);
});

test('calls fall out one sub-window after the other', () => {
  const window = createRateWindow(WINDOW_MS);
  for (let atMs = 0; atMs < WINDOW_MS; atMs += 1_000) window.note(asMonotonicMs(atMs), 'success');
  expect(window.read(asMonotonicMs(WINDOW_MS - 1)).requests).toBe(300);
  expect(window.read(asMonotonicMs(WINDOW_MS + 100_000 - 1)).requests).toBe(200);
  expect(window.read(asMonotonicMs(3 * WINDOW_MS))).toEqual(NOTHING);
});

test('a pause longer than the window leaves nothing of what was before', () => {
  const window = noteAll(createRateWindow(WINDOW_MS), ['timeout', 'success']);
  window.note(asMonotonicMs(10 * WINDOW_MS), 'success');
  expect(window.read(asMonotonicMs(10 * WINDOW_MS))).toEqual({
    requests: 1,
    failures: 0,
    toolErrors: 0,
    successes: 1,
  });
});

test('totals stay what a recount gives, whatever the gaps', () => {
  const window = createRateWindow(30_000);
  const noted: { readonly atMs: number; readonly outcome: CallOutcome }[] = [];
  let atMs = 0;
  for (let index = 0; index < 5_000; index += 1) {
    atMs += (index * 7_919) % 1_700;
    const outcome = index % 3 === 0 ? 'rpc_error' : 'success';
    window.note(asMonotonicMs(atMs), outcome);
    noted.push({ atMs, outcome });
    const kept = noted.filter(
      (call) => Math.floor(call.atMs / 1_000) > Math.floor(atMs / 1_000) - 30,
    );
    expect(window.read(asMonotonicMs(atMs)).requests).toBe(kept.length);
    expect(window.read(asMonotonicMs(atMs)).failures).toBe(
      kept.filter((call) => call.outcome === 'rpc_error').length,
    );
    noted.splice(0, noted.length - kept.length);
  }
});

test('a cleared window starts anew', () => {
  const window = noteAll(createRateWindow(WINDOW_MS), ['timeout', 'success']);
  window.clear();
  expect(window.read(asMonotonicMs(0))).toEqual(NOTHING);
  expect(noteAll(window, ['success']).read(asMonotonicMs(0)).requests).toBe(1);
});

test.each<[string, CallRate, number, string]>([
  [
    'share, number, window and most frequent kind',
    { requests: 120, failures: 9, toolErrors: 9, successes: 111, mostOften: 'tool_error' },
    300_000,
    '7.5 % of 120 calls failed in 5 m, most often tool_error',
  ],
  [
    'a window that is no whole minute in seconds',
    { requests: 1, failures: 1, toolErrors: 0, successes: 0, mostOften: 'timeout' },
    90_000,
    '100 % of 1 call failed in 90 s, most often timeout',
  ],
  [
    'almost all as less than all',
    { requests: 1_000, failures: 999, toolErrors: 0, successes: 1, mostOften: 'timeout' },
    60_000,
    '99 % of 1000 calls failed in 1 m, most often timeout',
  ],
  [
    'no failure as none',
    { requests: 50, failures: 0, toolErrors: 0, successes: 50 },
    300_000,
    '0 % of 50 calls failed in 5 m',
  ],
  ['an empty window as such', NOTHING, 300_000, 'no calls in 5 m'],
])('a description says %s', (_sentence, rate, windowMs, text) => {
  expect(describeFailures(rate, windowMs)).toBe(text);
});

test('successes are described alike', () => {
  expect(
    describeSuccesses({ requests: 40, failures: 1, toolErrors: 0, successes: 39 }, 300_000),
  ).toBe('98 % of 40 calls succeeded in 5 m');
  expect(describeSuccesses(NOTHING, 300_000)).toBe('no calls in 5 m');
});
