import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { SessionEnded, ToolsListed } from '../../facts/gateway-facts.ts';
import type { Transport } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { PendingMap } from '../../protocol/pending-map.ts';
import type { ClientNames } from './client-names.ts';
import type { CallDescription, SessionOpening } from './describe-call.ts';
import type { Exchange } from './exchange.ts';
import type { FindListed, ProvenNames } from '../../protocol/judge-answer.ts';

/**
 * The sessions of one server and the exchanges that wait for a response: `nextEffects` in
 * `tracker-state.ts` is the only function that changes a `TrackerState`, and what it returns is all that happens outside.
 * `call-tracker.ts` performs that.
 */
export interface TrackerState {
  readonly settings: TrackerSettings;
  readonly sessions: Map<string, TrackedSession>;
  /** Exchanges that end by themselves at their `expiresMs`. */
  readonly expiring: PendingMap<Exchange, Exchange>;
  /** Requests of the server that belong to no known session, by id. */
  readonly serverCalls: PendingMap<string, Exchange>;
  readonly inFlight: Record<Transport, number>;
  readonly sessionless: Record<Transport, number>;
  readonly provenNames: ProvenNames;
  readonly clientNames: ClientNames;
  isSweepSet: boolean;
}

export interface TrackerSettings extends CallDescription {
  readonly sessionIdleMs: number;
  readonly answerTimeoutMs: number;
  /** What the prober found listed. */
  readonly findListed?: FindListed;
}

export interface TrackedSession extends SessionOpening {
  readonly id: string;
  readonly transport: Transport;
  readonly openedMs: MonotonicMs;
  lastSeenMs: MonotonicMs;
  readonly calls: PendingMap<string, Exchange>;
  readonly serverCalls: PendingMap<string, Exchange>;
  /** The client has asked the server to end it. */
  isLeaving: boolean;
  /** The server does not know it any more: it ends with its last call. */
  isLost: boolean;
}

export type ExchangesById = ReadonlyMap<string, Exchange>;

export type TrackerEvent =
  | { readonly kind: 'call_begun'; readonly exchange: Exchange }
  | CallAnswered
  | {
      readonly kind: 'call_ended';
      readonly exchange: Exchange;
      readonly verdict: CallVerdict;
      readonly message: string | undefined;
    }
  | { readonly kind: 'call_parked'; readonly exchange: Exchange; readonly verdict: CallVerdict }
  | { readonly kind: 'server_call_begun'; readonly exchange: Exchange }
  | ServerCallAnswered
  | Notified
  | SessionOpened
  | { readonly kind: 'session_seen'; readonly id: string; readonly transport: Transport }
  | SessionClosed
  | { readonly kind: 'session_leaving'; readonly id: string; readonly isLeaving: boolean }
  | { readonly kind: 'session_lost'; readonly id: string }
  | { readonly kind: 'calls_resumed'; readonly exchanges: readonly Exchange[] }
  | { readonly kind: 'sweep_due' }
  | { readonly kind: 'stopped' };

export interface CallAnswered {
  readonly kind: 'call_answered';
  readonly facts: MessageFacts;
  readonly bytes: number;
  readonly session: string | undefined;
  /** The exchanges of the HTTP request whose answer the response is in. */
  readonly own: ExchangesById | undefined;
}

export interface ServerCallAnswered {
  readonly kind: 'server_call_answered';
  readonly facts: MessageFacts;
  readonly bytes: number;
  readonly session: string | undefined;
}

export interface Notified {
  readonly kind: 'notified';
  readonly facts: MessageFacts;
  readonly session: string | undefined;
  readonly own: ExchangesById | undefined;
}

export interface SessionOpened {
  readonly kind: 'session_opened';
  readonly id: string;
  readonly transport: Transport;
  readonly opening: SessionOpening;
}

export interface SessionClosed {
  readonly kind: 'session_closed';
  readonly id: string;
  /** Of its calls that have not ended. */
  readonly verdict: CallVerdict;
  readonly message: string | undefined;
}

/** To be performed in this order. */
export type TrackerEffect =
  | { readonly kind: 'publish'; readonly fact: CallRecord | SessionEnded | ToolsListed }
  | { readonly kind: 'set_sweep'; readonly delayMs: number }
  | { readonly kind: 'clear_sweep' };

export interface TrackerLoad {
  readonly sessions: Readonly<Record<Transport, number>>;
  readonly inFlight: Readonly<Record<Transport, number>>;
  readonly sessionless: Readonly<Record<Transport, number>>;
}
