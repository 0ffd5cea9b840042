import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Era, Transport } from '../../facts/server.ts';
import { asMonotonicMs, type EpochMs, type MonotonicMs } from '../../facts/time.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';

/** What is known of the HTTP request that a message came in. */
export interface Carrier {
  readonly transport: Transport;
  readonly verb: CallRecord['verb'];
  /** Without query. */
  readonly path?: string;
  readonly session?: string;
  readonly user?: string;
  readonly protocolVersion?: string;
  readonly era: Era;
  /** HTTP headers `traceparent` and `tracestate`. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly receivedAtMs: EpochMs;
  readonly receivedMs: MonotonicMs;
  readonly bytes: number;
  /** By which a client without a session is recognized; see `ClientNames`. */
  readonly request?: RequestOrigin;
}

/** Of an HTTP request: where it comes from. */
export interface RequestOrigin {
  readonly httpVersion: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** One request and what becomes of it, until its response or whatever else ends it. */
export interface Exchange {
  /** JSON text of the id. */
  readonly key: string;
  readonly facts: MessageFacts;
  readonly carrier: Carrier;
  readonly direction: CallRecord['direction'];
  readonly trace: CallRecord['trace'];
  overheadMs: number;
  progressCount: number;
  isDone: boolean;
  /** When it ends by itself, with this verdict. */
  expiresMs: MonotonicMs;
  expiryVerdict: CallVerdict | undefined;
}

export const NEVER = asMonotonicMs(Number.POSITIVE_INFINITY);

export function createExchange(
  facts: MessageFacts,
  carrier: Carrier,
  direction: CallRecord['direction'],
  trace: CallRecord['trace'],
): Exchange {
  return {
    key: facts.id ?? '',
    facts,
    carrier,
    direction,
    trace,
    overheadMs: 0,
    progressCount: 0,
    isDone: false,
    expiresMs: NEVER,
    expiryVerdict: undefined,
  };
}
