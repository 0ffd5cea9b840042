import type { EpochMs } from '../time.ts';

const HOUR_MS = 3_600_000;

/** Windows of `mcp_active_users`. */
export const USER_WINDOWS = { '1h': HOUR_MS, '24h': 24 * HOUR_MS, '7d': 7 * 24 * HOUR_MS } as const;
export type UserWindow = keyof typeof USER_WINDOWS;

const WINDOW_MS_MAX = USER_WINDOWS['7d'];
const KEPT_MAX = 2048;
const HASHES = 2 ** 32;

export interface ActiveUsers {
  /** @param userHash 32 well-mixed bits, see `hashText` */
  seen(userHash: number, nowMs: EpochMs): void;
  count(window: UserWindow, nowMs: EpochMs): number;
  /** How many users are kept; never more than the bound. */
  keptCount(): number;
}

/** Since `sinceMs`, only hashes below `below` were kept. */
interface HashThreshold {
  readonly sinceMs: number;
  readonly below: number;
}

/**
 * Counts distinct users in sliding windows in bounded memory. Exact up to `keptMax` users a week; beyond it, half of all
 * hashes are dropped at a time and the rest is scaled up, which errs by about 1/√(users kept in the window): 2 to 3 % for
 * many users, more for a short window with few of them. After a flood the sample widens again, step by step.
 *
 * Design: one sample by hash threshold serves all windows, whereas HyperLogLog needs a sketch per hour and is inexact even
 * for three users.
 */
export function createActiveUsers(keptMax = KEPT_MAX): ActiveUsers {
  const sample: UserSample = {
    keptMax,
    lastSeenMs: new Map(),
    thresholds: [{ sinceMs: Number.NEGATIVE_INFINITY, below: HASHES }],
  };
  return {
    seen: (hash, nowMs) => addUser(sample, hash, nowMs),
    count: (window, nowMs) => countUsers(sample, nowMs - USER_WINDOWS[window], nowMs),
    keptCount: () => sample.lastSeenMs.size,
  };
}

interface UserSample {
  readonly keptMax: number;
  /** By hash, oldest first. */
  readonly lastSeenMs: Map<number, EpochMs>;
  /** Oldest first; never empty. */
  thresholds: readonly HashThreshold[];
}

function addUser(sample: UserSample, hash: number, nowMs: EpochMs): void {
  const { lastSeenMs, keptMax } = sample;
  if (hash >= currentThreshold(sample)) return;
  // Deleted first, so that the map stays in order of time.
  lastSeenMs.delete(hash);
  lastSeenMs.set(hash, nowMs);
  if (lastSeenMs.size <= keptMax) return;
  expire(sample, nowMs);
  narrow(sample, nowMs);
}

function countUsers(sample: UserSample, sinceMs: number, nowMs: EpochMs): number {
  expire(sample, nowMs);
  const below = narrowestSince(sample, sinceMs);
  let kept = 0;
  for (const [hash, seenMs] of sample.lastSeenMs) if (seenMs > sinceMs && hash < below) kept += 1;
  return Math.round(kept * (HASHES / below));
}

function currentThreshold({ thresholds }: UserSample): number {
  return thresholds.at(-1)?.below ?? HASHES;
}

/** The narrowest threshold that was in force at any time since then. */
function narrowestSince(sample: UserSample, sinceMs: number): number {
  let below = currentThreshold(sample);
  for (const threshold of sample.thresholds.toReversed()) {
    below = Math.min(below, threshold.below);
    if (threshold.sinceMs <= sinceMs) break;
  }
  return below;
}

function setThreshold(sample: UserSample, below: number, nowMs: EpochMs): void {
  const { thresholds } = sample;
  // Only the last week matters, and what was in force when it began.
  const first = thresholds.findLastIndex(({ sinceMs }) => sinceMs <= nowMs - WINDOW_MS_MAX);
  sample.thresholds = [...thresholds.slice(Math.max(0, first)), { sinceMs: nowMs, below }];
}

/** Drops users of more than a week ago, and widens the sample at most once an hour when there is room. */
function expire(sample: UserSample, nowMs: EpochMs): void {
  const { lastSeenMs, keptMax } = sample;
  for (const [hash, seenMs] of lastSeenMs) {
    if (seenMs > nowMs - WINDOW_MS_MAX) break;
    lastSeenMs.delete(hash);
  }
  const current = currentThreshold(sample);
  const sinceMs = sample.thresholds.at(-1)?.sinceMs ?? 0;
  if (current < HASHES && lastSeenMs.size < keptMax / 4 && nowMs - sinceMs >= HOUR_MS)
    setThreshold(sample, current * 2, nowMs);
}

function narrow(sample: UserSample, nowMs: EpochMs): void {
  const { lastSeenMs, keptMax } = sample;
  while (lastSeenMs.size > keptMax) {
    const below = currentThreshold(sample) / 2;
    for (const hash of lastSeenMs.keys()) if (hash >= below) lastSeenMs.delete(hash);
    setThreshold(sample, below, nowMs);
  }
}
