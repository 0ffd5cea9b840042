import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpTarget, StdioTarget } from '../../facts/server.ts';
import { latest, later, type MonotonicMs } from '../../facts/time.ts';

/**
 * Pauses that one entry of the configuration learned of and that concern all entries of the same origin: limits of a
 * rate, `Retry-After`, a refused connection.
 */
export interface SharedPauses {
  /** No scheduled check of the origin begins within `pauseMs` from now. */
  note(origin: string, pauseMs: number): void;
  /** Milliseconds until the origin may be checked; 0: now. */
  remainingMs(origin: string): number;
}

/** Entries that are over are dropped when there are so many. */
const PAUSES_MAX = 1_000;

export function createSharedPauses(clock: Clock): SharedPauses {
  const ends = new Map<string, MonotonicMs>();

  function dropEnded(nowMs: MonotonicMs): void {
    for (const [origin, endMs] of ends) if (endMs <= nowMs) ends.delete(origin);
  }

  return {
    note(origin, pauseMs) {
      const nowMs = clock.monotonicMs();
      const endMs = later(nowMs, pauseMs);
      if (ends.size >= PAUSES_MAX) dropEnded(nowMs);
      ends.set(origin, latest(ends.get(origin) ?? endMs, endMs));
    },
    remainingMs(origin) {
      const endMs = ends.get(origin);
      return endMs === undefined ? 0 : Math.max(0, endMs - clock.monotonicMs());
    },
  };
}

/** Scheme, host and port of a remote server. */
export function originOf(target: HttpTarget | StdioTarget): string | undefined {
  return target.kind === 'http' ? URL.parse(target.url)?.origin : undefined;
}
