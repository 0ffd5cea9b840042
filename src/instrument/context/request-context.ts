import { sharedState } from '../shared-state.ts';
import { activeSpan } from '../tracing/otel.ts';
import type { CallContext } from './call-context.ts';

/** Who and what a request is for. */
export type RequestIdentity = Pick<CallContext, 'requestId' | 'userId' | 'sessionId'>;

/**
 * Runs `run` and everything that it starts with this context, in addition to the one that is there: `instrument` gives each call
 * its request and session.
 */
export function withRequestContext<Result>(identity: RequestIdentity, run: () => Result): Result {
  const { contexts } = sharedState();
  return contexts.run({ ...contexts.getStore(), ...identity }, run);
}

/** The context of the running code; empty outside of requests. */
export function requestContext(): Omit<CallContext, 'isCounted'> {
  const { isCounted: _isCounted, ...context } = sharedState().contexts.getStore() ?? {};
  return context;
}

/**
 * The context of the running code as fields of a log line, under the names of the exporter's lines: `request`, `user`, `session`,
 * `operation`, `tool`, `trace_id`, `span_id`. As `mixin` of pino, it adds them to each line.
 */
export function logContext(): Record<string, string> {
  const { requestId, userId, sessionId, operation, tool } = requestContext();
  const span = activeSpan()?.spanContext();
  return {
    ...(requestId !== undefined && { request: requestId }),
    ...(userId !== undefined && { user: userId }),
    ...(sessionId !== undefined && { session: sessionId }),
    ...(operation !== undefined && { operation }),
    ...(tool !== undefined && { tool }),
    ...(span && { trace_id: span.traceId, span_id: span.spanId }),
  };
}
