import type { LabelName, LabelOf } from './labels.ts';
import { type Matchers, renderMatchers } from './matchers.ts';

/**
 * PromQL, one function per construct. Expressions are strings, so that arithmetic and set operators can be written as
 * PromQL has them; selectors are only ever built here, because their label values need escaping.
 */

/** `name{label="value"}`. Labels that a series of the catalog does not have do not compile. */
export function selector<Name extends string>(
  name: Name,
  ...matchers: readonly Matchers<LabelOf<Name>>[]
): string {
  const rendered = renderMatchers(...(matchers as readonly Matchers[]));
  return rendered === '' ? name : `${name}{${rendered}}`;
}

/** Growth per second of a counter. */
export function rate(range: string, window: string): string {
  return `rate(${range}[${window}])`;
}

/** Growth of a counter within the window. */
export function increase(range: string, window: string): string {
  return `increase(${range}[${window}])`;
}

type Aggregation = 'avg' | 'count' | 'max' | 'min' | 'sum';

/** One series for each combination of these labels; without labels, one for all. */
function aggregate(operator: Aggregation, by: readonly LabelName[], expression: string): string {
  const grouping = by.length === 0 ? '' : ` by (${by.join(', ')}) `;
  return `${operator}${grouping}(${expression})`;
}

export function sumBy(by: readonly LabelName[], expression: string): string {
  return aggregate('sum', by, expression);
}

export function maxBy(by: readonly LabelName[], expression: string): string {
  return aggregate('max', by, expression);
}

export function minBy(by: readonly LabelName[], expression: string): string {
  return aggregate('min', by, expression);
}

export function countBy(by: readonly LabelName[], expression: string): string {
  return aggregate('count', by, expression);
}

/**
 * A quantile of a histogram for each combination of these labels.
 *
 * @param buckets rates or increases of the series `…_bucket`
 */
export function quantileBy(quantile: number, by: readonly LabelName[], buckets: string): string {
  return `histogram_quantile(${quantile}, ${sumBy([...by, 'le'], buckets)})`;
}

/** Absent, rather than NaN, if there is nothing to divide by. */
export function ratio(part: string, all: string): string {
  return `${part} / (${all} > 0)`;
}

/** The same if `part` may have no series yet: the ratio is then zero. */
export function ratioOrZero(part: string, all: string): string {
  return ratio(`(${part} or 0 * ${all})`, all);
}
