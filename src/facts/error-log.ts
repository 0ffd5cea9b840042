import type { CallOutcome } from './call-outcome.ts';
import type { EpochMs } from './time.ts';

/** Calls that failed for what seems to be the same reason; see `rules/error-fingerprint.ts`. */
export interface ErrorGroup {
  readonly id: number;
  readonly fingerprint: string;
  readonly server: string;
  /** JSON-RPC method. */
  readonly operation: string;
  /** Tool or prompt name, or resource URI. */
  readonly target?: string;
  readonly outcome: CallOutcome;
  readonly errorType: string;
  /** Of the newest sample; may be empty. */
  readonly message: string;
  /** The message without what differs from call to call. Groups of other servers and tools with the same one look the same. */
  readonly pattern: string;
  /** Since `firstAtMs`. */
  readonly count: number;
  /** Between `fromMs` and `toMs` of the filter; absent without either, or if no calls are kept. */
  readonly countInWindow?: number;
  readonly firstAtMs: EpochMs;
  readonly lastAtMs: EpochMs;
  /** Newest first. */
  readonly samples: readonly ErrorSample[];
}

export interface ErrorSample {
  readonly atMs: EpochMs;
  readonly message: string;
  /** If the server sent one in `error.data`. */
  readonly stack?: string;
  readonly rpcCode?: number;
  readonly durationMs: number;
  readonly client?: { readonly name: string; readonly version: string };
  readonly user?: string;
  readonly session?: string;
  readonly requestId: string;
  /** Hexadecimal, lower case. */
  readonly traceId: string;
  readonly spanId: string;
}

/** Samples that are kept of a group: the newest. */
export const ERROR_SAMPLES_MAX = 10;

export interface ErrorFilter {
  readonly id?: number;
  readonly server?: string;
  readonly target?: string;
  readonly errorType?: string;
  readonly outcomes?: readonly CallOutcome[];
  /** Exactly this pattern: groups that look the same. */
  readonly pattern?: string;
  /** Part of the message or the target; case is ignored for ASCII letters. */
  readonly search?: string;
  /** Groups with an error between the two, as far as calls are kept; else those first seen before and last seen after. */
  readonly fromMs?: EpochMs;
  readonly toMs?: EpochMs;
  /** `next` of the previous page. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
  /** Samples per group, 0 to `ERROR_SAMPLES_MAX`. */
  readonly samples: number;
}

/** By the last error, newest first. */
export interface ErrorGroupPage {
  readonly groups: readonly ErrorGroup[];
  /** Absent on the last page. */
  readonly next?: string;
  /** Groups that pass the filter, regardless of the cursor. */
  readonly total: number;
}
