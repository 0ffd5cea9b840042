/** Moments at equal distance. */
export interface Timeline {
  /** Unix time of the first, seconds. */
  readonly startSeconds: number;
  readonly stepSeconds: number;
  readonly length: number;
}

/** Values over a timeline; what is not a number is not there. */
export type Values = Float64Array;

/** From `startSeconds` on, at whole steps, up to `endSeconds`. */
export function createTimeline(
  startSeconds: number,
  endSeconds: number,
  stepSeconds: number,
): Timeline {
  const first = Math.ceil(startSeconds / stepSeconds) * stepSeconds;
  const length = Math.max(0, Math.floor((endSeconds - first) / stepSeconds) + 1);
  return { startSeconds: first, stepSeconds, length };
}

export function timeAt({ startSeconds, stepSeconds }: Timeline, index: number): number {
  return startSeconds + index * stepSeconds;
}

export function fill({ length }: Timeline, valueAt: (index: number) => number): Values {
  const values = new Float64Array(length);
  for (let index = 0; index < length; index += 1) values[index] = valueAt(index);
  return values;
}
