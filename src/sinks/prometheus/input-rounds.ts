import { hashText } from '../../facts/rules/hash-text.ts';

/** How long a client may take to return the input. */
export const INPUT_ROUND_MS_MAX = 15 * 60_000;
const OPEN_MAX = 1_000;

/** Answers that ask for more input (2026-07-28) and wait for the retry that brings it. */
export interface InputRounds {
  /** The server answered with this `requestState`. */
  asked(requestState: string, nowMs: number): void;
  /** A request brought it back. */
  answered(requestState: string): void;
  /** How many were given up since the last call: nobody came back within `INPUT_ROUND_MS_MAX`. */
  takeAbandoned(nowMs: number): number;
}

/** Keeps at most 1,000 open rounds by a hash of their state; past it the oldest is forgotten without being counted. */
export function createInputRounds(openMax = OPEN_MAX): InputRounds {
  /** Key of the state → when the input was requested, oldest first. */
  const askedMs = new Map<number, number>();
  return {
    asked(requestState, nowMs) {
      const key = keyOf(requestState);
      askedMs.delete(key);
      askedMs.set(key, nowMs);
      if (askedMs.size <= openMax) return;
      const [oldest] = askedMs.keys();
      if (oldest !== undefined) askedMs.delete(oldest);
    },
    answered(requestState) {
      askedMs.delete(keyOf(requestState));
    },
    takeAbandoned(nowMs) {
      let abandoned = 0;
      for (const [key, sinceMs] of askedMs) {
        if (nowMs - sinceMs <= INPUT_ROUND_MS_MAX) break;
        askedMs.delete(key);
        abandoned += 1;
      }
      return abandoned;
    },
  };
}

/** 53 bits, so that a thousand states do not meet by chance. */
function keyOf(requestState: string): number {
  return hashText(requestState) * 2 ** 21 + (hashText(requestState, 0x9e3779b9) >>> 11);
}
