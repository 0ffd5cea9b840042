import type { ServerUptime, UptimeBar } from '../server-uptime.ts';
import { asEpochMs, type EpochMs } from '../time.ts';
import type { Status } from './health.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const HOURS = 24;
const DAYS = 30;
/** The longest window of which uptime is known. */
export const UPTIME_WINDOW_MS = DAYS * DAY_MS;

/** What a status says about availability. Disabled and Unknown say nothing, and neither does a status during maintenance. */
export type UptimeState = 'up' | 'down' | 'unknown';

export function uptimeStateOf(status: Status, isInMaintenance: boolean): UptimeState {
  if (isInMaintenance || status === 'disabled' || status === 'unknown') return 'unknown';
  return status === 'offline' ? 'down' : 'up';
}

/** A time in which a server was known to be up or down. The spans of one server do not overlap. */
export interface UptimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isUp: boolean;
}

/**
 * Uptime of the last 24 hours, 7 days and 30 days. Only known time counts: a ratio is up / (up + down).
 *
 * @param spans of one server, in any order; those that last end at `nowMs`
 */
export function describeUptime(
  server: string,
  spans: readonly UptimeSpan[],
  nowMs: EpochMs,
  withDays: boolean,
): ServerUptime {
  const ratioOf = (windowMs: number): number | undefined => {
    const { upMs, downMs } = measure(spans, nowMs - windowMs, nowMs);
    return upMs + downMs > 0 ? upMs / (upMs + downMs) : undefined;
  };
  const dayRatio = ratioOf(DAY_MS);
  const weekRatio = ratioOf(7 * DAY_MS);
  const monthRatio = ratioOf(UPTIME_WINDOW_MS);
  const known = spans.filter(({ toMs }) => toMs > nowMs - UPTIME_WINDOW_MS);
  const firstMs = Math.min(...known.map(({ fromMs }) => fromMs));
  return {
    server,
    ...(dayRatio !== undefined && { dayRatio }),
    ...(weekRatio !== undefined && { weekRatio }),
    ...(monthRatio !== undefined && { monthRatio }),
    ...(known.length > 0 && {
      knownSinceMs: asEpochMs(Math.max(firstMs, nowMs - UPTIME_WINDOW_MS)),
    }),
    hours: barsOf(spans, nowMs, HOUR_MS, HOURS),
    days: withDays ? barsOf(spans, nowMs, DAY_MS, DAYS) : [],
  };
}

/** The last one is the current hour or day of UTC, which has not ended. */
function barsOf(
  spans: readonly UptimeSpan[],
  nowMs: EpochMs,
  widthMs: number,
  count: number,
): readonly UptimeBar[] {
  const currentMs = nowMs - (nowMs % widthMs);
  return Array.from({ length: count }, (_, index) => {
    const fromMs = currentMs - (count - 1 - index) * widthMs;
    const toMs = Math.min(fromMs + widthMs, nowMs);
    return { fromMs: asEpochMs(fromMs), toMs: asEpochMs(toMs), ...measure(spans, fromMs, toMs) };
  });
}

function measure(
  spans: readonly UptimeSpan[],
  fromMs: number,
  toMs: number,
): Pick<UptimeBar, 'upMs' | 'downMs'> {
  let upMs = 0;
  let downMs = 0;
  for (const span of spans) {
    const inside = Math.max(0, Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs));
    if (span.isUp) upMs += inside;
    else downMs += inside;
  }
  return { upMs, downMs };
}
