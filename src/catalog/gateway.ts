import { CALL_OUTCOMES, ERROR_TYPES } from '../facts/call-outcome.ts';
import { OVERFLOW_LABEL } from '../facts/rules/label-bound.ts';
import { TRANSPORTS } from '../facts/server.ts';
import { metric } from './metric.ts';

const area = 'gateway';

/** Transport verbs of clients (`method` label). */
const VERBS = ['POST', 'GET', 'DELETE', 'stdio', OVERFLOW_LABEL] as const;

/**
 * Upper bounds in seconds. The whole numbers among them only serve quantiles; rules use the others (see `probe.ts`).
 */
const REQUEST_BUCKETS_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
] as const;
const OVERHEAD_BUCKETS_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
] as const;
/** From 128 bytes to 32 MiB, in steps of four. */
const SIZE_BUCKETS_BYTES = [
  128, 512, 2_048, 8_192, 32_768, 131_072, 524_288, 2_097_152, 8_388_608, 33_554_432,
] as const;

export const requests = metric({
  name: 'mcp_requests_total',
  kind: 'counter',
  help: 'Completed JSON-RPC exchanges, and HTTP requests that failed without one. Each request of a batch counts, and so do requests from the server to the client. Use outcome, not status, to find failures. Requests for server names that are not configured have the server _OTHER.',
  labels: ['server', 'tool', 'operation', 'method', 'endpoint', 'status', 'outcome'],
  values: { method: VERBS, outcome: CALL_OUTCOMES },
  area,
  since: '0.1.0',
});

export const requestDuration = metric({
  name: 'mcp_request_duration_seconds',
  kind: 'histogram',
  help: "Time from a client's request to the result message. Excludes long-lived streams (subscriptions/listen), requests from the server to the client, refusals, and calls that could not connect. Includes timeouts and cancelled calls with the time they took. Exemplars carry the trace_id of sampled traces.",
  labels: ['server', 'tool', 'operation', 'method', 'endpoint'],
  values: { method: VERBS },
  buckets: REQUEST_BUCKETS_SECONDS,
  hasExemplars: true,
  area,
  since: '0.1.0',
});

export const requestErrors = metric({
  name: 'mcp_request_errors_total',
  kind: 'counter',
  help: 'Exchanges that ended in an error of the caller, the server or the connection, by type. For error ratios use mcp_requests_total by outcome.',
  labels: ['server', 'tool', 'operation', 'error_type'],
  values: { error_type: ERROR_TYPES },
  area,
  since: '0.1.0',
});

function loadMetric<const Name extends string>(name: Name, help: string) {
  return metric({
    name,
    kind: 'gauge',
    help,
    labels: ['server', 'transport'],
    values: { transport: TRANSPORTS },
    area,
    since: '0.1.0',
  });
}

export const activeConnections = loadMetric(
  'mcp_active_connections',
  'Client sessions, open streams, and requests in flight without a session.',
);
export const activeSessions = loadMetric(
  'mcp_active_sessions',
  'Open client sessions; revision 2026-07-28 has no sessions.',
);
export const requestsInFlight = loadMetric(
  'mcp_requests_in_flight',
  'Client requests that wait for a response.',
);
export const sseStreamsActive = loadMetric(
  'mcp_sse_streams_active',
  'Open event streams to clients.',
);

export const requestSize = metric({
  name: 'mcp_request_size_bytes',
  kind: 'histogram',
  help: 'Size of the bodies of client requests.',
  labels: ['server'],
  buckets: SIZE_BUCKETS_BYTES,
  area,
  since: '0.1.0',
});

export const responseSize = metric({
  name: 'mcp_response_size_bytes',
  kind: 'histogram',
  help: 'Size of the responses to client requests; requests without a response are excluded.',
  labels: ['server'],
  buckets: SIZE_BUCKETS_BYTES,
  area,
  since: '0.1.0',
});

export const gatewayOverhead = metric({
  name: 'mcp_gateway_overhead_seconds',
  kind: 'histogram',
  help: 'Processing time of the gateway itself, in both directions, for the exchanges in mcp_request_duration_seconds.',
  labels: ['server'],
  buckets: OVERHEAD_BUCKETS_SECONDS,
  area,
  since: '0.1.0',
});

export const upstreamRequests = metric({
  name: 'mcp_gateway_upstream_requests_total',
  kind: 'counter',
  help: 'Requests that the gateway sent to the server: exactly one for each forwarded HTTP request, or for each forwarded message if the server uses stdio or a stream. Nothing is ever sent twice, unless the server redirects it to another path of its own, which counts once.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const unknownToolCalls = metric({
  name: 'mcp_unknown_tool_calls_total',
  kind: 'counter',
  help: 'Calls of tools that are neither in the last capability snapshot of the server nor in an answer to tools/list that passed the gateway; counted only if the snapshot has tools.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const inputRequired = metric({
  name: 'mcp_input_required_total',
  kind: 'counter',
  help: 'Results that asked the client for more input (resultType input_required of revision 2026-07-28).',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const inputAbandoned = metric({
  name: 'mcp_input_abandoned_total',
  kind: 'counter',
  help: 'Results that asked for more input and were not followed by a retry within 15 minutes; counted only if requestState pairs the two, for at most 1,000 open requests per server.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const probeTrafficDisagreement = metric({
  name: 'mcp_probe_traffic_disagreement',
  kind: 'gauge',
  help: 'Whether checks and real calls currently disagree about the server.',
  labels: ['server'],
  area,
  since: '0.1.0',
});

export const GATEWAY_METRICS = [
  requests,
  requestDuration,
  requestErrors,
  activeConnections,
  activeSessions,
  requestsInFlight,
  sseStreamsActive,
  requestSize,
  responseSize,
  gatewayOverhead,
  upstreamRequests,
  unknownToolCalls,
  inputRequired,
  inputAbandoned,
  probeTrafficDisagreement,
] as const;
