import type { Metric } from './metric.ts';
import { PROBE_METRICS } from './probe.ts';
import { PROCESS_METRICS } from './process.ts';
import { RUNTIME_METRICS } from './runtime.ts';
import { SELF_METRICS } from './self.ts';
import { SERVER_METRICS } from './server.ts';
import { TARGET_METRICS } from './target.ts';

/** What `/metrics` shows, in the order of the page. */
export const METRICS_PAGE: readonly Metric[] = [
  ...SERVER_METRICS,
  ...PROBE_METRICS,
  ...PROCESS_METRICS,
  ...SELF_METRICS,
  ...RUNTIME_METRICS,
];

/** Every metric that the exporter can show: `/metrics`, then `/probe`. */
export const CATALOG: readonly Metric[] = [...METRICS_PAGE, ...TARGET_METRICS];

/** Metrics that exist once per configured server, made and removed with it. */
export const PER_SERVER_METRICS: readonly Metric[] = METRICS_PAGE.filter((metric) =>
  metric.labels.includes('server'),
);

/** Metrics that exist once, filled by ourselves. */
export const GLOBAL_METRICS: readonly Metric[] = METRICS_PAGE.filter(
  (metric) => !metric.labels.includes('server') && metric.area !== 'runtime',
);
