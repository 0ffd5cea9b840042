import { requestDuration } from '../../src/catalog/gateway.ts';
import type { Values } from './timeline.ts';

/** Upper bounds of the latency histogram, +Inf included. */
export const BOUNDS_SECONDS: readonly number[] = [...(requestDuration.buckets ?? []), Infinity];
/** Standard deviation of the logarithm: the slowest twentieth takes three times as long as the median. */
const SPREAD = 0.7;

/** As Prometheus 3 writes it. */
export function leOf(bound: number): string {
  if (bound === Infinity) return '+Inf';
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

export function meanOfMedian(medianSeconds: number): number {
  return medianSeconds * Math.exp(SPREAD ** 2 / 2);
}

/** The fraction that takes at most that long. */
export function shareUpTo(boundSeconds: number, medianSeconds: number): number {
  if (boundSeconds === Infinity) return 1;
  return normalShare(Math.log(boundSeconds / medianSeconds) / SPREAD);
}

/** Share of a normal distribution below `x`: logistic approximation, right to a ten-thousandth. */
function normalShare(x: number): number {
  return 1 / (1 + Math.exp(-(1.5976 * x + 0.070566 * x ** 3)));
}

/** `histogram_quantile` over cumulative counts, one array for each bound; absent without traffic. */
export function histogramQuantile(
  share: number,
  bounds: readonly number[],
  counts: readonly Values[],
): Values {
  const all = counts.at(-1) ?? new Float64Array();
  return all.map((count, index) => {
    if (!(count > 0)) return NaN;
    const rank = share * count;
    const bucket = counts.findIndex((values) => (values[index] ?? 0) >= rank);
    if (bucket === bounds.length - 1) return bounds.at(-2) ?? NaN;
    const low = bucket === 0 ? 0 : (bounds[bucket - 1] ?? 0);
    const before = bucket === 0 ? 0 : (counts[bucket - 1]?.[index] ?? 0);
    const inside = (counts[bucket]?.[index] ?? 0) - before;
    return low + ((bounds[bucket] ?? 0) - low) * ((rank - before) / inside);
  });
}
