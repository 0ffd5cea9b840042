import { createMetrics, type Metrics } from '../../sinks/prometheus/metrics.ts';
import type { MetricsViews } from '../../sinks/prometheus/read-views.ts';
import type { Part, PartContext } from '../part.ts';
import { VERSION } from '../version.ts';

export interface MetricsPart extends Part {
  readonly metrics: Metrics;
}

export function createMetricsPart(
  { clock, hub, config }: PartContext,
  views: MetricsViews,
  losses: MetricsViews,
): MetricsPart {
  const metrics = createMetrics({
    hub,
    clock,
    version: VERSION,
    gateway: config.gateway.listen !== undefined,
    ...config.metrics,
    views: { ...views, ...losses },
  });
  return { name: 'metrics', metrics, stop: () => metrics.stop() };
}
