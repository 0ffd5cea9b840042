import { isFailure } from '../../facts/call-outcome.ts';
import type { EndedCall } from './call.ts';

/** A logger with levels that take fields and a message, such as that of pino. */
export interface CallLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

const TEXT_CHARS_MAX = 1_024;

/** Writes the line of a call, with the fields of the exporter's access and error lines. Arguments and results are not logged. */
export function logCall(logger: CallLogger, server: string, call: EndedCall): void {
  const { facts, connection, verdict, answer } = call;
  const isFailed = isFailure(verdict.outcome);
  const fields = {
    type: isFailed ? 'error' : 'access',
    server,
    transport: connection.transport,
    operation: facts.method,
    ...(facts.target !== undefined && {
      [facts.method === 'tools/call' ? 'tool' : 'target']: shorten(facts.target),
    }),
    ...(call.isToClient && { direction: 'server_to_client' }),
    outcome: verdict.outcome,
    status: verdict.status,
    ...(verdict.errorType !== undefined && { error_type: verdict.errorType }),
    duration_ms: Math.round(call.durationMs * 1000) / 1000,
    request_bytes: call.requestBytes,
    response_bytes: call.responseBytes,
    ...(connection.client && {
      client: shorten(connection.client.name),
      client_version: shorten(connection.client.version),
    }),
    ...(connection.sessionId !== undefined && { session: shorten(connection.sessionId) }),
    request: facts.id,
    ...traceFields(call),
    ...(isFailed && {
      error: shorten(answer?.errorText ?? answer?.error?.message ?? verdict.errorType ?? ''),
    }),
  };
  if (isFailed) logger.warn(fields, 'call failed');
  else logger.info(fields, 'exchange');
}

function traceFields({ traced }: EndedCall): object {
  if (!traced) return {};
  const { traceId, spanId } = traced.span.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

function shorten(text: string): string {
  return text.slice(0, TEXT_CHARS_MAX);
}
