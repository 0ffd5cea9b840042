/**
 * What the library needs of a registry. Registries of prom-client (15) and of its successor `@prometheus-io/client` have it, and
 * so has the library's own (`createRegistry`), for servers without either.
 */
export interface MetricRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  metrics(): Promise<string> | string;
  readonly contentType: string;
}

/** One line of a metrics page, in the form in which registries of prom-client collect them. */
export interface PageSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Parts of a histogram; else the name of the metric. */
  readonly metricName?: string;
  readonly exemplar?: Exemplar;
}

/** Points from a bucket to the trace of its last observation. */
export interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

export interface CollectedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator: 'sum';
  readonly values: readonly PageSample[];
}
