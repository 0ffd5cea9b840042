/**
 * A quantile of values that were counted into buckets, interpolated within its bucket as Prometheus's `histogram_quantile`
 * does: what is beyond the last bound is reported as that bound.
 *
 * @param share from 0 to 1
 * @param bounds upper bounds of the buckets, ascending; the first bucket begins at 0
 * @param counts per bucket, not cumulative; one more than there are bounds
 * @returns NaN if nothing was counted
 */
export function bucketQuantile(
  share: number,
  bounds: readonly number[],
  counts: readonly number[],
): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return NaN;
  let rank = share * total;
  for (const [index, count] of counts.entries()) {
    const to = bounds[index];
    if (to === undefined) break;
    if (rank <= count && count > 0) {
      const from = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return from + (to - from) * (rank / count);
    }
    rank -= count;
  }
  return bounds.at(-1) ?? NaN;
}
