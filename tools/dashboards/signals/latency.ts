import type { LabelName } from '../../../src/catalog/promql/labels.ts';
import type { Matchers } from '../../../src/catalog/promql/matchers.ts';
import { maxBy, quantileBy, ratio, sumBy } from '../../../src/catalog/promql/promql.ts';
import { CALL, CHOSEN, increaseOf, rateOf, series, within } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

const BY_SERVER = ['gateway', 'server'] as const;
const BY_TOOL = ['gateway', 'server', 'tool'] as const;
const BUCKET = 'mcp_request_duration_seconds_bucket';
const SUM = 'mcp_request_duration_seconds_sum';
const COUNT = 'mcp_request_duration_seconds_count';

function quantile(q: number, ...matchers: readonly Matchers<'operation'>[]): string {
  return quantileBy(q, [], rateOf(BUCKET, ...matchers));
}

function meanBy(by: readonly LabelName[], ...matchers: readonly Matchers<'operation'>[]): string {
  return ratio(sumBy(by, increaseOf(SUM, ...matchers)), sumBy(by, increaseOf(COUNT, ...matchers)));
}

/** Without a result if there were no calls. */
function p95By(by: readonly LabelName[], ...matchers: readonly Matchers<'operation'>[]): string {
  const p95 = quantileBy(0.95, by, increaseOf(BUCKET, ...matchers));
  return `${p95} and on (${by.join(', ')}) ${sumBy(by, increaseOf(COUNT, ...matchers))} > 0`;
}

/** How long callers wait. */
export const latency = signal({
  title: 'Latency',
  description:
    'From the request of a client to the result message, at the gateway. Points link to the traces of calls.',
  unit: 's',
  min: 0,
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    p50: quantile(0.5, CHOSEN),
    p95: quantile(0.95, CHOSEN),
    p99: quantile(0.99, CHOSEN),
    p95Fleet: quantileBy(
      0.95,
      [],
      within('gateway', 'gateway:mcp_request_duration_seconds_bucket:rate5m'),
    ),
    // A heatmap cannot say why it is empty: without calls it has axes, and no cell.
    buckets: `${sumBy(['le'], rateOf(BUCKET, CHOSEN))} or on () label_replace(vector(0), "le", "+Inf", "", "")`,
  },
});

export const meanLatency = signal({
  title: 'Mean',
  description: 'Mean time from request to result, in the selected time range.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    operation: meanBy(['operation'], CHOSEN),
    tool: meanBy(BY_TOOL, CALL),
    topTools: `topk(10, ${meanBy(BY_TOOL, CALL)})`,
  },
});

export const p95Latency = signal({
  title: 'P95',
  description: 'Nineteen of twenty calls were faster, in the selected time range.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    operation: p95By(['operation'], CHOSEN),
    tool: p95By(BY_TOOL, CALL),
  },
});

/** The same value as on the exporter's pages, in its API and in alerts. */
export const responseTime = signal({
  title: 'Response time',
  description:
    'One-minute mean of the checks, from request to answer. Empty while it is not known, as for a server that is offline.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    server: maxBy(BY_SERVER, series('mcp_server_response_time_seconds')),
  },
});

export const gatewayOverhead = signal({
  title: 'Overhead of the gateway',
  description: 'What the gateway itself adds to a call.',
  unit: 's',
  by: {
    p50: quantileBy(0.5, [], rateOf('mcp_gateway_overhead_seconds_bucket')),
    p95: quantileBy(0.95, [], rateOf('mcp_gateway_overhead_seconds_bucket')),
  },
});
