import {
  type CallOutcome,
  FAILED_OUTCOMES,
  type FailedOutcome,
  UNCOUNTED_OUTCOMES,
} from '../call-outcome.ts';
import type { MonotonicMs } from '../time.ts';

/** How the calls of a recent window ended. */
export interface CallRate {
  readonly requests: number;
  readonly failures: number;
  /** Of the failures, the tool errors. */
  readonly toolErrors: number;
  /** The server did what it was asked to do; the rest of `requests` are errors of callers. */
  readonly successes: number;
  /** The most frequent kind of failure; absent if nothing failed. */
  readonly mostOften?: FailedOutcome;
}

/**
 * Counts calls over a sliding window: a ring of sub-windows, so the same memory for one call or a million, with running
 * totals, so noting and reading take constant time. The window is exact to one sub-window. All times are of one monotonic
 * clock.
 *
 * Calls that never reached the server, or that their caller cancelled, are no evidence about it and are not counted.
 */
export interface RateWindow {
  note(atMs: MonotonicMs, outcome: CallOutcome): void;
  read(atMs: MonotonicMs): CallRate;
  /** How long until the oldest sub-window falls out, at most. */
  readonly stepMs: number;
  clear(): void;
}

const SLOTS = 30;
const REQUESTS = 0;
const SUCCESSES = 1;
const FIRST_FAILURE = 2;
const COLUMNS = FIRST_FAILURE + FAILED_OUTCOMES.length;

type CountedOutcome = Exclude<CallOutcome, (typeof UNCOUNTED_OUTCOMES)[number]>;

/** Column of an outcome in addition to that of all requests; `undefined` if it counts only as a request. */
const COLUMN_OF: Readonly<Record<CountedOutcome, number | undefined>> = {
  success: SUCCESSES,
  input_required: SUCCESSES,
  client_error: undefined,
  tool_error: columnOfFailure('tool_error'),
  rpc_error: columnOfFailure('rpc_error'),
  transport_error: columnOfFailure('transport_error'),
  timeout: columnOfFailure('timeout'),
};

export function createRateWindow(windowMs: number): RateWindow {
  const stepMs = windowMs / SLOTS;
  const counts = new Uint32Array(SLOTS * COLUMNS);
  const totals = new Uint32Array(COLUMNS);
  let current = Number.NEGATIVE_INFINITY;

  function advance(atMs: MonotonicMs): void {
    const slot = Math.floor(atMs / stepMs);
    if (slot <= current) return;
    if (slot - current >= SLOTS) clear();
    else for (let passed = current + 1; passed <= slot; passed += 1) drop(passed % SLOTS);
    current = slot;
  }

  function drop(place: number): void {
    for (let column = 0; column < COLUMNS; column += 1) {
      const index = place * COLUMNS + column;
      totals[column] = at(totals, column) - at(counts, index);
      counts[index] = 0;
    }
  }

  function count(column: number): void {
    const index = (current % SLOTS) * COLUMNS + column;
    counts[index] = at(counts, index) + 1;
    totals[column] = at(totals, column) + 1;
  }

  function clear(): void {
    counts.fill(0);
    totals.fill(0);
  }

  return {
    stepMs,
    note(atMs, outcome) {
      if (!isCounted(outcome)) return;
      const column = COLUMN_OF[outcome];
      advance(atMs);
      count(REQUESTS);
      if (column !== undefined) count(column);
    },
    read(atMs) {
      advance(atMs);
      const failures = FAILED_OUTCOMES.map((outcome, index) => ({
        outcome,
        count: at(totals, FIRST_FAILURE + index),
      }));
      const most = failures.reduce((a, b) => (b.count > a.count ? b : a));
      return {
        requests: at(totals, REQUESTS),
        successes: at(totals, SUCCESSES),
        failures: failures.reduce((sum, failure) => sum + failure.count, 0),
        toolErrors: at(totals, columnOfFailure('tool_error')),
        ...(most.count > 0 && { mostOften: most.outcome }),
      };
    },
    clear,
  };
}

function isCounted(outcome: CallOutcome): outcome is CountedOutcome {
  return !(UNCOUNTED_OUTCOMES as readonly CallOutcome[]).includes(outcome);
}

/** Readable, for example `7.5 % of 120 calls failed in 5 m, most often tool_error`. */
export function describeFailures(rate: CallRate, windowMs: number): string {
  const { requests, failures, mostOften } = rate;
  if (requests === 0) return `no calls in ${formatWindow(windowMs)}`;
  const said = `${formatShare(failures, requests)} of ${countCalls(requests)} failed in ${formatWindow(windowMs)}`;
  return mostOften === undefined ? said : `${said}, most often ${mostOften}`;
}

export function describeSuccesses({ requests, successes }: CallRate, windowMs: number): string {
  if (requests === 0) return `no calls in ${formatWindow(windowMs)}`;
  return `${formatShare(successes, requests)} of ${countCalls(requests)} succeeded in ${formatWindow(windowMs)}`;
}

/** Two digits are enough, but a share below 100 % must not be shown as 100 %. */
export function formatShare(part: number, whole: number): string {
  const percent = Number(((100 * part) / whole).toPrecision(2));
  return `${percent === 100 && part < whole ? 99 : percent} %`;
}

function countCalls(count: number): string {
  return count === 1 ? '1 call' : `${count} calls`;
}

function formatWindow(windowMs: number): string {
  return windowMs % 60_000 === 0 ? `${windowMs / 60_000} m` : `${windowMs / 1_000} s`;
}

function columnOfFailure(outcome: FailedOutcome): number {
  return FIRST_FAILURE + FAILED_OUTCOMES.indexOf(outcome);
}

function at(values: Uint32Array, index: number): number {
  return values[index] ?? 0;
}
