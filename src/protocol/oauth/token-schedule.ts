import type { EpochMs, MonotonicMs } from '../../facts/time.ts';
import type { AccessToken, TokenFailure } from '../access-tokens.ts';

/** How long before its end a token is no longer sent: clocks differ, and a request takes time. */
const MARGIN_MS_MAX = 30_000;
/** A token that the server refuses at this age was not refused because it is old. */
const FRESH_MS = 30_000;
const BACKOFF_MS = { first: 30_000, max: 3_600_000 };

export type TokenAge = 'usable' | 'due' | 'expired';

/**
 * Whether a token can be sent. `due`: it can, but a new one should be asked for while it still can, so that no check has to
 * wait for it. That is the last quarter of its life.
 */
export function ageOf({ issuedAtMs, expiresAtMs }: AccessToken, nowMs: EpochMs): TokenAge {
  if (expiresAtMs === undefined) return 'usable';
  const lifeMs = expiresAtMs - issuedAtMs;
  const leftMs = expiresAtMs - nowMs;
  if (leftMs <= Math.min(MARGIN_MS_MAX, lifeMs / 10)) return 'expired';
  return leftMs <= lifeMs / 4 ? 'due' : 'usable';
}

/** Whether the server refused a token that it should still know. */
export function isFresh({ issuedAtMs }: AccessToken, nowMs: EpochMs): boolean {
  return nowMs - issuedAtMs < FRESH_MS;
}

/** An attempt to get a token that failed. */
export interface FailedAttempt {
  readonly failure: TokenFailure;
  /** In a row. */
  readonly count: number;
  readonly retryAtMs: MonotonicMs;
}

/** When to ask again: after 30 seconds, doubling up to an hour, and never before the server wants it. */
export function afterFailedAttempt(
  before: FailedAttempt | undefined,
  failure: TokenFailure,
  nowMs: MonotonicMs,
): FailedAttempt {
  const count = (before?.count ?? 0) + 1;
  const backoffMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(count - 1, 20), BACKOFF_MS.max);
  const waitMs = failure.isFinal
    ? Number.POSITIVE_INFINITY
    : Math.max(backoffMs, failure.retryAfterMs ?? 0);
  return { failure, count, retryAtMs: (nowMs + waitMs) as MonotonicMs };
}
