/** The library `mcp-exporter/instrument`: what an author of an MCP server imports. */
export { type HttpHandler } from './exposition/answer-http.ts';
export { metricsHandler, type MetricsHandlerOptions } from './exposition/metrics-handler.ts';
export {
  type MetricsServer,
  type MetricsServerOptions,
  startMetricsServer,
} from './exposition/start-metrics-server.ts';
export { createRegistry, type OwnRegistry } from './metrics/create-registry.ts';
export { type MetricRegistry } from './metrics/metric-registry.ts';
export { instrument, type InstrumentOptions } from './server/instrument.ts';
export { type CallLogger } from './server/log-call.ts';
export { type AnyServer } from './server/server-shape.ts';
