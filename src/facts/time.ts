declare const epoch: unique symbol;
declare const monotonic: unique symbol;

/** A moment on the wall clock: milliseconds since the Unix epoch. For what people read and what is stored. */
export type EpochMs = number & { readonly [epoch]: true };

/** A moment on a monotonic clock, in milliseconds since an arbitrary origin. For durations and deadlines. */
export type MonotonicMs = number & { readonly [monotonic]: true };

/** A wall-clock time that comes from outside: a file, a database, a message. */
export function asEpochMs(valueMs: number): EpochMs {
  return valueMs as EpochMs;
}

/** A monotonic time from a number: for clocks, and for "never" as negative infinity. */
export function asMonotonicMs(valueMs: number): MonotonicMs {
  return valueMs as MonotonicMs;
}

/** The moment `byMs` after `atMs`, on the same clock; before it if `byMs` is negative. */
export function later<Moment extends EpochMs | MonotonicMs>(atMs: Moment, byMs: number): Moment {
  return (atMs + byMs) as Moment;
}

/** The later of two moments of the same clock. */
export function latest<Moment extends EpochMs | MonotonicMs>(one: Moment, other: Moment): Moment {
  return one > other ? one : other;
}
