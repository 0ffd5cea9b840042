import { PROBE_FAILURES, type ProbeOutcome } from '../probe-outcome.ts';
import { worstSource } from './findings.ts';
import type { HealthState } from './health.ts';

/** Why a server has its status, as a closed list: the kind of the failure, or what else was found. */
export const STATUS_REASONS = [
  'none',
  ...PROBE_FAILURES,
  'slow',
  'error_rate',
  'not_checked',
  'disabled',
] as const;
export type StatusReason = (typeof STATUS_REASONS)[number];

export interface LastFailures {
  /** Of a steady check. */
  readonly check: ProbeOutcome | undefined;
  readonly deep: ProbeOutcome | undefined;
}

/** The code of what `reason` of the state says in words; of several findings, that of the worst. */
export function statusReason(
  { status, findings }: Pick<HealthState, 'status' | 'findings'>,
  last: LastFailures,
): StatusReason {
  switch (status) {
    case 'healthy':
      return 'none';
    case 'disabled':
      return 'disabled';
    case 'unknown':
      return failureOr('not_checked', last.check);
    case 'offline':
      return failureOr('none', last.check);
    case 'warning':
    case 'critical':
      return ofFinding(worstSource(findings), last);
  }
}

function ofFinding(source: ReturnType<typeof worstSource>, last: LastFailures): StatusReason {
  switch (source) {
    case 'response_time':
      return 'slow';
    case 'error_rate':
      return 'error_rate';
    case 'deep':
      return failureOr('none', last.deep);
    case 'check':
    case undefined:
      return failureOr('none', last.check);
  }
}

function failureOr(otherwise: StatusReason, outcome: ProbeOutcome | undefined): StatusReason {
  return outcome === undefined || outcome === 'ok' ? otherwise : outcome;
}
