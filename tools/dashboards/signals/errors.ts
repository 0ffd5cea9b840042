import type { LabelName } from '../../../src/catalog/promql/labels.ts';
import type { Matchers } from '../../../src/catalog/promql/matchers.ts';
import { increase, maxBy, ratioOrZero, sumBy } from '../../../src/catalog/promql/promql.ts';
import {
  CALL,
  CHOSEN,
  COUNTED,
  FAILED,
  increaseOf,
  KNOWN_SERVERS,
  rateOf,
  REFUSED,
  series,
  within,
} from '../promql.ts';
import { signal } from '../signal.ts';
import { THRESHOLDS } from '../thresholds.ts';

function ratioBy(by: readonly LabelName[], ...matchers: readonly Matchers<'operation'>[]): string {
  return ratioOrZero(
    sumBy(by, increaseOf('mcp_requests_total', FAILED, ...matchers)),
    sumBy(by, increaseOf('mcp_requests_total', COUNTED, ...matchers)),
  );
}

export const errorRatio = signal({
  title: 'Error ratio',
  description:
    'Ratio of calls that failed because of the server or the connection to it. Mistakes of the caller, cancelled calls and refusals do not count.',
  unit: 'percentunit',
  decimals: 2,
  min: 0,
  thresholds: THRESHOLDS.errorRatio,
  by: {
    fleet: `sum(${series('gateway:mcp_requests_failed:rate5m')}) / (sum(${series('gateway:mcp_requests_counted:rate5m')}) > 0)`,
    server: maxBy(
      ['gateway', 'server'],
      series('gateway_server:mcp_requests_failed_per_mcp_requests:ratio_rate5m'),
    ),
    /** Without those that no configuration has. */
    known: maxBy(
      ['gateway', 'server'],
      series('gateway_server:mcp_requests_failed_per_mcp_requests:ratio_rate5m', KNOWN_SERVERS),
    ),
    operation: ratioBy(['operation'], CHOSEN),
    tool: ratioBy(['gateway', 'server', 'tool'], CALL),
    serverOperation: maxBy(
      ['server', 'operation'],
      ratioBy(['gateway', 'server', 'operation'], CHOSEN),
    ),
  },
});

export const failureRate = signal({
  title: 'Failures per second',
  description: 'Calls that failed by the fault of the server or the way to it.',
  unit: 'cps',
  by: {
    fleet: `sum(${series('gateway_server:mcp_requests_failed:rate5m')})`,
  },
});

export const errors = signal({
  title: 'Errors by type',
  description:
    'Exchanges that ended in an error of the caller, the server or the connection, by type.',
  unit: 'cps',
  by: {
    type: `${sumBy(['error_type'], rateOf('mcp_request_errors_total', CHOSEN))} > 0`,
  },
});

export const errorCount = signal({
  title: 'Errors',
  description: 'Exchanges that ended in an error, in the selected time range.',
  unit: 'short',
  decimals: 0,
  by: {
    type: `topk(10, ${sumBy(['error_type'], increaseOf('mcp_request_errors_total', CHOSEN))} > 0)`,
    server: `topk(10, ${sumBy(['gateway', 'server'], increaseOf('mcp_request_errors_total', CHOSEN))} > 0)`,
    affected: `${sumBy(['gateway', 'server', 'operation', 'error_type'], increaseOf('mcp_request_errors_total', CHOSEN))} > 0`,
    all: `sum(${increaseOf('mcp_request_errors_total', CHOSEN)})`,
    operation: `${sumBy(['operation'], increaseOf('mcp_request_errors_total', CHOSEN))} > 0`,
    tool: `topk(10, ${sumBy(['gateway', 'server', 'tool'], increaseOf('mcp_request_errors_total', CALL))} > 0)`,
  },
});

export const statusCodes = signal({
  title: 'Status codes',
  description:
    'HTTP status codes that clients received, or their equivalents over stdio. JSON-RPC errors usually have status 200.',
  unit: 'reqps',
  by: { status: `${sumBy(['status'], rateOf('mcp_requests_total', CHOSEN))} > 0` },
});

export const unknownTools = signal({
  title: 'Unknown tools',
  description:
    'Calls of tools that the server does not list: a model invents names, or a client has an outdated list.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increaseOf('mcp_unknown_tool_calls_total')})`,
    server: `${sumBy(['gateway', 'server'], increaseOf('mcp_unknown_tool_calls_total'))} > 0`,
  },
});

export const timeouts = signal({
  title: 'Timeouts',
  description: 'Calls that were not answered in time.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.warnings,
  by: { all: `sum(${increaseOf('mcp_requests_total', { outcome: 'timeout' })})` },
});

export const refusals = signal({
  title: 'Refused',
  description:
    'Calls that the gateway refused: unknown or disabled servers, missing permissions, too many calls.',
  unit: 'short',
  decimals: 0,
  thresholds: THRESHOLDS.warnings,
  by: {
    all: `sum(${increase(within('gateway', 'mcp_requests_total', REFUSED), '$__range')})`,
  },
});

/** Has it been like this before? */
export const errorPeak = signal({
  title: 'Highest in 30 days',
  description: 'The highest rate that this type of error had in the last 30 days.',
  unit: 'cps',
  by: {
    type: `max by (gateway, server, error_type) (max_over_time(${series('gateway_server_error_type:mcp_request_errors:rate5m')}[30d])) > 0`,
  },
});

export const errorsNow = signal({
  title: 'Now',
  description: 'Errors per second, over the last five minutes.',
  unit: 'cps',
  by: {
    type: maxBy(
      ['gateway', 'server', 'error_type'],
      series('gateway_server_error_type:mcp_request_errors:rate5m'),
    ),
  },
});
