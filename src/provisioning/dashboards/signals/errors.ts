import { increase, rate, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

/** What counts as a failure of the server: the same words as in the recording rules. */
const FAILED = 'outcome=~"tool_error|rpc_error|transport_error|timeout"';
const CALL = 'operation="tools/call"';

function ratioBy(by: string, ...matchers: readonly string[]): string {
  const failed = `sum by (${by}) (${increase('mcp_requests_total', FAILED, ...matchers)})`;
  const all = `sum by (${by}) (${increase('mcp_requests_total', ...matchers)})`;
  return `(${failed} or 0 * ${all}) / (${all} > 0)`;
}

export const errorRatio = signal({
  title: 'Error ratio',
  description:
    'Share of calls that failed by the fault of the server or the way to it. Mistakes of the caller, cancelled calls and refusals are none.',
  unit: 'percentunit',
  decimals: 2,
  min: 0,
  thresholds: THRESHOLDS.errorRatio,
  by: {
    fleet: `sum(${series('gateway:mcp_requests_failed:rate5m')}) / (sum(${series('gateway:mcp_requests:rate5m')}) > 0)`,
    server: `max by (gateway, server) (${series('gateway_server:mcp_requests_failed_per_mcp_requests:ratio_rate5m')})`,
    operation: ratioBy('operation'),
    tool: ratioBy('gateway, server, tool', CALL),
    serverOperation: `max by (server, operation) (${ratioBy('gateway, server, operation')})`,
  },
});

export const failureRate = signal({
  title: 'Failures per second',
  description: 'Calls that failed by the fault of the server or the way to it.',
  unit: 'cps',
  by: {
    server: `sum by (gateway, server) (${series('gateway_server:mcp_requests_failed:rate5m')})`,
  },
});

export const errors = signal({
  title: 'Errors by type',
  description:
    'Exchanges that ended in an error of the caller, the server or the way between, each under its type.',
  unit: 'cps',
  by: {
    type: `sum by (error_type) (${rate('mcp_request_errors_total')}) > 0`,
    server: `sum by (gateway, server) (${rate('mcp_request_errors_total')}) > 0`,
  },
});

export const errorCount = signal({
  title: 'Errors',
  description: 'Exchanges that ended in an error, in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  by: {
    type: `topk(10, sum by (error_type) (${increase('mcp_request_errors_total')}) > 0)`,
    server: `topk(10, sum by (gateway, server) (${increase('mcp_request_errors_total')}) > 0)`,
    affected: `sum by (gateway, server, operation, error_type) (${increase('mcp_request_errors_total')}) > 0`,
    all: `sum(${increase('mcp_request_errors_total')})`,
    operation: `sum by (operation) (${increase('mcp_request_errors_total')}) > 0`,
    tool: `topk(10, sum by (gateway, server, tool) (${increase('mcp_request_errors_total', CALL)}) > 0)`,
  },
});
