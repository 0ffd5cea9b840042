import type { Status } from '../../facts/rules/health.ts';

/** Time spent per status since a server was added, as far as availability goes. Clock values are monotonic milliseconds. */
export interface Uptime {
  readonly status: Status;
  readonly sinceMs: number;
  /** Neither Disabled nor Unknown, before `sinceMs`. */
  readonly knownMs: number;
  /** Of that, not Offline. */
  readonly upMs: number;
}

export function startUptime(status: Status, nowMs: number): Uptime {
  return { status, sinceMs: nowMs, knownMs: 0, upMs: 0 };
}

export function changeUptime(uptime: Uptime, status: Status, nowMs: number): Uptime {
  const elapsedMs = nowMs - uptime.sinceMs;
  return {
    status,
    sinceMs: nowMs,
    knownMs: uptime.knownMs + (isKnown(uptime.status) ? elapsedMs : 0),
    upMs: uptime.upMs + (isKnown(uptime.status) && uptime.status !== 'offline' ? elapsedMs : 0),
  };
}

/** 0..1; `undefined` while nothing is known. */
export function uptimeRatio(uptime: Uptime, nowMs: number): number | undefined {
  const { knownMs, upMs, status } = changeUptime(uptime, uptime.status, nowMs);
  if (knownMs > 0) return upMs / knownMs;
  // The very moment of the first verdict.
  return isKnown(status) ? Number(status !== 'offline') : undefined;
}

function isKnown(status: Status): boolean {
  return status !== 'disabled' && status !== 'unknown';
}
