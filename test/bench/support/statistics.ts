export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * A quantile of a histogram as Prometheus estimates it: linear inside of the bucket that holds it.
 *
 * @param buckets cumulative counts by upper bound, in ascending order, the last one being infinite
 */
export function quantileOf(
  share: number,
  buckets: readonly { readonly bound: number; readonly count: number }[],
): number {
  const total = buckets.at(-1)?.count ?? 0;
  const rank = share * total;
  let lower = { bound: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > lower.count) {
      if (bucket.bound === Number.POSITIVE_INFINITY) return lower.bound;
      const inside = (rank - lower.count) / (bucket.count - lower.count);
      return lower.bound + (bucket.bound - lower.bound) * inside;
    }
    lower = bucket;
  }
  return Number.NaN;
}
