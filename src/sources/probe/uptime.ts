import type { Status } from '../../facts/rules/health.ts';
import type { MonotonicMs } from '../../facts/time.ts';

/** Time spent per status since a server was added, as far as availability goes. */
export interface Uptime {
  readonly status: Status;
  readonly sinceMs: MonotonicMs;
  /** Neither Disabled nor Unknown, before `sinceMs`. */
  readonly knownMs: number;
  /** Of that, not Offline. */
  readonly upMs: number;
}

export function startUptime(status: Status, nowMs: MonotonicMs): Uptime {
  return { status, sinceMs: nowMs, knownMs: 0, upMs: 0 };
}

export function changeUptime(uptime: Uptime, status: Status, nowMs: MonotonicMs): Uptime {
  const elapsedMs = nowMs - uptime.sinceMs;
  return {
    status,
    sinceMs: nowMs,
    knownMs: uptime.knownMs + (isKnown(uptime.status) ? elapsedMs : 0),
    upMs: uptime.upMs + (isKnown(uptime.status) && uptime.status !== 'offline' ? elapsedMs : 0),
  };
}

/** From 0 to 1; `undefined` as long as the status is Unknown or Disabled. */
export function uptimeRatio(uptime: Uptime, nowMs: MonotonicMs): number | undefined {
  const { knownMs, upMs, status } = changeUptime(uptime, uptime.status, nowMs);
  if (knownMs > 0) return upMs / knownMs;
  // No time has passed at the moment of the first verdict.
  return isKnown(status) ? Number(status !== 'offline') : undefined;
}

function isKnown(status: Status): boolean {
  return status !== 'disabled' && status !== 'unknown';
}
