import type { CallEntry } from '../../facts/call-log.ts';
import { isFailure } from '../../facts/call-outcome.ts';
import type { ErrorGroup, ErrorSample } from '../../facts/error-log.ts';
import type { ActionLogEntry, DefinitionEntry, MarkerEntry } from '../../facts/event-log.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { ServerLogPage } from '../../facts/server-log.ts';

// What the journal holds, as the API shows it: the names of the source documents where they have one, ours beside them.

function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** An entry of a server's log. */
export function logJson(entry: ServerLogPage['entries'][number]): JsonObject {
  const common = { id: entry.id, timestamp: instant(entry.atMs), server_name: entry.server };
  switch (entry.fact) {
    case 'check':
      return {
        ...common,
        event_type: 'health_check',
        status: entry.status,
        response_time_ms: entry.durationMs,
        ...(entry.outcome !== 'ok' && { error_message: entry.detail }),
        meta_data: { kind: entry.kind, outcome: entry.outcome, detail: entry.detail },
      };
    case 'status':
      return {
        ...common,
        event_type: 'status_change',
        status: entry.to,
        meta_data: { old_status: entry.from, new_status: entry.to, reason: entry.reason },
      };
    case 'action':
      return {
        ...common,
        event_type: 'action',
        meta_data: { kind: entry.kind, by: entry.by, text: entry.text },
      };
  }
}

/**
 * A call: an entry of the audit log. Unknown values are absent.
 * @param environment of its server
 */
export function auditJson(call: CallEntry, environment: string | undefined): JsonObject {
  return {
    id: call.id,
    created_at: instant(call.atMs),
    server_name: call.server,
    operation: call.operation,
    tool_name: call.target,
    direction: call.direction,
    transport: call.transport,
    user_id: call.user,
    session_id: call.session,
    environment,
    client_name: call.client?.name,
    client_version: call.client?.version,
    protocol_version: call.protocolVersion,
    request_id: call.requestId,
    parameters: call.argumentsText,
    result_status: isFailure(call.outcome) || call.errorType !== undefined ? 'error' : 'success',
    result_summary: summarize(call),
    outcome: call.outcome,
    status_code: call.status,
    error_type: call.errorType,
    rpc_code: call.rpcCode,
    error_message: call.errorMessage,
    error_group_id: call.errorGroupId,
    execution_time_ms: call.durationMs,
    request_bytes: call.requestBytes,
    response_bytes: call.responseBytes,
    tokens: call.tokens && { ...call.tokens },
    cost_usd: call.costUsd,
    trace_id: call.traceId,
    span_id: call.spanId,
  };
}

/** One line for people. */
function summarize({ tokens, costUsd, responseBytes }: CallEntry): string {
  return [
    `${responseBytes} bytes`,
    ...(tokens ? [`${tokens.input + tokens.output} tokens`] : []),
    ...(costUsd === undefined ? [] : [`$${costUsd}`]),
  ].join(', ');
}

export function errorGroupJson(group: ErrorGroup): JsonObject {
  return {
    id: group.id,
    fingerprint: group.fingerprint,
    server_name: group.server,
    operation: group.operation,
    tool_name: group.target,
    outcome: group.outcome,
    error_type: group.errorType,
    error_message: group.message,
    pattern: group.pattern,
    count: group.count,
    count_in_window: group.countInWindow,
    first_seen: instant(group.firstAtMs),
    last_seen: instant(group.lastAtMs),
    samples: group.samples.map(sampleJson),
  };
}

function sampleJson(sample: ErrorSample): JsonObject {
  return {
    at: instant(sample.atMs),
    error_message: sample.message,
    stack: sample.stack,
    rpc_code: sample.rpcCode,
    execution_time_ms: sample.durationMs,
    client_name: sample.client?.name,
    client_version: sample.client?.version,
    user_id: sample.user,
    session_id: sample.session,
    request_id: sample.requestId,
    trace_id: sample.traceId,
    span_id: sample.spanId,
  };
}

export function definitionJson(entry: DefinitionEntry): JsonObject {
  return {
    id: entry.id,
    at: instant(entry.atMs),
    server_name: entry.server,
    kind: entry.kind,
    change: entry.change,
    name: entry.name,
    difference: entry.difference,
  };
}

export function markerJson({ id, atMs, kind, text, server, by }: MarkerEntry): JsonObject {
  return { id, at: instant(atMs), kind, text, server_name: server, by };
}

export function actionJson({
  id,
  atMs,
  kind,
  server,
  alertId,
  by,
  text,
  untilMs,
}: ActionLogEntry): JsonObject {
  return {
    id,
    at: instant(atMs),
    kind,
    server_name: server || undefined,
    alert_id: alertId,
    by,
    text,
    until: untilMs === undefined ? undefined : instant(untilMs),
  };
}
