import { BOUNDS_SECONDS, histogramQuantile, leOf, meanOfMedian, shareUpTo } from './latency.ts';
import type { Labels, Series } from './series.ts';
import type { OperationTraffic } from './traffic.ts';
import type { Values } from './timeline.ts';
import { divide, meanOfWindow, sum } from './window-functions.ts';

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;

/** What adds up, at some level: 5m rates. */
export interface Load {
  readonly requests: Values;
  readonly failed: Values;
  /** Cumulative, one for each bound. */
  readonly buckets: readonly Values[];
  readonly seconds: Values;
}

export function loadOf({ requests, failed, medianSeconds }: OperationTraffic): Load {
  return {
    requests,
    failed,
    buckets: BOUNDS_SECONDS.map((bound) =>
      requests.map((rate, index) => rate * shareUpTo(bound, medianSeconds[index] ?? 0)),
    ),
    seconds: requests.map((rate, index) => rate * meanOfMedian(medianSeconds[index] ?? 0)),
  };
}

export function addLoads(loads: readonly Load[]): Load {
  return mapLoads(loads, sum);
}

/** The sum of the last `window` samples, divided by their number. */
export function averageLoad(load: Load, window: number): Load {
  return mapLoads([load], ([values]) => meanOfWindow(values ?? new Float64Array(), window));
}

function mapLoads(loads: readonly Load[], join: (all: readonly Values[]) => Values): Load {
  return {
    requests: join(loads.map(({ requests }) => requests)),
    failed: join(loads.map(({ failed }) => failed)),
    buckets: BOUNDS_SECONDS.map((_bound, index) =>
      join(loads.map(({ buckets }) => buckets[index] ?? new Float64Array())),
    ),
    seconds: join(loads.map(({ seconds }) => seconds)),
  };
}

/** `mcp-requests` and `mcp-requests-1h` of the rules, for one level. */
export function requestSeries(
  level: string,
  labels: Labels,
  { requests, failed }: Load,
  window: '5m' | '1h',
): Series[] {
  const failures = `${level}:mcp_requests_failed`;
  return [
    { name: `${level}:mcp_requests:rate${window}`, labels, values: requests },
    { name: `${level}:mcp_requests_counted:rate${window}`, labels, values: requests },
    { name: `${failures}:rate${window}`, labels, values: failed },
    {
      name: `${failures}_per_mcp_requests:ratio_rate${window}`,
      labels,
      values: divide(failed, requests),
    },
  ];
}

/** One of the two kinds of failures in `mcp-requests`, of a server. */
export function failureKindSeries(
  kind: 'tool_error' | 'server_error',
  labels: Labels,
  failed: Values,
  requests: Values,
): Series[] {
  const name = `gateway_server:mcp_requests_${kind}`;
  return [
    { name: `${name}:rate5m`, labels, values: failed },
    {
      name: `${name}_per_mcp_requests_counted:ratio_rate5m`,
      labels,
      values: divide(failed, requests),
    },
  ];
}

/** `mcp-latency` and `mcp-latency-1h`. */
export function latencySeries(
  level: string,
  labels: Labels,
  { requests, buckets, seconds }: Load,
  window: '5m' | '1h',
): Series[] {
  const duration = `${level}:mcp_request_duration_seconds`;
  return [
    ...buckets.map((values, index) => ({
      name: `${duration}_bucket:rate${window}`,
      labels: { ...labels, le: leOf(BOUNDS_SECONDS[index] ?? Infinity) },
      values,
    })),
    { name: `${duration}_sum:rate${window}`, labels, values: seconds },
    { name: `${duration}_count:rate${window}`, labels, values: requests },
    { name: `${duration}:mean${window}`, labels, values: divide(seconds, requests) },
    ...Object.entries(QUANTILES).map(([quantile, share]) => ({
      name: `${duration}:${quantile}_rate${window}`,
      labels,
      values: histogramQuantile(share, BOUNDS_SECONDS, buckets),
    })),
  ];
}
