export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix epoch, milliseconds. */
  nowMs(): number;
  /** Never goes back; for durations. */
  monotonicMs(): number;
  after(delayMs: number, run: () => void): Timer;
}

/** Uniform in [0, 1). */
export type Random = () => number;
