import type { CheckStep, ServerIdentity } from '../facts/check-report.ts';
import type { Phase, ProbeFailure } from '../facts/probe-outcome.ts';
import type { EpochMs, MonotonicMs } from '../facts/time.ts';

/** Why a request got no result: already classified, see `classify-failure.ts`. */
export interface RequestFailure {
  readonly outcome: ProbeFailure;
  /** One sentence for a person. */
  readonly detail: string;
  readonly httpStatus?: number;
  readonly rpcCode?: number;
  readonly retryAfterMs?: number;
}

export type RequestResult =
  | { readonly ok: true; readonly result: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly failure: RequestFailure };

/** Collects what one check measured; a fresh one per check. */
export interface Measurement {
  readonly phasesMs: Partial<Record<Phase, number>>;
  readonly steps: CheckStep[];
  bytesSent: number;
  bytesReceived: number;
  /** How long requests waited for an access token: not a part of the server's response time. */
  authorizationMs: number;
  tlsExpiresAtMs?: EpochMs;
  /** Of the last request that was answered. */
  roundTrip?: RoundTrip;
}

/** From a request that was handed to the socket or pipe to its answer that was read from it; without connecting. */
export interface RoundTrip {
  readonly writtenAtMs: MonotonicMs;
  readonly answeredAtMs: MonotonicMs;
}

/** What goes with one request: its limit, and who measures it, if anybody does. */
export interface SendOptions {
  readonly signal: AbortSignal;
  readonly measurement?: Measurement;
}

export interface RequestOptions extends SendOptions {
  readonly measurement: Measurement;
}

export type OpenResult =
  | { readonly ok: true; readonly identity: ServerIdentity }
  | { readonly ok: false; readonly failure: RequestFailure };

/**
 * What a check may start from. `closed`: nothing is kept, `open` does the whole handshake under the start limit.
 * `stateless`: the server is known but keeps nothing of us, so one short `open` is the check. `open`: a session,
 * stream or child is kept, so one `request` (`ping` or `server/discover`) is the check.
 */
export type ProbeClientState = 'closed' | 'stateless' | 'open';

/**
 * One opened conversation with a server over one transport: after `open` its era and identity are known.
 * No method rejects. `close` ends session, stream or child and resolves when it is gone.
 */
export interface ProbeClient {
  /** A client notices by itself when its session, stream or child is gone, and is `closed` again. */
  state(): ProbeClientState;
  open(options: RequestOptions): Promise<OpenResult>;
  /** One JSON-RPC request and its answer. */
  request(
    method: string,
    params: Readonly<Record<string, unknown>> | undefined,
    options: RequestOptions,
  ): Promise<RequestResult>;
  /**
   * Gives up what is kept, because a request failed in it: the next `open` does a fresh handshake. A session that the server
   * may still have is ended after the next handshake that succeeds, so that a server that is down gets no request more.
   */
  abandon(failure: RequestFailure): void;
  close(): Promise<void>;
}
