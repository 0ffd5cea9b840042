import assert from 'node:assert';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metric } from '../../catalog/metric.ts';
import { createHistogram } from './create-histogram.ts';

export type LabelSet<Label extends string = string> = Readonly<Record<Label, string>>;

/** A registry of its own with a family for each metric it was made from. */
export interface Families {
  readonly registry: Registry;
  counter<Label extends string>(metric: Metric<Label> & { kind: 'counter' }): Counter<Label>;
  gauge<Label extends string>(metric: Metric<Label> & { kind: 'gauge' }): Gauge<Label>;
  histogram<Label extends string>(metric: Metric<Label> & { kind: 'histogram' }): Histogram<Label>;
  /** Makes a series with the value zero. */
  zero(metric: Metric, labels: LabelSet): void;
  /** Removes a series; one that does not exist is no error. */
  remove(metric: Metric, labels: LabelSet): void;
}

export function createFamilies(metrics: readonly Metric[]): Families {
  // The client insists on this type for exemplars; the page is written by ourselves, in either format.
  const hasExemplars = metrics.some((metric) => metric.hasExemplars);
  const registry: Registry = new Registry(
    hasExemplars ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE,
  );
  const families = new Map<string, Counter<string> | Gauge<string> | Histogram<string>>();
  for (const metric of metrics) {
    const family = createFamily(registry, metric);
    // The client starts a family without labels at zero.
    if (metric.absentUntilKnown) family.remove({});
    families.set(metric.name, family);
  }

  function find(metric: Metric): Counter<string> | Gauge<string> | Histogram<string> {
    const family = families.get(metric.name);
    assert(family, `${metric.name} is not in this registry`);
    return family;
  }

  return {
    registry,
    counter(metric) {
      const family = find(metric);
      assert(family instanceof Counter);
      return family;
    },
    gauge(metric) {
      const family = find(metric);
      assert(family instanceof Gauge);
      return family;
    },
    histogram(metric) {
      const family = find(metric);
      assert(family instanceof Histogram);
      return family;
    },
    zero(metric, labels) {
      const family = find(metric);
      if (family instanceof Histogram) family.zero(labels);
      else family.inc(labels, 0);
    },
    remove(metric, labels) {
      find(metric).remove(labels);
    },
  };
}

function createFamily(
  registry: Registry,
  metric: Metric,
): Counter<string> | Gauge<string> | Histogram<string> {
  const { name, help, labels: labelNames, kind } = metric;
  const registers = [registry];
  switch (kind) {
    case 'counter':
      return new Counter({ name, help, labelNames, registers });
    case 'gauge':
      return new Gauge({ name, help, labelNames, registers });
    case 'histogram':
      return createHistogram(registry, { ...metric, kind });
  }
}
