import { jsonObjectOf } from '../../facts/json-object.ts';
import { sharedState } from '../shared-state.ts';
import { runInSpan } from '../tracing/run-in-span.ts';
import { observeResult } from './observe-result.ts';
import { recordRequest, type RequestLabels } from './record-request.ts';
import { createWrapper, type FunctionWrapper } from './wrap-function.ts';

export interface TracedTool {
  readonly tool: string;
  readonly operation?: string;
}

/**
 * Counts and times each call of a function, or of a method as a decorator: with the status `success`, `error` if it throws or
 * returns `isError: true`, or `cancelled` if it throws an `AbortError`. In a call that `instrument` counts, it counts nothing, because
 * a request counts once.
 */
export function trackRequest(labels: RequestLabels): FunctionWrapper {
  return createWrapper((call) => {
    if (sharedState().contexts.getStore()?.isCounted) return call();
    const startedMs = performance.now();
    const record = (status: string): void =>
      recordRequest({ ...labels, status, durationMs: performance.now() - startedMs });
    return observeResult(call, {
      returned: (value) => record(jsonObjectOf(value)?.['isError'] === true ? 'error' : 'success'),
      failed: ({ name }) => record(name === 'AbortError' ? 'cancelled' : 'error'),
    });
  });
}

/** Makes each call of a function, or of a method as a decorator, a span `execute_tool TOOL`. */
export function traceTool({ tool, operation }: TracedTool): FunctionWrapper {
  const attributes = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool,
    ...(operation !== undefined && { 'mcp_exporter.operation': operation }),
  };
  return createWrapper((call) => runInSpan(`execute_tool ${tool}`, call, attributes));
}
