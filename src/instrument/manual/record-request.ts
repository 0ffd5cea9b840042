import { requestDuration, requestErrors, requests } from '../../catalog/gateway.ts';
import { CALL_OUTCOMES, type CallOutcome } from '../../facts/call-outcome.ts';
import { errorTypeLabel } from '../../facts/rules/call-labels.ts';
import { histogramFamily, valueFamily } from '../metrics/family.ts';
import { labelFolder } from '../metrics/fold-label.ts';
import type { MetricRegistry } from '../metrics/metric-registry.ts';
import { defaultServerName } from '../server/default-name.ts';
import { sharedState } from '../shared-state.ts';
import { activeSpan, sampledTraceId } from '../tracing/otel.ts';

/** What a request is counted under. */
export interface RequestLabels {
  readonly tool: string;
  /** Such as `init` or `execute`; at most 50 are labels. */
  readonly operation: string;
  /** The `server` label. By default, the name of the first instrumented server, or `default`. */
  readonly name?: string;
  readonly registry?: MetricRegistry;
}

export interface RecordedRequest extends RequestLabels {
  /** Your word (`success`, `error`) or a code (`503`): the `status` label, from which the outcome follows. */
  readonly status: string;
  readonly durationMs?: number;
  /** A type of `mcp_request_errors_total`; by default, that of the outcome. */
  readonly errorType?: string;
}

const TOOLS_MAX = 200;
const OPERATIONS_MAX = 50;
const STATUSES_MAX = 30;
const SUCCESS_WORDS: ReadonlySet<string> = new Set(['ok', 'success', 'completed', 'done']);

/** Counts a request by hand, where `instrument` sees none: of a queue, a webhook, or a protocol of your own. */
export function recordRequest(request: RecordedRequest): void {
  const { durationMs, status, registry = sharedState().registry } = request;
  const server = request.name ?? defaultServerName(registry);
  const fold = (label: string, valuesMax: number, owner = server) =>
    labelFolder(registry, { metric: requests.name, label, valuesMax, owner });
  const own = {
    server,
    tool: fold('tool', TOOLS_MAX)(request.tool),
    operation: fold('operation', OPERATIONS_MAX)(request.operation),
  };
  const route = { method: '', endpoint: `/${own.operation}` };
  const outcome = outcomeOf(status);
  const labels = { ...own, ...route, status: fold('status', STATUSES_MAX)(status), outcome };
  valueFamily(registry, requests).series(labels).value += 1;
  if (durationMs !== undefined)
    histogramFamily(registry, requestDuration)
      .series({ ...own, ...route })
      .observe(durationMs / 1000, sampledTraceId(activeSpan()));
  if (outcome === 'success' || outcome === 'input_required') return;
  const error_type = errorTypeLabel(request.errorType ?? ERROR_OF_OUTCOME[outcome]);
  valueFamily(registry, requestErrors).series({ ...own, error_type }).value += 1;
}

const ERROR_OF_OUTCOME: Readonly<
  Record<Exclude<CallOutcome, 'success' | 'input_required'>, string>
> = {
  client_error: 'invalid_request',
  rpc_error: 'rpc_error',
  tool_error: 'tool_error',
  transport_error: 'connection',
  timeout: 'timeout',
  cancelled: 'cancelled',
  denied: 'forbidden',
  rate_limited: 'rate_limited',
};

/** A word of `outcome` is itself; a code goes by its class; whatever else does not say success is a failure. */
function outcomeOf(status: string): CallOutcome {
  const word = CALL_OUTCOMES.find((outcome) => outcome === status);
  if (word) return word;
  if (SUCCESS_WORDS.has(status)) return 'success';
  const code = /^[1-5]\d\d$/.test(status) ? Number(status) : undefined;
  if (code === undefined) return 'tool_error';
  if (code < 400) return 'success';
  if (code === 401 || code === 403) return 'denied';
  if (code === 429) return 'rate_limited';
  if (code === 499) return 'cancelled';
  if (code === 504) return 'timeout';
  if (code === 502 || code === 503) return 'transport_error';
  return code < 500 ? 'client_error' : 'tool_error';
}
