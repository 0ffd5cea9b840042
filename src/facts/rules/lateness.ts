import type { MonotonicMs } from '../time.ts';

/**
 * Whether the exporter itself is late: its checks start late, or their answers wait for its event loop. Counted over the
 * last two minutes in sub-windows, so that the number of checks does not matter. Plain data; every function returns a new
 * state.
 */
export interface LatenessState {
  readonly isLate: boolean;
  /** Oldest first. */
  readonly counts: readonly LatenessCount[];
}

interface LatenessCount {
  /** Start of the sub-window in units of `STEP_MS`. */
  readonly slot: number;
  readonly checks: number;
  readonly late: number;
}

/** A steady check that ended. */
export interface LatenessEvidence {
  readonly atMs: MonotonicMs;
  /** How late the check started. */
  readonly lagMs: number;
  /** How late the event loop was while it waited for the answer. */
  readonly lateMs: number;
}

export const ON_TIME: LatenessState = { isLate: false, counts: [] };

/** Also the bound of `mcp_probe_schedule_lag_seconds` that the alert `McpMonitoringLate` uses. */
const LATE_MS = 500;
const STEP_MS = 10_000;
const STEPS = 12;
/** Fewer late checks are chance. */
const LATE_MIN = 2;
const ENTER_RATIO = 0.1;
const EXIT_RATIO = 0.05;

export function weighLateness(state: LatenessState, evidence: LatenessEvidence): LatenessState {
  const slot = Math.floor(evidence.atMs / STEP_MS);
  const isLate = Math.max(evidence.lagMs, evidence.lateMs) > LATE_MS;
  const kept = state.counts.filter((count) => count.slot > slot - STEPS && count.slot !== slot);
  const own = state.counts.find((count) => count.slot === slot);
  const counts = [
    ...kept,
    { slot, checks: (own?.checks ?? 0) + 1, late: (own?.late ?? 0) + (isLate ? 1 : 0) },
  ];
  const { checks, late } = totalOf(counts);
  const ratio = late / checks;
  return {
    counts,
    isLate: state.isLate ? ratio >= EXIT_RATIO : late >= LATE_MIN && ratio >= ENTER_RATIO,
  };
}

/** For a person, for example `12 of 40 checks were late in the last two minutes`. */
export function describeLateness({ counts }: LatenessState): string {
  const { checks, late } = totalOf(counts);
  return `${late} of ${checks} checks were late in the last two minutes`;
}

function totalOf(counts: readonly LatenessCount[]): { checks: number; late: number } {
  let checks = 0;
  let late = 0;
  for (const count of counts) {
    checks += count.checks;
    late += count.late;
  }
  return { checks, late };
}
