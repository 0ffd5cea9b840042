/** Published by the prober about the child processes that it starts for stdio servers; read by the metrics and the log. */

/** Why a child process ended (`reason` label). `stopped`: this service ended it. */
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
  /** Back-off before it may be started again; absent if this service ended it. */
  readonly restartInMs?: number;
}

export interface ChildStarted {
  readonly fact: 'child_start';
  readonly server: string;
  readonly pid: number;
  /** From spawn to the first answer. */
  readonly startMs: number;
}
