import type { Metric } from '../../src/catalog/metric.ts';
import { type Series, TARGET } from './series.ts';
import type { Timeline, Values } from './timeline.ts';

/** The address at which Prometheus scrapes the exporter of the profile demo. */
export const INSTANCE = 'demo-exporter:19110';

/** One series of a metric of the catalog, with all of its labels. */
export function rawSeries<Label extends string>(
  { name }: Pick<Metric<Label>, 'name' | 'labels'>,
  labels: Readonly<Record<Label, string>>,
  values: Values,
): Series {
  return { name, labels: { ...TARGET, instance: INSTANCE, ...labels }, values };
}

/** A counter that began at 0, from what it grew by per second. */
export function counted(rates: Values, { stepSeconds }: Timeline, isWhole = true): Values {
  let count = 0;
  return rates.map((rate) => {
    count += rate * stepSeconds;
    return isWhole ? Math.round(count) : count;
  });
}
