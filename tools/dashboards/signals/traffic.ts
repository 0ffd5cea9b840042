import { maxBy, quantileBy, sumBy } from '../../../src/catalog/promql/promql.ts';
import { CALL, CHOSEN, increaseOf, KNOWN_SERVERS, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

export const requestRate = signal({
  title: 'Requests per second',
  description: 'Exchanges that passed the gateway, whatever came of them.',
  unit: 'reqps',
  by: {
    server: sumBy(['gateway', 'server'], rateOf('mcp_requests_total')),
    operation: sumBy(['operation'], rateOf('mcp_requests_total', CHOSEN)),
    outcome: sumBy(['outcome'], rateOf('mcp_requests_total', CHOSEN)),
  },
});

export const requestsPerMinute = signal({
  title: 'Requests/min',
  description: 'Exchanges that passed the gateway, over the last five minutes.',
  unit: 'short',
  decimals: 1,
  by: {
    /** Without those that no configuration has. */
    known: `60 * ${sumBy(['gateway', 'server'], series('gateway_server:mcp_requests:rate5m', KNOWN_SERVERS))}`,
  },
});

export const requestsPerHour = signal({
  title: 'Requests, last hour',
  description: 'Exchanges that passed the gateway in the last hour.',
  unit: 'short',
  decimals: 1,
  thresholds: THRESHOLDS.none,
  by: { fleet: `3600 * sum(${series('gateway:mcp_requests:rate1h')})` },
});

export const requestCount = signal({
  title: 'Requests',
  description: 'Exchanges that passed the gateway in the time that the page shows.',
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
  description: 'Different users (tokens, sessions or addresses) that called in the last 24 hours.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    day: `sum(${maxBy(['gateway', 'server'], series('mcp_active_users', { window: '24h' }))})`,
    window: `sum by (window) (${maxBy(['gateway', 'server', 'window'], series('mcp_active_users'))})`,
  },
});

export const trafficBytes = signal({
  title: 'Bytes through the gateway',
  description: 'Bodies of requests and answers, before any compression.',
  unit: 'Bps',
  by: {
    in: `sum(${rateOf('mcp_request_size_bytes_sum')})`,
    out: `sum(${rateOf('mcp_response_size_bytes_sum')})`,
    serverIn: sumBy(['gateway', 'server'], rateOf('mcp_request_size_bytes_sum')),
    serverOut: sumBy(['gateway', 'server'], rateOf('mcp_response_size_bytes_sum')),
  },
});

export const answerSize = signal({
  title: 'Size of an answer',
  description: 'The 95th percentile of the bodies of answers: what a model has to read.',
  unit: 'bytes',
  by: {
    p95: quantileBy(0.95, ['gateway', 'server'], rateOf('mcp_response_size_bytes_bucket')),
  },
});
