/** `requests` in `perMs` on average, and `burst` of them at once. */
export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  readonly burst: number;
}

export interface RateLimiter {
  /**
   * Takes one request of a client.
   * @param nowMs of a clock that never goes back
   * @returns 0 where it is within the limit, else the milliseconds until the next one would be
   */
  take(client: string, nowMs: number): number;
  readonly size: number;
}

/** About 2 MB of addresses. Past it the client that was quiet longest is forgotten, and so begins anew. */
const CLIENTS_MAX = 10_000;

/**
 * A token bucket for each client, kept as one number: the time at which the bucket would be full again
 * (generic cell rate algorithm). A client whose time has passed is the same as one that was never seen.
 */
export function createRateLimiter(
  { requests, perMs, burst }: RateLimit,
  clientsMax = CLIENTS_MAX,
): RateLimiter {
  const fullAtMs = new Map<string, number>();
  const costMs = perMs / requests;
  const toleranceMs = costMs * burst;
  return {
    get size() {
      return fullAtMs.size;
    },
    take(client, nowMs) {
      const before = fullAtMs.get(client);
      const afterMs = Math.max(before ?? nowMs, nowMs) + costMs;
      const excessMs = afterMs - nowMs - toleranceMs;
      // Sums of fractions: a thousandth of a millisecond is nobody's excess.
      if (excessMs > 0.001) return excessMs;
      // Put in anew, so that the first in the map is the one that was quiet longest.
      if (before !== undefined) fullAtMs.delete(client);
      else if (fullAtMs.size >= clientsMax) forgetQuiet(nowMs);
      fullAtMs.set(client, afterMs);
      return 0;
    },
  };

  /** Those at the head whose bucket is full again, and at least one. */
  function forgetQuiet(nowMs: number): void {
    for (const [client, atMs] of fullAtMs) {
      if (atMs > nowMs && fullAtMs.size < clientsMax) return;
      fullAtMs.delete(client);
    }
  }
}
