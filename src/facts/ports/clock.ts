import type { EpochMs, MonotonicMs } from '../time.ts';

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix epoch, milliseconds. */
  nowMs(): EpochMs;
  /** Never goes back; for durations. */
  monotonicMs(): MonotonicMs;
  after(delayMs: number, run: () => void): Timer;
}

/** Uniform in [0, 1). */
export type Random = () => number;
