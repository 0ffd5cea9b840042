import { ALERT_METRICS } from './alerts.ts';
import { AUTH_METRICS } from './auth.ts';
import { GATEWAY_METRICS } from './gateway.ts';
import { LIBRARY_METRICS } from './library.ts';
import type { Area, Metric } from './metric.ts';
import { OTEL_METRICS } from './otel.ts';
import { PROBE_METRICS } from './probe.ts';
import { PROCESS_METRICS } from './process.ts';
import { RUNTIME_METRICS } from './runtime.ts';
import { SELF_METRICS } from './self.ts';
import { SERVER_METRICS } from './server.ts';
import { TARGET_METRICS } from './target.ts';
import { USAGE_METRICS } from './usage.ts';

const PAGE = [
  ...SERVER_METRICS,
  ...PROBE_METRICS,
  ...PROCESS_METRICS,
  ...GATEWAY_METRICS,
  ...USAGE_METRICS,
  ...AUTH_METRICS,
  ...OTEL_METRICS,
  ...ALERT_METRICS,
  ...SELF_METRICS,
  ...RUNTIME_METRICS,
] as const;

/** What `/metrics` shows if everything is enabled, in the order of the page. */
export const METRICS_PAGE: readonly Metric[] = PAGE;

type SeriesOf<M> = M extends { readonly name: infer Name extends string; readonly kind: infer Kind }
  ? Kind extends 'histogram'
    ? `${Name}_${'bucket' | 'sum' | 'count'}`
    : Name
  : never;

type PageMetric = (typeof PAGE)[number];

/** Names as Prometheus stores them. A query for any other name does not compile. */
export type CatalogSeries = SeriesOf<PageMetric>;

export type CatalogLabel = PageMetric['labels'][number];

type LabelIfNamed<M extends Metric, Name extends string> = Name extends
  M['name'] | `${M['name']}_${'bucket' | 'sum' | 'count'}`
  ? M['labels'][number]
  : never;
type LabelsNamed<M, Name extends string> = M extends Metric ? LabelIfNamed<M, Name> : never;

/** The labels that the catalog gives a series. */
export type LabelOfSeries<Name extends CatalogSeries> = LabelsNamed<PageMetric, Name>;

/** Every metric that the exporter can show (`/metrics`, then `/probe`), and those of the library alone. */
export const CATALOG: readonly Metric[] = [...METRICS_PAGE, ...TARGET_METRICS, ...LIBRARY_METRICS];

const GATEWAY_AREAS: ReadonlySet<Area> = new Set(['gateway', 'usage', 'auth', 'otel']);

/** Metrics that exist once per configured server, created and removed with it. */
export const PER_SERVER_METRICS: readonly Metric[] = METRICS_PAGE.filter(
  ({ area, labels }) => labels.includes('server') && !GATEWAY_AREAS.has(area),
);

/** The same for each server behind the gateway. */
export const PER_GATEWAY_SERVER_METRICS: readonly Metric[] = METRICS_PAGE.filter(
  ({ area, labels }) => labels.includes('server') && GATEWAY_AREAS.has(area),
);

/** Metrics that exist once and are set by our own code. */
export const GLOBAL_METRICS: readonly Metric[] = METRICS_PAGE.filter(
  ({ area, labels }) => !labels.includes('server') && area !== 'runtime',
);

export interface ShownParts {
  readonly gateway: boolean;
  /** The histograms of the OpenTelemetry conventions, which come with the gateway. */
  readonly otelHistograms: boolean;
}

/** Those of `metrics` that are shown if these parts are enabled. */
export function selectMetrics(
  metrics: readonly Metric[],
  { gateway, otelHistograms }: ShownParts,
): readonly Metric[] {
  return metrics.filter(
    ({ area }) => !GATEWAY_AREAS.has(area) || (gateway && (area !== 'otel' || otelHistograms)),
  );
}
