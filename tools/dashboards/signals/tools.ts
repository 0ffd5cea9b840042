import { increase, rate, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';
import { FAILED } from './errors.ts';

const CALL = 'operation="tools/call"';
/** Named tools only: the rest is folded into one. */
const NAMED = ['tool!="_OTHER"', 'tool!=""'] as const;

const LISTED = `max by (gateway, server) (${series('mcp_server_capabilities', 'kind="tools"')})`;
const CALLED = `(count by (gateway, server) (sum by (gateway, server, tool) (${increase('mcp_requests_total', CALL, ...NAMED)}) > 0) or 0 * ${LISTED})`;

export const listedTools = signal({
  title: 'Listed',
  description: 'Tools that the server lists.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { server: LISTED, all: `sum(${LISTED})` },
});

export const calledTools = signal({
  title: 'Called',
  description: 'Different tools that somebody called in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { server: CALLED, all: `sum(${CALLED})` },
});

export const unusedTools = signal({
  title: 'Never called',
  description:
    'Tools that a model has to read on every start, and that nobody called in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    server: `clamp_min(${LISTED} - ${CALLED}, 0)`,
    all: `sum(clamp_min(${LISTED} - ${CALLED}, 0))`,
  },
});

export const toolCalls = signal({
  title: 'Tool calls',
  description: 'Calls of tools in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `sum(${increase('mcp_requests_total', CALL)})`,
    top: `topk(10, sum by (gateway, server, tool) (${increase('mcp_requests_total', CALL)}) > 0)`,
  },
});

export const toolRate = signal({
  title: 'Calls per second by tool',
  description: 'The ten tools that are called most.',
  unit: 'reqps',
  by: {
    top: `topk(10, sum by (server, tool) (${rate('mcp_requests_total', CALL)}) > 0)`,
  },
});

export const toolP95 = signal({
  title: 'Latency of tools, P95',
  description: 'The ten slowest tools.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    top: `topk(10, histogram_quantile(0.95, sum by (server, tool, le) (${rate('mcp_request_duration_seconds_bucket', CALL)})) >= 0)`,
  },
});

export const toolErrorRatio = signal({
  title: 'Most failing tools',
  description: 'Share of the calls of a tool that ended in an error.',
  unit: 'percentunit',
  decimals: 1,
  min: 0,
  max: 1,
  thresholds: THRESHOLDS.errorRatio,
  by: {
    top: `topk(10, sum by (gateway, server, tool) (${increase('mcp_requests_total', CALL, FAILED)}) / (sum by (gateway, server, tool) (${increase('mcp_requests_total', CALL)}) > 0) > 0)`,
    all: `(sum(${increase('mcp_requests_total', CALL, FAILED)}) or vector(0)) / (sum(${increase('mcp_requests_total', CALL)}) > 0)`,
  },
});

export const toolTokens = signal({
  title: 'Tokens',
  description:
    'Tokens that went to the tool and came from it, reported or estimated, in the time that the page shows.',
  unit: 'short',
  decimals: 0,
  by: {
    tool: `sum by (gateway, server, tool) (${increase('mcp_tokens_total')}) > 0`,
    top: `topk(10, sum by (gateway, server, tool) (${increase('mcp_tokens_total')}) > 0)`,
  },
});
