import type { Era } from '../facts/server.ts';
import type { Clock } from '../facts/ports/clock.ts';

/** A legacy verdict never fails by itself, even after an upgrade of the server; so it is asked again. */
const VERDICT_AGE_MS_MAX = 24 * 60 * 60_000;

/** What is known about the era of one server. */
export interface EraMemory {
  /** The configured era, or the verdict while it is fresh. */
  era(): Era | undefined;
  learn(era: Era): void;
  /** Only a verdict can be forgotten, not a configured era. */
  forget(): void;
  isStale(): boolean;
}

export function createEraMemory(configured: 'auto' | Era, clock: Clock): EraMemory {
  let verdict: { readonly era: Era; readonly atMs: number } | undefined;
  const isStale = (): boolean =>
    verdict !== undefined && clock.monotonicMs() - verdict.atMs > VERDICT_AGE_MS_MAX;
  return {
    era: () => {
      if (configured !== 'auto') return configured;
      return isStale() ? undefined : verdict?.era;
    },
    learn(era) {
      if (configured === 'auto' && (verdict?.era !== era || isStale()))
        verdict = { era, atMs: clock.monotonicMs() };
    },
    forget() {
      verdict = undefined;
    },
    isStale,
  };
}
