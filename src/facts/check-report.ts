import type { CapabilitySnapshot } from './capability-snapshot.ts';
import type { Phase, ProbeOutcome } from './probe-outcome.ts';
import type { Era, Transport } from './server.ts';
import type { EpochMs } from './time.ts';

/** How a server identified itself in the handshake. */
export interface ServerIdentity {
  readonly transport: Transport;
  readonly era: Era;
  /**
   * The server accepted `initialize` but never answered `server/discover`, so it may also support 2026-07-28. Only with
   * the era `legacy`.
   */
  readonly isEraAssumed?: true;
  readonly protocolVersion: string;
  readonly implementation: string;
  readonly version: string;
}

/** One step of a check, as `probe` and `/probe?debug=true` print it. */
export interface CheckStep {
  /** For example `connect`, `initialize`, `ping`, `tools/list`. */
  readonly name: string;
  readonly durationMs: number;
  readonly ok: boolean;
  /** What was observed, in one readable line. */
  readonly detail: string;
}

/** The result of one check; plain data, safe to show (secrets are masked before it leaves the prober). */
export interface CheckReport {
  /** `steady`: the cheap check in a kept session; `deep`: fresh handshake, lists and synthetic call. */
  readonly kind: 'steady' | 'deep';
  readonly outcome: ProbeOutcome;
  /** What happened, as one readable sentence; after a success, what was proved. */
  readonly detail: string;
  /** Unix epoch. */
  readonly startedAtMs: EpochMs;
  /** Of the whole check, with everything that it had to do. */
  readonly durationMs: number;
  /**
   * Time from the request of a successful steady check (`ping`, `server/discover` or `initialize`) to its answer, less the
   * time in which our own event loop was late. Neither connecting nor other requests are in it.
   */
  readonly responseMs?: number;
  /** How late our own event loop was: between that request and its answer, or in a check that failed in all. */
  readonly lateMs?: number;
  readonly phasesMs: Readonly<Partial<Record<Phase, number>>>;
  readonly steps: readonly CheckStep[];
  readonly httpStatus?: number;
  readonly rpcCode?: number;
  /** From `Retry-After` of a 429 or 503. */
  readonly retryAfterMs?: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Earliest expiry of the certificate chain, Unix epoch. */
  readonly tlsExpiresAtMs?: EpochMs;
  readonly identity?: ServerIdentity;
  /** A steady check failed in what was kept, and succeeded after a fresh handshake: so its handshake was no response. */
  readonly isReopened?: boolean;
  /** Deep checks only. */
  readonly snapshot?: CapabilitySnapshot;
}
