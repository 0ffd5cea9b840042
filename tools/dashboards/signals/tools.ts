import { not } from '../../../src/catalog/promql/matchers.ts';
import { maxBy, quantileBy, ratio, sumBy } from '../../../src/catalog/promql/promql.ts';
import { OVERFLOW_LABEL } from '../../../src/facts/rules/label-bound.ts';
import { CALL, FAILED, increaseOf, rateOf, series } from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

/** Named tools only: the rest is folded into one. */
const NAMED = { tool: not(OVERFLOW_LABEL, '') };

const BY_TOOL = ['gateway', 'server', 'tool'] as const;
const LISTED = maxBy(['gateway', 'server'], series('mcp_server_capabilities', { kind: 'tools' }));
const CALLED = `(count by (gateway, server) (${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_requests_total', CALL, NAMED))} > 0) or 0 * ${LISTED})`;

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
  description: 'Distinct tools that were called in the selected time range.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: { server: CALLED, all: `sum(${CALLED})` },
});

export const unusedTools = signal({
  title: 'Never called',
  description:
    'Tools that a model has to read at every start although they were not called in the selected time range.',
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
  description: 'Calls of tools in the selected time range.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.none,
  by: {
    all: `sum(${increaseOf('mcp_requests_total', CALL)})`,
    top: `topk(10, ${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_requests_total', CALL))} > 0)`,
  },
});

export const toolRate = signal({
  title: 'Calls per second by tool',
  description: 'The ten tools that are called most.',
  unit: 'reqps',
  by: {
    top: `topk(10, ${sumBy(['server', 'tool'], rateOf('mcp_requests_total', CALL))} > 0)`,
  },
});

export const toolP95 = signal({
  title: 'Latency of tools, P95',
  description: 'The ten slowest tools.',
  unit: 's',
  thresholds: THRESHOLDS.latencySeconds,
  by: {
    top: `topk(10, ${quantileBy(0.95, ['server', 'tool'], rateOf('mcp_request_duration_seconds_bucket', CALL))} >= 0)`,
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
    top: `topk(10, ${ratio(sumBy(BY_TOOL, increaseOf('mcp_requests_total', CALL, FAILED)), sumBy(BY_TOOL, increaseOf('mcp_requests_total', CALL)))} > 0)`,
    all: `(sum(${increaseOf('mcp_requests_total', CALL, FAILED)}) or vector(0)) / (sum(${increaseOf('mcp_requests_total', CALL)}) > 0)`,
  },
});

export const toolTokens = signal({
  title: 'Tokens',
  description:
    'Tokens sent to the tool and returned by it, reported or estimated, in the selected time range.',
  unit: 'short',
  decimals: 0,
  by: {
    tool: `${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_tokens_total'))} > 0`,
    top: `topk(10, ${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_tokens_total'))} > 0)`,
  },
});
