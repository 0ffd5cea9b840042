import type { Metric } from '../../catalog/metric.ts';
import type { CollectedMetric, Exemplar, MetricRegistry, PageSample } from './metric-registry.ts';

export type LabelValues<Label extends string = string> = Readonly<Record<Label, string>>;

/** One series of a counter or a gauge. */
export interface Series {
  value: number;
}

/** One series of a histogram. */
export interface DurationSeries {
  observe(value: number, traceId?: string): void;
}

export interface Family<Made = unknown> {
  /** The series with these labels, which begins with zero. Keep it: finding it again costs more than counting. */
  series(labels: LabelValues): Made;
}

interface ReadableSeries {
  samples(name: string): PageSample[];
}

/** Sets series to what they are now, before they are shown. */
type Collector = () => void | Promise<void>;

/** Marks the metrics of the library, also those of its other build: ESM and CommonJS may both be loaded. */
const MARK = Symbol.for('mcp-exporter.instrument.family');
const SEPARATOR = '\u0000';

/** @returns the family of a counter or gauge in `registry`, made at the first call */
export function valueFamily<Label extends string>(
  registry: MetricRegistry,
  metric: Metric<Label> & { readonly kind: 'counter' | 'gauge' },
): { series(labels: LabelValues<Label>): Series } {
  return findFamily<Series>(registry, metric, createValue);
}

/** @returns the family of a histogram in `registry`, made at the first call */
export function histogramFamily<Label extends string>(
  registry: MetricRegistry,
  metric: Metric<Label> & { readonly kind: 'histogram' },
): { series(labels: LabelValues<Label>): DurationSeries } {
  const { buckets = [], hasExemplars = false } = metric;
  return findFamily<DurationSeries>(registry, metric, (labels) =>
    createHistogramSeries(labels, buckets, hasExemplars),
  );
}

/** Has `collect` called before each time that the family of `metric` is shown. */
export function onCollect(
  registry: MetricRegistry,
  metric: Metric & { readonly kind: 'counter' | 'gauge' },
  collect: Collector,
): void {
  valueFamily(registry, metric);
  const family = registry.getSingleMetric(metric.name) as { readonly collectors: Collector[] };
  family.collectors.push(collect);
}

function findFamily<Made>(
  registry: MetricRegistry,
  metric: Metric,
  create: (labels: LabelValues) => Made & ReadableSeries,
): Family<Made> {
  const existing = registry.getSingleMetric(metric.name);
  if (existing === undefined) {
    const family = createFamily(metric, create);
    registry.registerMetric(family as never);
    return family;
  }
  if (typeof existing === 'object' && existing !== null && MARK in existing)
    return existing as Family<Made> & typeof existing;
  throw new Error(
    `The registry already has a metric ${metric.name} that mcp-exporter/instrument did not create. Remove it, or give another registry in the options.`,
  );
}

/** A metric as registries of prom-client take it: they ask for its values with `get`. */
function createFamily<Made>(
  { name, help, kind, labels: labelNames }: Metric,
  create: (labels: LabelValues) => Made & ReadableSeries,
) {
  const all = new Map<string, Made & ReadableSeries>();
  const collectors: Collector[] = [];
  const family = {
    [MARK]: true,
    // A registry in OpenMetrics takes the ending of a counter from it.
    name,
    help,
    type: kind,
    aggregator: 'sum' as const,
    series(labels: LabelValues): Made {
      const key = labelNames.map((label) => labels[label]).join(SEPARATOR);
      let series = all.get(key);
      if (!series) {
        series = create(labels);
        all.set(key, series);
      }
      return series;
    },
    collectors,
    async get(): Promise<CollectedMetric> {
      for (const collect of collectors) await collect();
      const values = [...all.values()].flatMap((series) => series.samples(name));
      return { name: family.name, help, type: kind, aggregator: 'sum', values };
    },
    reset(): void {
      all.clear();
    },
  };
  return family;
}

function createValue(labels: LabelValues): Series & ReadableSeries {
  const series = { value: 0, samples: (): PageSample[] => [{ labels, value: series.value }] };
  return series;
}

function createHistogramSeries(
  labels: LabelValues,
  bounds: readonly number[],
  hasExemplars: boolean,
): DurationSeries & ReadableSeries {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  const exemplars = new Map<number, Exemplar>();
  let sum = 0;

  return {
    observe(value, traceId) {
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] ?? Number.POSITIVE_INFINITY))
        bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += value;
      if (!hasExemplars || traceId === undefined) return;
      exemplars.set(bucket, {
        labelSet: { trace_id: traceId },
        value,
        timestamp: Date.now() / 1000,
      });
    },
    samples(name) {
      const samples: PageSample[] = [];
      let count = 0;
      for (const [bucket, own] of counts.entries()) {
        count += own;
        const exemplar = exemplars.get(bucket);
        samples.push({
          metricName: `${name}_bucket`,
          labels: { ...labels, le: printBound(bounds[bucket]) },
          value: count,
          ...(exemplar && { exemplar }),
        });
      }
      samples.push({ metricName: `${name}_sum`, labels, value: sum });
      samples.push({ metricName: `${name}_count`, labels, value: count });
      return samples;
    },
  };
}

/** A float, as in the exporter: Prometheus 2 and 3 would write a whole number differently. */
function printBound(bound: number | undefined): string {
  if (bound === undefined) return '+Inf';
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}
