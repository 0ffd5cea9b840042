import { hashText } from '../../src/facts/rules/hash-text.ts';

/**
 * Chance that is the same each time it is asked for the same place: what happened in a week that nobody had must not
 * change with the order in which it is told.
 */
export interface Noise {
  /** Normally distributed with mean 0 and standard deviation 1, independent for each `index`. */
  normal(index: number): number;
  /** Wanders slowly between about -1 and 1; smooth over `position`, with a knot at each whole number. */
  drift(position: number): number;
}

export function createNoise(name: string): Noise {
  const seed = hashText(name);
  const uniform = (index: number, salt: number): number => mix(seed, index, salt);
  return {
    normal: (index) =>
      Math.sqrt(-2 * Math.log(1 - uniform(index, 1))) * Math.cos(2 * Math.PI * uniform(index, 2)),
    drift(position) {
      const knot = Math.floor(position);
      const share = (1 - Math.cos((position - knot) * Math.PI)) / 2;
      const from = uniform(knot, 3) * 2 - 1;
      return from + (uniform(knot + 1, 3) * 2 - 1 - from) * share;
    },
  };
}

/** From 0 to 1, without 1. */
function mix(seed: number, index: number, salt: number): number {
  let value = Math.imul(seed ^ Math.imul(index | 0, 0x9e3779b1), 0x85ebca6b) ^ (salt * 0xc2b2ae35);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return ((value ^ (value >>> 15)) >>> 0) / 2 ** 32;
}
