import { asEpochMs, type EpochMs } from '../../facts/time.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a page is about: from the one time to the other. */
export interface TimeSpan {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** The bars of a chart, at multiples of `bucketMs`. */
export interface ChartSpan extends TimeSpan {
  readonly bucketMs: number;
}

/** A shorter time is shown with what was around it. */
const CHART_MS_MIN = 2 * HOUR_MS;
const BARS_MAX = 60;
const BUCKETS_MS = [
  ...[5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 30, 365].map((days) => days * DAY_MS),
];

/** The span of a chart for `span`, with at most about `BARS_MAX` bars, not beyond `nowMs` unless the span is. */
export function chartSpan(span: TimeSpan, nowMs: EpochMs): ChartSpan {
  const missingMs = Math.max(0, CHART_MS_MIN - (span.toMs - span.fromMs));
  const toMs = Math.max(span.toMs, Math.min(span.toMs + missingMs / 2, nowMs));
  const fromMs = Math.min(span.fromMs, toMs - CHART_MS_MIN);
  const largestMs = BUCKETS_MS.at(-1) ?? DAY_MS;
  const bucketMs = BUCKETS_MS.find((each) => (toMs - fromMs) / each <= BARS_MAX) ?? largestMs;
  return {
    fromMs: asEpochMs(Math.max(0, Math.floor(fromMs / bucketMs) * bucketMs)),
    toMs: asEpochMs(Math.ceil(toMs / bucketMs) * bucketMs),
    bucketMs,
  };
}

/** Points that a chart of lines has room for, at most about. */
const POINTS_MAX = 170;

/** The span of charts for the time up to `nowMs`, at multiples of its grain. */
export function historySpan(windowMs: number, nowMs: EpochMs): ChartSpan {
  const bucketMs = BUCKETS_MS.find((each) => windowMs / each <= POINTS_MAX) ?? DAY_MS;
  return {
    fromMs: asEpochMs(Math.floor((nowMs - windowMs) / bucketMs) * bucketMs),
    toMs: asEpochMs(Math.ceil(nowMs / bucketMs) * bucketMs),
    bucketMs,
  };
}
