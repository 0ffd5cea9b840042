import type { Era } from '../facts/server.ts';
import type { Clock } from '../facts/ports/clock.ts';

/** A legacy verdict never fails by itself, even after an upgrade of the server; so it is asked again. */
const VERDICT_AGE_MS_MAX = 24 * 60 * 60_000;
/** For how long the first, the second, … verdict in a row is kept that no answer of the server supports. */
const ASSUMPTION_AGE_MS_MAX = [60_000, 5 * 60_000, 25 * 60_000, 60 * 60_000] as const;

/** What is known about the era of one server. */
export interface EraMemory {
  /** The configured era, or the verdict while it is fresh. */
  era(): Era | undefined;
  /** @param isAssumed the server did not answer the question for its era, so it is asked again soon */
  learn(era: Era, isAssumed?: boolean): void;
  /** Whether the last verdict was assumed. */
  isAssumed(): boolean;
  /** Only a verdict can be forgotten, not a configured era. */
  forget(): void;
}

interface Verdict {
  readonly era: Era;
  readonly atMs: number;
  /** How many verdicts in a row were assumed. */
  readonly assumedCount: number;
}

export function createEraMemory(configured: 'auto' | Era, clock: Clock): EraMemory {
  let verdict: Verdict | undefined;
  const isStale = (): boolean =>
    verdict !== undefined && clock.monotonicMs() - verdict.atMs > ageMsMax(verdict);
  return {
    era: () => {
      if (configured !== 'auto') return configured;
      return isStale() ? undefined : verdict?.era;
    },
    learn(era, isAssumed = false) {
      if (configured !== 'auto' || (verdict?.era === era && !isStale())) return;
      const assumedCount = isAssumed ? (verdict?.assumedCount ?? 0) + 1 : 0;
      verdict = { era, atMs: clock.monotonicMs(), assumedCount };
    },
    isAssumed: () => verdict !== undefined && verdict.assumedCount > 0,
    forget() {
      verdict = undefined;
    },
  };
}

function ageMsMax({ assumedCount }: Verdict): number {
  if (assumedCount === 0) return VERDICT_AGE_MS_MAX;
  return ASSUMPTION_AGE_MS_MAX[assumedCount - 1] ?? Math.max(...ASSUMPTION_AGE_MS_MAX);
}
