import type { Metric } from '../../catalog/metric.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import {
  type DurationSeries,
  histogramFamily,
  type LabelValues,
  type Series,
  valueFamily,
} from '../metrics/family.ts';
import { labelFolder, overflowCounter } from '../metrics/fold-label.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';

/** Of each label that has no closed list. */
const VALUES_MAX = 50;

/** @returns finds the series of a counter or gauge; values beyond its closed lists, or beyond the first 50, become `_OTHER` */
export function boundedValues<Label extends string>(
  registry: MetricRegistry,
  metric: Metric<Label> & { readonly kind: 'counter' | 'gauge' },
): (labels: LabelValues<Label>) => Series {
  return (labels) => valueFamily(registry, metric).series(bound(registry, metric, labels));
}

/** The same for a histogram. */
export function boundedDurations<Label extends string>(
  registry: MetricRegistry,
  metric: Metric<Label> & { readonly kind: 'histogram' },
): (labels: LabelValues<Label>) => DurationSeries {
  return (labels) => histogramFamily(registry, metric).series(bound(registry, metric, labels));
}

function bound<Label extends string>(
  registry: MetricRegistry,
  { name, labels: labelNames, values }: Metric<Label>,
  given: LabelValues<Label>,
): LabelValues<Label> {
  const entries = labelNames.map((label) => {
    const closed = values?.[label];
    if (!closed)
      return [
        label,
        labelFolder(registry, { metric: name, label, valuesMax: VALUES_MAX })(given[label]),
      ];
    if (closed.includes(given[label])) return [label, given[label]];
    overflowCounter(registry, name, label)();
    return [label, OVERFLOW_LABEL];
  });
  return Object.fromEntries(entries) as LabelValues<Label>;
}
