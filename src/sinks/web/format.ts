const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span in one unit, coarse: `12 s`, `5 min`, `3 h`, `4 d`. `assets/times.js` ticks in the same words. */
export function formatSpan(spanMs: number): string {
  const ms = Math.max(0, spanMs);
  if (ms < 90 * SECOND_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < 90 * MINUTE_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 36 * HOUR_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  return `${Math.floor(ms / DAY_MS)} d`;
}

/** A measured duration with three significant digits: `4.21 ms`, `123 ms`, `1.24 s`. */
export function formatDuration(durationMs: number): string {
  if (durationMs >= 10 * SECOND_MS) return `${(durationMs / SECOND_MS).toFixed(1)} s`;
  if (durationMs >= SECOND_MS) return `${(durationMs / SECOND_MS).toFixed(2)} s`;
  if (durationMs >= 10) return `${Math.round(durationMs)} ms`;
  return `${durationMs.toFixed(1)} ms`;
}

/** Never rounds up to 100 %: a server that was away for a second was not there all the time. */
export function formatRatio(ratio: number): string {
  if (ratio >= 1) return '100 %';
  return `${(Math.floor(Math.max(0, ratio) * 10_000) / 100).toFixed(2)} %`;
}

/** Absolute, for titles: `2026-11-21 09:15:03 UTC`. */
export function formatInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Wall-clock time of day for dense tables: `09:15:03`. */
export function formatTimeOfDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

/** Beside a relative time: the time of day, or the day where that would be ambiguous. */
export function formatClock(atMs: number, nowMs: number): string {
  return nowMs - atMs < DAY_MS / 2
    ? formatTimeOfDay(atMs)
    : new Date(atMs).toISOString().slice(0, 10);
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** A value of a rule with three significant digits, and without a long row of zeros: `0.053`, `1,240`, `3.1e+7`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(1);
  return value.toLocaleString('en-US', { maximumSignificantDigits: size >= 1_000 ? 6 : 3 });
}

/** US dollars; below ten cents with two significant digits: `$12.40`, `$0.42`, `$0.0031`. */
export function formatUsd(amount: number): string {
  if (amount === 0) return '$0';
  if (amount < 0.0001) return '< $0.0001';
  const digits =
    amount >= 0.1
      ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
      : { maximumSignificantDigits: 2 };
  return `$${amount.toLocaleString('en-US', digits)}`;
}

/** Requests per minute: `0`, `0.4`, `12`, `1,240`. */
export function formatRate(rate: number): string {
  const digits = rate < 10 ? { maximumFractionDigits: 1 } : { maximumFractionDigits: 0 };
  return rate > 0 && rate < 0.1 ? '< 0.1' : rate.toLocaleString('en-US', digits);
}
