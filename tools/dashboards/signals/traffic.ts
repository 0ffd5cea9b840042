import { maxBy, quantileBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { CALL, CHOSEN, increaseOf, KNOWN_SERVERS, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

export const requestRate = signal({
  title: 'Requests per second',
  description: 'Exchanges through the gateway, regardless of their outcome.',
  unit: 'reqps',
  by: {
    server: sumBy(['gateway', 'server'], rateOf('mcp_requests_total')),
    operation: sumBy(['operation'], rateOf('mcp_requests_total', CHOSEN)),
    outcome: sumBy(['outcome'], rateOf('mcp_requests_total', CHOSEN)),
  },
});

export const requestsPerMinute = signal({
  title: 'Requests/min',
  description: 'Exchanges through the gateway, over the last five minutes.',
  unit: 'short',
  decimals: 1,
  by: {
    /** Without those that no configuration has. */
    known: `60 * ${sumBy(['gateway', 'server'], series('gateway_server:mcp_requests:rate5m', KNOWN_SERVERS))}`,
  },
});

export const requestsPerHour = signal({
  title: 'Requests, last hour',
  description: 'Exchanges through the gateway in the last hour.',
  unit: 'short',
  decimals: 1,
  thresholds: THRESHOLDS.none,
  by: { fleet: `3600 * sum(${series('gateway:mcp_requests:rate1h')})` },
});

export const requestCount = signal({
  title: 'Requests',
  description: 'Exchanges through the gateway in the selected time range.',
  unit: 'short',
  decimals: 0,
  by: {
    topServers: `topk(10, ${sumBy(['gateway', 'server'], increaseOf('mcp_requests_total'))} > 0)`,
    topTools: `topk(5, ${sumBy(['tool'], increaseOf('mcp_requests_total', CALL))} > 0)`,
    operation: `${sumBy(['operation'], increaseOf('mcp_requests_total', CHOSEN))} > 0`,
    tool: `${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_requests_total', CALL))} > 0`,
  },
});

export const activeConnections = signal({
  title: 'Active connections',
  description: 'Sessions, open streams and sessionless requests in flight of clients.',
  unit: 'short',
  decimals: 0,
  by: {
    server: sumBy(['gateway', 'server'], series('mcp_active_connections')),
  },
});

export const activeSessions = signal({
  title: 'Sessions',
  description: 'Open sessions of clients; revision 2026-07-28 of the protocol has none.',
  unit: 'short',
  decimals: 0,
  by: { server: sumBy(['gateway', 'server'], series('mcp_active_sessions')) },
});

export const openStreams = signal({
  title: 'Event streams',
  description: 'Open event streams to clients.',
  unit: 'short',
  decimals: 0,
  by: { server: sumBy(['gateway', 'server'], series('mcp_sse_streams_active')) },
});

export const inFlight = signal({
  title: 'In flight',
  description: 'Requests of clients that wait for their answer.',
  unit: 'short',
  decimals: 0,
  by: { server: sumBy(['gateway', 'server'], series('mcp_requests_in_flight')) },
});

export const activeUsers = signal({
  title: 'Active users, 24 hours',
  description:
    'Distinct users (tokens, sessions or addresses) that called in the last 24 hours. Someone who uses several servers of a gateway counts once.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    day: `sum(${maxBy(['gateway'], series('mcp_fleet_active_users', { window: '24h' }))})`,
    window: `sum by (window) (${maxBy(['gateway', 'window'], series('mcp_fleet_active_users'))})`,
  },
});

export const trafficBytes = signal({
  title: 'Bytes through the gateway',
  description: 'Bodies of requests and responses, before compression.',
  unit: 'Bps',
  by: {
    in: `sum(${rateOf('mcp_request_size_bytes_sum')})`,
    out: `sum(${rateOf('mcp_response_size_bytes_sum')})`,
    serverIn: sumBy(['gateway', 'server'], rateOf('mcp_request_size_bytes_sum')),
    serverOut: sumBy(['gateway', 'server'], rateOf('mcp_response_size_bytes_sum')),
  },
});

export const answerSize = signal({
  title: 'Size of a response',
  description: '95th percentile of the size of responses: what a model has to read.',
  unit: 'bytes',
  by: {
    p95: quantileBy(0.95, ['gateway', 'server'], rateOf('mcp_response_size_bytes_bucket')),
  },
});
