import { OPENMETRICS_TYPE, type OwnRegistry, TEXT_TYPE } from '../metrics/create-registry.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { sharedState } from '../shared-state.ts';
import { createHttpHandler, type HttpAnswer, type HttpHandler } from './answer-http.ts';

export interface MetricsHandlerOptions {
  /** The registry that `instrument` got. By default, the library's own. */
  readonly registry?: MetricRegistry;
}

/**
 * Serves the metrics page, in express, `node:http` and fetch-style frameworks. The library's own registry answers in text or
 * OpenMetrics, as the request asks; a registry of a client library answers in its own format.
 */
export function metricsHandler(options: MetricsHandlerOptions = {}): HttpHandler {
  const registry = options.registry ?? sharedState().registry;
  return createHttpHandler((accept) => renderPage(registry, accept));
}

async function renderPage(registry: MetricRegistry, accept: string): Promise<HttpAnswer> {
  if (!isOwn(registry))
    return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
  const isOpenMetrics = accept.includes('application/openmetrics-text');
  return {
    status: 200,
    contentType: isOpenMetrics ? OPENMETRICS_TYPE : TEXT_TYPE,
    body: await registry.render(isOpenMetrics),
  };
}

function isOwn(registry: MetricRegistry): registry is OwnRegistry {
  return typeof (registry as Partial<OwnRegistry>).render === 'function';
}
