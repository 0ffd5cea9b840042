/** What a sample server suffers from. */
export type TroubleKind = 'slow' | 'flaky' | 'mortal';

/** What becomes of one request. */
export interface Fate {
  readonly delayMs: number;
  readonly end: 'answer' | 'unavailable' | 'reset';
}

export interface Lifetime {
  readonly upMs: number;
  readonly downMs: number;
}

const WELL: Fate = { delayMs: 0, end: 'answer' };
const MINUTE_MS = 60_000;

/**
 * @param random as `Math.random`
 */
export function fateOf(kind: TroubleKind, random: () => number): Fate {
  // Above what the exporter calls slow, mostly below what it calls very slow.
  if (kind === 'slow') return { ...WELL, delayMs: 550 + 500 * random() ** 3 };
  if (kind === 'mortal') return WELL;
  const luck = random();
  if (luck < 0.03) return { ...WELL, end: 'unavailable' };
  return luck < 0.05 ? { ...WELL, end: 'reset' } : WELL;
}

/** Nothing for a server that never dies; downtimes are long enough for an alert. */
export function lifetimeOf(kind: TroubleKind, random: () => number): Lifetime | undefined {
  if (kind !== 'mortal') return undefined;
  return { upMs: (6 + 10 * random()) * MINUTE_MS, downMs: (2 + 2 * random()) * MINUTE_MS };
}
