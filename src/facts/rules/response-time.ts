import type { CheckReport } from '../check-report.ts';
import type { MonotonicMs } from '../time.ts';

/*
 * The response time of a server is the one-minute mean of the responses of its steady checks. `responseOf` says what is a
 * response, `meanResponseMs` makes the mean, `currentResponseMs` in `health.ts` says whether it still holds. The status, the pages, the API
 * and `mcp_server_response_time_seconds`, which alerts read, all have it from here.
 */

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

/** A check during which our own event loop was late for longer says nothing about the speed of its server. */
const LATE_MS_MAX = 250;

/** Whether the check was measured while the exporter itself was late. */
function wasLate({ lateMs = 0 }: Pick<CheckReport, 'lateMs'>): boolean {
  return lateMs > LATE_MS_MAX;
}

/**
 * The response time that a steady check measured, in milliseconds: from its one request to the answer.
 * @param needsHandshake whether the handshake is the check, because the server keeps no session; else it is no response
 * @returns `undefined` if it failed, was a handshake, or was measured while the exporter was late
 */
export function responseOf(
  report: Pick<CheckReport, 'outcome' | 'responseMs' | 'lateMs'>,
  { wasOpen, needsHandshake }: { readonly wasOpen: boolean; readonly needsHandshake: boolean },
): number | undefined {
  if (report.outcome !== 'ok' || wasLate(report)) return undefined;
  return wasOpen || needsHandshake ? report.responseMs : undefined;
}

/** Whether a check timed out because the exporter read nothing for half of the time or more. */
export function timedOutByUs({
  outcome,
  durationMs,
  lateMs = 0,
}: Pick<CheckReport, 'outcome' | 'durationMs' | 'lateMs'>): boolean {
  return outcome === 'timeout' && lateMs > 0 && lateMs * 2 >= durationMs;
}
