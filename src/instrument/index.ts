/** The library `mcp-exporter/instrument`: what an author of an MCP server imports. */
export { type CallContext } from './context/call-context.ts';
export {
  logContext,
  requestContext,
  type RequestIdentity,
  withRequestContext,
} from './context/request-context.ts';
export { type HttpHandler } from './exposition/answer-http.ts';
export {
  type HealthAnswer,
  healthHandler,
  type HealthOptions,
} from './exposition/health-handler.ts';
export { metricsHandler, type MetricsHandlerOptions } from './exposition/metrics-handler.ts';
export {
  type MetricsServer,
  type MetricsServerOptions,
  startMetricsServer,
} from './exposition/start-metrics-server.ts';
export {
  type RecordedRequest,
  recordRequest,
  type RequestLabels,
} from './manual/record-request.ts';
export { traceTool, type TracedTool, trackRequest } from './manual/track-request.ts';
export { type FunctionWrapper } from './manual/wrap-function.ts';
export { createRegistry, type OwnRegistry } from './metrics/create-registry.ts';
export { type MetricRegistry } from './metrics/metric-registry.ts';
export {
  createRecorders,
  type RuntimeRecorders,
  type RecordersOptions,
} from './recorders/create-recorders.ts';
export { type ActiveAgent, type AgentStatus } from './recorders/record-agents.ts';
export { type PluginCommand, type PluginHealth } from './recorders/record-plugins.ts';
export { type QueueHealth } from './recorders/record-queues.ts';
export {
  type ResultStatus,
  type TaskPriority,
  type WaitingTask,
} from './recorders/record-tasks.ts';
export { instrument, type InstrumentOptions } from './server/instrument.ts';
export { type CallLogger } from './server/log-call.ts';
export { type AnyServer } from './server/server-shape.ts';
export { type AttributeValue, type SpanAttributes } from './tracing/otel.ts';
export { type AuthorSpan } from './tracing/run-in-span.ts';
export { tracer } from './tracing/tracer.ts';
