import type { ActionTaken, AlertEvent } from './alert-event.ts';
import type { CallRecord } from './call-record.ts';
import type { DefinitionChange } from './capability-snapshot.ts';
import type { CheckReport } from './check-report.ts';
import type { Status } from './rules/health.ts';
import type { ServerSpec, Transport } from './server.ts';
import type { EpochMs } from './time.ts';

/** A server entered the configuration: sinks create its series with zeros. */
export interface ServerAdded {
  readonly fact: 'server_added';
  readonly server: ServerSpec;
  /** By hand, whatever the configuration says. */
  readonly isDisabled?: boolean;
}

/** A server left the configuration, or its settings changed so that it is added anew right after. */
export interface ServerRemoved {
  readonly fact: 'server_removed';
  readonly server: string;
}

/** One check ended. `state` is the server after the check was weighed. */
export interface ProbeObservation {
  readonly fact: 'probe';
  readonly server: string;
  readonly report: CheckReport;
  readonly status: Status;
  readonly consecutiveFailures: number;
  /** Until the next check, milliseconds. */
  readonly nextInMs: number;
  /** How late the check started against its schedule, milliseconds. */
  readonly lagMs: number;
}

export interface StatusChanged {
  readonly fact: 'status';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly from: Status;
  readonly to: Status;
  readonly reason: string;
}

/** The lists of a server differ from its last snapshot. */
export interface DefinitionsChanged {
  readonly fact: 'definitions';
  readonly server: string;
  readonly atMs: EpochMs;
  readonly changes: readonly DefinitionChange[];
}

/** Why a stdio child ended (`reason` label). `stopped`: by us. */
export const EXIT_REASONS = [
  'stopped',
  'exit_zero',
  'exit_nonzero',
  'signal',
  'spawn_failed',
] as const;
export type ExitReason = (typeof EXIT_REASONS)[number];

export interface ChildExited {
  readonly fact: 'child_exit';
  readonly server: string;
  readonly reason: ExitReason;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last lines of standard error, masked. */
  readonly stderrTail: string;
  /** Back-off before it may be started again; absent where we ended it. */
  readonly restartInMs?: number;
}

export interface ChildStarted {
  readonly fact: 'child_start';
  readonly server: string;
  readonly pid: number;
  /** Spawn to the first answer. */
  readonly startMs: number;
}

/** Own network is suspected, or no longer: several hosts failed at once in ways that point at us. */
export interface ConnectivityChanged {
  readonly fact: 'connectivity';
  readonly suspected: boolean;
  readonly atMs: EpochMs;
  readonly servers: readonly string[];
}

/** The configuration was read again. */
export interface ConfigReloaded {
  readonly fact: 'reload';
  readonly atMs: EpochMs;
  readonly ok: boolean;
  /** On failure the message with every mistake. */
  readonly detail: string;
}

/** A client showed credentials at the gateway, or should have (`method`, `status` labels). */
export const AUTH_METHODS = ['bearer', 'jwt', 'none'] as const;
export const AUTH_STATUSES = ['success', 'failure'] as const;
export interface AuthAttempted {
  readonly fact: 'auth';
  readonly method: (typeof AUTH_METHODS)[number];
  readonly status: (typeof AUTH_STATUSES)[number];
}

/** A client was refused because it asks too often. */
export interface RateLimitExceeded {
  readonly fact: 'rate_limit';
  readonly server: string;
  /** Authenticated subject or address; unbounded, a recorder makes a bounded label of it. */
  readonly user: string;
}

/** A session of the legacy era ended at the gateway. */
export interface SessionEnded {
  readonly fact: 'session';
  readonly server: string;
  readonly transport: Transport;
  readonly protocolVersion?: string;
  readonly durationMs: number;
}

/** Checks and real calls disagree about a server, or agree again. */
export interface DisagreementChanged {
  readonly fact: 'disagreement';
  readonly server: string;
  readonly disagrees: boolean;
  /** For a person. */
  readonly detail: string;
}

export type Fact =
  | CallRecord
  | AlertEvent
  | ActionTaken
  | AuthAttempted
  | RateLimitExceeded
  | SessionEnded
  | DisagreementChanged
  | ServerAdded
  | ServerRemoved
  | ProbeObservation
  | StatusChanged
  | DefinitionsChanged
  | ChildExited
  | ChildStarted
  | ConnectivityChanged
  | ConfigReloaded;

export type FactListener = (fact: Fact) => void;

/** Hands each fact to every sink, in the order of subscription. A sink must not throw; one that does is reported, not fatal. */
export interface Hub {
  publish(fact: Fact): void;
  subscribe(listener: FactListener): () => void;
}

export function createHub(onListenerError: (error: unknown) => void): Hub {
  const listeners = new Set<FactListener>();
  return {
    publish(fact) {
      for (const listener of listeners) {
        try {
          listener(fact);
        } catch (error) {
          onListenerError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
