import type { Process, Stream } from './made-up-counters.ts';

/** Calls of one kind, which count in all families. */
export interface Traffic {
  readonly server: string;
  readonly operation: string;
  readonly outcome: string;
  readonly tool?: string;
  readonly perSecond: number;
  readonly from: number;
  readonly to?: number;
  readonly bornWith?: number;
}

const SECONDS_PER_CALL = 0.3;
const TOKENS_PER_CALL = 40;
const USD_PER_CALL = 0.002;
/** Share of the calls that are as fast. */
const BUCKETS = { '0.25': 0.5, '0.5': 0.8, '2.5': 0.95, '+Inf': 1 } as const;
const CHECKS_PER_SECOND = 1 / 30;

export function processOf(process: Omit<Process, 'streams'>, traffic: readonly Traffic[]): Process {
  const servers = new Map(traffic.map(({ server, from, to }) => [server, { from, to }]));
  return {
    ...process,
    streams: [
      ...traffic.flatMap(streamsOf),
      ...[...servers].flatMap(([server, life]) => checksOf(server, life)),
    ],
  };
}

function streamsOf(traffic: Traffic): Stream[] {
  const { server, operation, outcome, tool = '', perSecond, from, to, bornWith = 0 } = traffic;
  const counter = (metric: string, labels: Stream['labels'], factor = 1): Stream => ({
    metric,
    labels,
    perSecond: perSecond * factor,
    from,
    ...(to !== undefined && { to }),
    bornWith: bornWith * factor,
  });
  const call = { server, operation, tool, method: 'POST', endpoint: `/${operation}` };
  const duration = 'mcp_request_duration_seconds';
  // The outcome is no label of the latency: it stands in the verb, so that no two streams are the same series.
  const timed = { ...call, method: outcome };
  const client = `client of ${operation} ${outcome} ${tool}`;
  const spent = { server, tool: `${operation} ${outcome} ${tool}`, source: 'reported' };
  return [
    counter('mcp_requests_total', { ...call, status: '200', outcome }),
    ...Object.entries(BUCKETS).map(([le, share]) =>
      counter(`${duration}_bucket`, { ...timed, le }, share),
    ),
    counter(`${duration}_sum`, timed, SECONDS_PER_CALL),
    counter(`${duration}_count`, timed),
    ...(outcome === 'success'
      ? []
      : [counter('mcp_request_errors_total', { server, operation, tool, error_type: outcome })]),
    counter('mcp_client_requests_total', { server, client }),
    counter('mcp_protocol_requests_total', { server, protocol_version: client }),
    counter('mcp_tokens_total', { ...spent, direction: 'output' }, TOKENS_PER_CALL),
    counter('mcp_cost_usd_total', spent, USD_PER_CALL),
    counter('mcp_user_cost_usd_total', { user: `${server} ${client}` }, USD_PER_CALL),
  ];
}

/** The exporter shows their zeros as soon as a server is configured. */
function checksOf(
  server: string,
  { from, to }: { readonly from: number; readonly to: number | undefined },
): Stream[] {
  const counter = (metric: string, labels: Stream['labels'], factor = 1): Stream => ({
    metric,
    labels: { server, ...labels },
    perSecond: CHECKS_PER_SECOND * factor,
    from,
    ...(to !== undefined && { to }),
  });
  return [
    counter('mcp_probe_duration_seconds_bucket', { le: '0.5' }, 0.8),
    counter('mcp_probe_duration_seconds_bucket', { le: '+Inf' }),
    counter('mcp_probe_duration_seconds_sum', {}, SECONDS_PER_CALL),
    counter('mcp_probe_duration_seconds_count', {}),
    counter('mcp_probe_failures_total', { reason: 'refused' }, 0.2),
  ];
}
