/** Published by the prober; read by the metrics, the log and the live pages. The journal stores each check. */
import type { CheckReport } from './check-report.ts';
import type { Status } from './rules/health.ts';
import type { EpochMs } from './time.ts';

/** One check ended. */
export interface ProbeObservation {
  readonly fact: 'probe';
  readonly server: string;
  readonly report: CheckReport;
  /** Of the server, including this check. */
  readonly status: Status;
  readonly consecutiveFailures: number;
  /** The response time that this check measured, see `responseOf`; absent if it measured none. */
  readonly responseMs?: number;
  /** Time until the next check. */
  readonly nextInMs: number;
  /** How late the check started compared with its schedule. */
  readonly lagMs: number;
}

/** Our own network is, or is no longer, suspected to have failed, because several hosts failed at once in ways that suggest it. */
export interface ConnectivityChanged {
  readonly fact: 'connectivity';
  readonly suspected: boolean;
  readonly atMs: EpochMs;
  readonly servers: readonly string[];
}

/** The exporter itself became late with its checks, or is on time again; see `rules/lateness.ts`. */
export interface LatenessChanged {
  readonly fact: 'lateness';
  readonly isLate: boolean;
  readonly atMs: EpochMs;
  /** For a person. */
  readonly detail: string;
}
