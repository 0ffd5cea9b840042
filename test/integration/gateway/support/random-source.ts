/** Numbers that look random and are the same for the same seed: a run of a million can be repeated. */
export interface RandomSource {
  /** From 0 up to, but not including, `limit`. */
  below(limit: number): number;
  /** Whether something happens that happens once in `times`. */
  oneIn(times: number): boolean;
  /** @param choices at least one */
  pick<const T>(choices: readonly T[]): T;
}

/** Mulberry32. */
export function createRandomSource(seed: number): RandomSource {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick: (choices) => choices[below(choices.length)] as (typeof choices)[number],
  };
}
