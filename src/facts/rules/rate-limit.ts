import { later, latest, type MonotonicMs } from '../time.ts';

/** `requests` per `perMs` on average, with at most `burst` of them at once. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
}

export interface RateLimiter {
  /**
   * Takes one request of a client.
   * @returns 0 if it is within the limit, otherwise the milliseconds until the next one would be
   */
  take(client: string, nowMs: MonotonicMs): number;
  readonly size: number;
}

/** About 2 MB of addresses. Beyond that, the client that was idle longest is forgotten and starts again with a full bucket. */
const CLIENTS_MAX = 10_000;

/**
 * A token bucket for each client, kept as one number: the time at which the bucket would be full again
 * (generic cell rate algorithm). A client whose time has passed is treated like a new one.
 */
export function createRateLimiter(
  { requests, perMs, burst }: RateLimit,
  clientsMax = CLIENTS_MAX,
): RateLimiter {
  const fullAtMs = new Map<string, MonotonicMs>();
  const costMs = perMs / requests;
  const toleranceMs = costMs * burst;
  return {
    get size() {
      return fullAtMs.size;
    },
    take(client, nowMs) {
      const before = fullAtMs.get(client);
      const afterMs = later(latest(before ?? nowMs, nowMs), costMs);
      const excessMs = afterMs - nowMs - toleranceMs;
      // The sum of fractions is off by less than a thousandth of a millisecond.
      if (excessMs > 0.001) return excessMs;
      // Deleted first, so that the first in the map is the one that was idle longest.
      if (before !== undefined) fullAtMs.delete(client);
      else if (fullAtMs.size >= clientsMax) forgetQuiet(nowMs);
      fullAtMs.set(client, afterMs);
      return 0;
    },
  };

  /** Removes those at the head whose bucket is full again, and at least one. */
  function forgetQuiet(nowMs: MonotonicMs): void {
    for (const [client, atMs] of fullAtMs) {
      if (atMs > nowMs && fullAtMs.size < clientsMax) return;
      fullAtMs.delete(client);
    }
  }
}
