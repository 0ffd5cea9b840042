import { CHOSEN, increase, rate, series, within } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const BUCKET = 'mcp_request_duration_seconds_bucket';
const SUM = 'mcp_request_duration_seconds_sum';
const COUNT = 'mcp_request_duration_seconds_count';
const CALL = 'operation="tools/call"';

function quantile(q: number, ...matchers: readonly string[]): string {
  return `histogram_quantile(${q}, sum by (le) (${rate(BUCKET, ...matchers)}))`;
}

function meanBy(by: string, ...matchers: readonly string[]): string {
  return `sum by (${by}) (${increase(SUM, ...matchers)}) / (sum by (${by}) (${increase(COUNT, ...matchers)}) > 0)`;
}

function quantileBy(by: string, ...matchers: readonly string[]): string {
  return `histogram_quantile(0.95, sum by (${by}, le) (${increase(BUCKET, ...matchers)})) and on (${by}) sum by (${by}) (${increase(COUNT, ...matchers)}) > 0`;
}

/** How long callers wait. */
export const latency = signal({
  title: 'Latency',
  description:
    'From the request of a client to the result message, at the gateway. Points lead to the trace of one call.',
  unit: 's',
  min: 0,
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    p50: quantile(0.5, CHOSEN),
    p95: quantile(0.95, CHOSEN),
    p99: quantile(0.99, CHOSEN),
    p95Fleet: `histogram_quantile(0.95, sum by (le) (${within('gateway', 'gateway:mcp_request_duration_seconds_bucket:rate5m')}))`,
    // A heatmap cannot say why it is empty: without calls it has axes, and no cell.
    buckets: `sum by (le) (${rate(BUCKET, CHOSEN)}) or on () label_replace(vector(0), "le", "+Inf", "", "")`,
  },
});

export const meanLatency = signal({
  title: 'Mean',
  description: 'Mean time from request to result, in the time that the page shows.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    operation: meanBy('operation', CHOSEN),
    tool: meanBy('gateway, server, tool', CALL),
    topTools: `topk(10, ${meanBy('gateway, server, tool', CALL)})`,
  },
});

export const p95Latency = signal({
  title: 'P95',
  description: 'Nineteen of twenty calls were faster, in the time that the page shows.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    operation: quantileBy('operation', CHOSEN),
    tool: quantileBy('gateway, server, tool', CALL),
  },
});

/** What the source documents call the response time of a server. */
export const responseTime = signal({
  title: 'Response time',
  description:
    'Mean of the last minute at the gateway, or the last check where nobody called: what a caller would wait now.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    server: `(sum by (gateway, server) (rate(${series(SUM)}[1m])) / (sum by (gateway, server) (rate(${series(COUNT)}[1m])) > 0)) or max by (gateway, server) (${series('mcp_probe_last_duration_seconds')}) > 0`,
  },
});

export const gatewayOverhead = signal({
  title: 'Overhead of the gateway',
  description: 'What the gateway itself adds to a call.',
  unit: 's',
  by: {
    p50: `histogram_quantile(0.5, sum by (le) (${rate('mcp_gateway_overhead_seconds_bucket')}))`,
    p95: `histogram_quantile(0.95, sum by (le) (${rate('mcp_gateway_overhead_seconds_bucket')}))`,
  },
});
