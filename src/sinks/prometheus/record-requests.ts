import type { CallRecord } from '../../facts/call-record.ts';
import {
  errorTypeLabel,
  isTimed,
  operationLabel,
  statusLabel,
} from '../../facts/rules/call-labels.ts';
import { OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import { requestDuration, requestErrors, requests } from '../../catalog/gateway.ts';
import { type Cell, createBatchedCounter } from './batched-counter.ts';
import type { Families, LabelSet } from './create-families.ts';
import { observeTraced } from './observe-traced.ts';

/**
 * Kinds of calls that are kept resolved. The labels are closed lists and bounded tools, so that a server has far fewer;
 * past it they are resolved again.
 */
const KINDS_MAX = 10_000;

/** Everything of a call that its labels follow from, resolved once. */
interface CallKind {
  /** Of the call that was resolved. */
  readonly of: KindFacts;
  readonly requests: Cell;
  readonly errors: Cell | undefined;
  /** `undefined` if such calls do not count in the latency. */
  readonly duration: LabelSet<'server' | 'tool' | 'operation' | 'method' | 'endpoint'> | undefined;
}

type KindFacts = Pick<CallRecord, 'operation' | 'verb' | 'status' | 'outcome'> & {
  readonly errorType: string | undefined;
  readonly tool: string;
};

export interface RequestRecorder {
  /**
   * @param tool the label
   * @returns whether the call counted in the latency
   */
  record(call: CallRecord, tool: string): boolean;
  flush(): void;
}

export interface RequestRecorderOptions {
  readonly families: Families;
  readonly server: string;
  /** Whether the latency is broken down by tool. */
  readonly toolHistogram: boolean;
  readonly onOperationFolded: () => void;
}

/** Fills the three families that every exchange counts in. */
export function createRequestRecorder(options: RequestRecorderOptions): RequestRecorder {
  const { families } = options;
  const requestCounter = createBatchedCounter(families, requests);
  const errorCounter = createBatchedCounter(families, requestErrors);
  const duration = families.histogram(requestDuration);
  const cells = { requests: requestCounter.cell, errors: errorCounter.cell };
  const resolve = createResolver(options, cells);
  const kinds = new Map<string, CallKind>();
  let last: CallKind | undefined;

  function kindOf(call: CallRecord, tool: string): CallKind {
    // Calls come in runs of one kind, and comparing takes less time than making a key.
    if (last && isOfKind(call, tool, last.of)) return last;
    const operation = operationLabel(call.operation);
    const kind = findKind(call, operation, tool);
    if (operation === OVERFLOW_LABEL) {
      // A refusal before the body was read has no operation: nothing was folded.
      if (call.operation !== '') options.onOperationFolded();
    } else last = kind;
    return kind;
  }

  function findKind(call: CallRecord, operation: string, tool: string): CallKind {
    const { verb, status, outcome, errorType = '' } = call;
    const key = `${operation} ${verb} ${status} ${outcome} ${errorType} ${tool}`;
    const known = kinds.get(key);
    if (known) return known;
    if (kinds.size >= KINDS_MAX) {
      flush();
      kinds.clear();
      last = undefined;
    }
    const kind = resolve(call, operation, tool);
    kinds.set(key, kind);
    return kind;
  }

  function flush(): void {
    requestCounter.flush();
    errorCounter.flush();
  }

  return {
    record(call, tool) {
      const kind = kindOf(call, tool);
      requestCounter.add(kind.requests);
      if (kind.errors) errorCounter.add(kind.errors);
      if (!kind.duration || call.direction !== 'client_to_server') return false;
      observeTraced(duration, kind.duration, call.durationMs, call.trace);
      return true;
    },
    flush,
  };
}

function createResolver(
  { server, toolHistogram }: RequestRecorderOptions,
  cells: { requests(labels: LabelSet): Cell; errors(labels: LabelSet): Cell },
): (call: CallRecord, operation: string, tool: string) => CallKind {
  return (call, operation, tool) => {
    const own = { server, tool, operation };
    const route = { method: call.verb, endpoint: `/${operation}` };
    const status = statusLabel(call.status);
    const { verb, outcome, errorType } = call;
    return {
      of: { operation, verb, status: call.status, outcome, errorType, tool },
      requests: cells.requests({ ...own, ...route, status, outcome }),
      errors:
        errorType === undefined
          ? undefined
          : cells.errors({ ...own, error_type: errorTypeLabel(errorType) }),
      duration: isTimed(call) ? { ...own, ...route, tool: toolHistogram ? tool : '' } : undefined,
    };
  };
}

function isOfKind(call: CallRecord, tool: string, of: KindFacts): boolean {
  return (
    of.tool === tool &&
    of.operation === call.operation &&
    of.outcome === call.outcome &&
    of.status === call.status &&
    of.verb === call.verb &&
    of.errorType === call.errorType
  );
}
