import type { Values } from './timeline.ts';

/** What PromQL makes of values, over arrays. Windows count samples, the present one included. */

export function map(values: Values, change: (value: number) => number): Values {
  return values.map(change);
}

export function combine(
  one: Values,
  other: Values,
  join: (one: number, other: number) => number,
): Values {
  return one.map((value, index) => join(value, other[index] ?? NaN));
}

/** Absent if there is nothing to divide by. */
export function divide(part: Values, whole: Values): Values {
  return combine(part, whole, (one, other) => (other > 0 ? one / other : NaN));
}

/** Absent only if all are. */
export function sum(all: readonly Values[]): Values {
  const total = new Float64Array(all[0]?.length ?? 0).fill(NaN);
  for (const values of all)
    for (const [index, value] of values.entries()) {
      if (Number.isNaN(value)) continue;
      const before = total[index] ?? NaN;
      total[index] = (Number.isNaN(before) ? 0 : before) + value;
    }
  return total;
}

export function countPresent(all: readonly Values[]): Values {
  return sum(all.map((values) => values.map((value) => (Number.isNaN(value) ? NaN : 1))));
}

/** Shifts to a later time, as `offset` does; absent before. */
export function shift(values: Values, samples: number): Values {
  const shifted = new Float64Array(values.length).fill(NaN);
  shifted.set(
    values.subarray(0, Math.max(0, values.length - samples)),
    Math.min(samples, values.length),
  );
  return shifted;
}

export function mean(values: Values, window: number): Values {
  return overWindow(values, window, (count, total) => total / count);
}

/** The sum within a window, divided by its length: what is absent counts as zero. */
export function meanOfWindow(values: Values, window: number): Values {
  return overWindow(values, window, (_count, sumOfAll) => sumOfAll / window);
}

export function total(values: Values, window: number): Values {
  return overWindow(values, window, (_count, sumOfAll) => sumOfAll);
}

export function spread(values: Values, window: number): Values {
  return overWindow(values, window, (count, sumOfAll, squares) =>
    Math.sqrt(Math.max(0, squares / count - (sumOfAll / count) ** 2)),
  );
}

/** Running sums, with only what is present. */
function overWindow(
  values: Values,
  window: number,
  result: (count: number, total: number, squares: number) => number,
): Values {
  const results = new Float64Array(values.length);
  let count = 0;
  let totalNow = 0;
  let squares = 0;
  const add = (value: number, sign: 1 | -1): void => {
    if (Number.isNaN(value)) return;
    count += sign;
    totalNow += sign * value;
    squares += sign * value ** 2;
  };
  for (const [index, value] of values.entries()) {
    add(value, 1);
    if (index >= window) add(values[index - window] ?? NaN, -1);
    results[index] = count === 0 ? NaN : result(count, totalNow, squares);
  }
  return results;
}

/** `predict_linear`: the least-squares line through the window, `aheadSamples` beyond its end. */
export function predictLinear(values: Values, window: number, aheadSamples: number): Values {
  return values.map((_value, index) => {
    let count = 0;
    let sumX = 0;
    let sumY = 0;
    let sumXX = 0;
    let sumXY = 0;
    for (let at = Math.max(0, index - window + 1); at <= index; at += 1) {
      const y = values[at] ?? NaN;
      if (Number.isNaN(y)) continue;
      const x = at - index;
      count += 1;
      sumX += x;
      sumY += y;
      sumXX += x * x;
      sumXY += x * y;
    }
    if (count < 2) return NaN;
    const slope = (count * sumXY - sumX * sumY) / (count * sumXX - sumX ** 2);
    return (sumY - slope * sumX) / count + slope * aheadSamples;
  });
}

/** `quantile_over_time`, calculated only every `stride` samples because it changes slowly. */
export function quantile(values: Values, window: number, share: number, stride: number): Values {
  let last = NaN;
  return values.map((_value, index) => {
    if (index % stride !== 0) return last;
    const present = values
      .slice(Math.max(0, index - window + 1), index + 1)
      .filter((value) => !Number.isNaN(value))
      .toSorted();
    const rank = share * (present.length - 1);
    const low = present[Math.floor(rank)] ?? NaN;
    const high = present[Math.ceil(rank)] ?? NaN;
    last = low + (high - low) * (rank - Math.floor(rank));
    return last;
  });
}
