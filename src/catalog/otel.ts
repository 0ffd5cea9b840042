import { OVERFLOW_LABEL } from '../facts/rules/label-bound.ts';
import { REVISIONS } from '../facts/revisions.ts';
import { metric } from './metric.ts';

/**
 * The histograms of the OpenTelemetry semantic conventions for MCP (status: development), under the names that the
 * translation to Prometheus gives them. The client metrics are about the gateway and its servers, the server metrics about
 * clients and the gateway.
 */
const area = 'otel';

/** The bounds that the conventions recommend. */
const BUCKETS_SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

const NETWORK_TRANSPORTS = ['tcp', 'pipe'] as const;
export type NetworkTransport = (typeof NETWORK_TRANSPORTS)[number];

const values = {
  mcp_protocol_version: [...REVISIONS.keys(), OVERFLOW_LABEL, ''],
  network_transport: NETWORK_TRANSPORTS,
};

function operationDuration<const Name extends string>(name: Name, help: string) {
  return metric({
    name,
    kind: 'histogram',
    help,
    labels: [
      'server',
      'mcp_method_name',
      'gen_ai_tool_name',
      'gen_ai_prompt_name',
      'error_type',
      'rpc_response_status_code',
      'mcp_protocol_version',
      'network_transport',
    ],
    values,
    buckets: BUCKETS_SECONDS,
    hasExemplars: true,
    absentUntilKnown: true,
    area,
    since: '0.1.0',
  });
}

function sessionDuration<const Name extends string>(name: Name, help: string) {
  return metric({
    name,
    kind: 'histogram',
    help,
    labels: ['server', 'mcp_protocol_version', 'network_transport'],
    values,
    buckets: BUCKETS_SECONDS,
    absentUntilKnown: true,
    area,
    since: '0.1.0',
  });
}

export const clientOperationDuration = operationDuration(
  'mcp_client_operation_duration_seconds',
  'OpenTelemetry mcp.client.operation.duration: requests from the gateway to the server; every JSON-RPC error counts as an error.',
);

export const serverOperationDuration = operationDuration(
  'mcp_server_operation_duration_seconds',
  'OpenTelemetry mcp.server.operation.duration: requests from clients to the gateway, refused ones included; mistakes of the caller do not count as errors.',
);

export const clientSessionDuration = sessionDuration(
  'mcp_client_session_duration_seconds',
  'OpenTelemetry mcp.client.session.duration: sessions between the gateway and the server, one for each session of a client.',
);

export const serverSessionDuration = sessionDuration(
  'mcp_server_session_duration_seconds',
  'OpenTelemetry mcp.server.session.duration: sessions between clients and the gateway.',
);

export const OTEL_METRICS = [
  clientOperationDuration,
  serverOperationDuration,
  clientSessionDuration,
  serverSessionDuration,
] as const;
