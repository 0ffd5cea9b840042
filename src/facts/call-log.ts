import type { CallOutcome } from './call-outcome.ts';
import type { CallRecord, TokenUsage } from './call-record.ts';
import type { EpochMs } from './time.ts';

/** One call as the journal keeps it: the audit log. Texts from outside are shortened. */
export interface CallEntry {
  readonly id: number;
  /** When the request was received. */
  readonly atMs: EpochMs;
  readonly durationMs: number;
  readonly server: string;
  readonly direction: CallRecord['direction'];
  readonly transport: CallRecord['transport'];
  /** JSON-RPC method. */
  readonly operation: string;
  /** Tool or prompt name, or resource URI. */
  readonly target?: string;
  readonly requestId: string;
  readonly session?: string;
  readonly client?: { readonly name: string; readonly version: string };
  readonly user?: string;
  readonly protocolVersion?: string;
  readonly outcome: CallOutcome;
  /** HTTP-like code. */
  readonly status: number;
  readonly errorType?: string;
  readonly rpcCode?: number;
  /** Of the JSON-RPC error, of the result with `isError`, or of the gateway. */
  readonly errorMessage?: string;
  /** The `ErrorGroup` that the call belongs to, if it failed. */
  readonly errorGroupId?: number;
  /** The tool's arguments as JSON text, redacted; only if `audit.arguments` is on. */
  readonly argumentsText?: string;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly tokens?: TokenUsage;
  readonly costUsd?: number;
  /** Hexadecimal, lower case. */
  readonly traceId: string;
  readonly spanId: string;
}

export interface CallFilter {
  readonly server?: string;
  readonly outcomes?: readonly CallOutcome[];
  readonly user?: string;
  /** Name of the client. */
  readonly client?: string;
  /** Tool or prompt name, or resource URI. */
  readonly target?: string;
  /** JSON-RPC method. */
  readonly operation?: string;
  readonly session?: string;
  readonly traceId?: string;
  readonly errorGroupId?: number;
  /** Part of the operation, the target or the error message; case is ignored for ASCII letters. */
  readonly search?: string;
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** `next` of the previous page. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
}

/**
 * Newest first. One page examines at most `CALLS_EXAMINED_MAX` calls, so with filters that few calls pass it may have
 * fewer entries than `limit`, or none, and still a `next`.
 */
export interface CallPage {
  readonly entries: readonly CallEntry[];
  /** Absent on the last page. */
  readonly next?: string;
  /** Calls that pass the filter, regardless of the cursor. */
  readonly total: number;
  /** False if the calls examined for it were too many: there are at least `total`. */
  readonly isTotalExact: boolean;
  /**
   * Successful calls that are only summed up because there were too many per second: of any server and user, in the time of
   * the filter, rounded to five minutes. Absent if there are none.
   */
  readonly summedOnly?: number;
}

/** Calls that one page examines, and the highest total that is counted. */
export const CALLS_EXAMINED_MAX = 10_000;

/** Time that one sum of calls covers, beginning at a multiple of it. */
export const CALL_SUM_MS = 5 * 60_000;

/** What calls are summed up by. */
export const CALL_SUMMARY_KEYS = [
  'server',
  'target',
  'operation',
  'client',
  'user',
  'error_type',
] as const;
export type CallSummaryKey = (typeof CALL_SUMMARY_KEYS)[number];

export interface CallSummaryFilter {
  /** `target` and `error_type` also separate servers: a tool of two servers is two rows. Calls without the key are left out. */
  readonly by: CallSummaryKey;
  readonly server?: string;
  /** JSON-RPC method, such as `tools/call`. */
  readonly operation?: string;
  /** Both are rounded down to `CALL_SUM_MS`, and the last of these is included. */
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** Rows with the most calls first. */
  readonly limit: number;
}

/** Calls of clients with one key; calls that servers make to clients are not in it. */
export interface CallSummary {
  readonly key: string;
  /** Only if summed up by `server`, `target` or `error_type`. */
  readonly server?: string;
  readonly calls: number;
  /** With an outcome of `FAILED_OUTCOMES`. */
  readonly failures: number;
  /** That say something about the server: without those of `UNCOUNTED_OUTCOMES`. */
  readonly counted: number;
  /** Durations of all but the uncounted ones; quantiles are interpolated within buckets, like those of Prometheus. */
  readonly meanMs?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  /** Distinct users and, for calls without one, clients. */
  readonly users: number;
  readonly tokens: number;
  readonly costUsd: number;
  readonly lastAtMs: EpochMs;
}

export interface CallChartFilter {
  readonly server?: string;
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
  /** A multiple of `CALL_SUM_MS`. */
  readonly bucketMs: number;
}

/** Calls of clients that began within `bucketMs` from `atMs`; buckets without calls are absent. */
export interface CallChartPoint {
  readonly atMs: EpochMs;
  readonly calls: number;
  readonly failures: number;
  readonly meanMs?: number;
  readonly p95Ms?: number;
}
