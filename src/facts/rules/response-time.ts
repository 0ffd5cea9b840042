import type { MonotonicMs } from '../time.ts';

/**
 * Durations of the last minute, as sums per five seconds: at most thirteen buckets whatever the rate of samples.
 * Oldest first. Plain data; every function returns a new window.
 */
export type ResponseWindow = readonly ResponseBucket[];

interface ResponseBucket {
  /** Start of the bucket in units of `BUCKET_MS`. */
  readonly slot: number;
  readonly sumMs: number;
  readonly count: number;
}

const RESPONSE_WINDOW_MS = 60_000;
const BUCKET_MS = 5_000;
const BUCKETS_MAX = RESPONSE_WINDOW_MS / BUCKET_MS + 1;

export const EMPTY_RESPONSE_WINDOW: ResponseWindow = [];

/**
 * Adds one duration, or the sum of several.
 * @param atMs of any monotonic clock, as long as it is always the same one
 */
export function addResponse(
  window: ResponseWindow,
  atMs: MonotonicMs,
  sumMs: number,
  count = 1,
): ResponseWindow {
  const slot = Math.floor(atMs / BUCKET_MS);
  const kept = window.filter((bucket) => bucket.slot > slot - BUCKETS_MAX);
  const last = kept.at(-1);
  if (last?.slot !== slot) return [...kept, { slot, sumMs, count }];
  return [...kept.slice(0, -1), { slot, sumMs: last.sumMs + sumMs, count: last.count + count }];
}

/** Mean of the durations in the window; `undefined` if it is empty. */
export function meanResponseMs(window: ResponseWindow): number | undefined {
  let sumMs = 0;
  let count = 0;
  for (const bucket of window) {
    sumMs += bucket.sumMs;
    count += bucket.count;
  }
  return count === 0 ? undefined : sumMs / count;
}
