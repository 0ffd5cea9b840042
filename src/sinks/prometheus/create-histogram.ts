import { Histogram, type Registry } from 'prom-client';
import type { Metric } from '../../catalog/metric.ts';

/** The only place that makes histograms, so that native buckets can come in one place. */
export function createHistogram<Label extends string>(
  registry: Registry,
  metric: Metric<Label> & { readonly kind: 'histogram' },
): Histogram<Label> {
  return new Histogram({
    name: metric.name,
    help: metric.help,
    labelNames: metric.labels,
    buckets: [...(metric.buckets ?? [])],
    enableExemplars: metric.hasExemplars === true,
    registers: [registry],
  });
}
