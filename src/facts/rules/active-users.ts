const HOUR_MS = 3_600_000;

/** Windows of `mcp_active_users`. */
export const USER_WINDOWS = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS } as const;
export type UserWindow = keyof typeof USER_WINDOWS;

const WINDOW_MS_MAX = USER_WINDOWS['7d'];
const KEPT_MAX = 2048;
const HASHES = 2 ** 32;

export interface ActiveUsers {
  /** @param userHash 32 well-mixed bits, see `hashText` */
  seen(userHash: number, nowMs: number): void;
  count(window: UserWindow, nowMs: number): number;
  /** How many users are kept; never more than the bound. */
  keptCount(): number;
}

/** From when on only hashes below the threshold were kept. */
interface Threshold {
  readonly sinceMs: number;
  readonly below: number;
}

/**
 * Counts different users in sliding windows in bounded memory. Exact up to `keptMax` users a week; past it, half of all
 * hashes are let go at a time and what is left is scaled up, which errs by about 1/√(users kept in the window) – 2 to 3 %
 * for many users, more for a short window with few of them. After a flood the sample widens again, step by step.
 *
 * Design: one sample by hash threshold serves all windows, where HyperLogLog needs a sketch per hour and is inexact for
 * three users too.
 */
export function createActiveUsers(keptMax = KEPT_MAX): ActiveUsers {
  /** Hash → last seen, oldest first. */
  const lastSeenMs = new Map<number, number>();
  let thresholds: Threshold[] = [{ sinceMs: Number.NEGATIVE_INFINITY, below: HASHES }];

  function current(): number {
    return thresholds.at(-1)?.below ?? HASHES;
  }

  function setThreshold(below: number, nowMs: number): void {
    // Only the last week matters, and of it what was in force at its start.
    const first = thresholds.findLastIndex(({ sinceMs }) => sinceMs <= nowMs - WINDOW_MS_MAX);
    thresholds = [...thresholds.slice(Math.max(0, first)), { sinceMs: nowMs, below }];
  }

  function expire(nowMs: number): void {
    for (const [hash, seenMs] of lastSeenMs) {
      if (seenMs > nowMs - WINDOW_MS_MAX) break;
      lastSeenMs.delete(hash);
    }
    const sinceMs = thresholds.at(-1)?.sinceMs ?? 0;
    const isWide = current() === HASHES;
    if (!isWide && lastSeenMs.size < keptMax / 4 && nowMs - sinceMs >= HOUR_MS)
      setThreshold(current() * 2, nowMs);
  }

  function narrow(nowMs: number): void {
    while (lastSeenMs.size > keptMax) {
      const below = current() / 2;
      for (const hash of lastSeenMs.keys()) if (hash >= below) lastSeenMs.delete(hash);
      setThreshold(below, nowMs);
    }
  }

  return {
    seen(hash, nowMs) {
      if (hash >= current()) return;
      // Deleted first, so that the map stays in the order of time.
      lastSeenMs.delete(hash);
      lastSeenMs.set(hash, nowMs);
      if (lastSeenMs.size <= keptMax) return;
      expire(nowMs);
      narrow(nowMs);
    },
    count(window, nowMs) {
      expire(nowMs);
      const sinceMs = nowMs - USER_WINDOWS[window];
      // The narrowest threshold that was in force at any time of the window.
      let below = current();
      for (let at = thresholds.length - 1; at >= 0; at -= 1) {
        const threshold = thresholds[at];
        if (!threshold) break;
        below = Math.min(below, threshold.below);
        if (threshold.sinceMs <= sinceMs) break;
      }
      let kept = 0;
      for (const [hash, seenMs] of lastSeenMs) if (seenMs > sinceMs && hash < below) kept += 1;
      return Math.round(kept * (HASHES / below));
    },
    keptCount: () => lastSeenMs.size,
  };
}
