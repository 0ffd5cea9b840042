import type { HealthState } from '../../facts/rules/health.ts';
import {
  type CallRate,
  describeFailures,
  describeSuccesses,
} from '../../facts/rules/rate-window.ts';
import type { MonitorSettings } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';

/**
 * Whether checks and real calls contradict each other about one server: a check may miss what every user sees, or fail
 * for a reason that affects no user. A metric and the log show it.
 *
 * They disagree once a contradiction has lasted `LASTS_MS`. A verdict that is being reconsidered (a first failure, a
 * warning) neither starts a contradiction nor ends one. `calls` must hold only calls since the server last became
 * Offline or recovered; older ones would contradict every new verdict.
 */
export interface DisagreementState {
  readonly disagrees: boolean;
  /** Since when they have contradicted each other without interruption, if they do. */
  readonly sinceMs?: MonotonicMs;
  /** For a person. */
  readonly detail: string;
}

export const AGREEMENT: DisagreementState = { disagrees: false, detail: 'nothing to compare yet' };

const LASTS_MS = 30_000;
const FAILING_RATIO = 0.5;
const SUCCEEDING_RATIO = 0.5;
/** The share of the ratios above, and of the calls needed, at which a disagreement continues. */
const EXIT_RATIO = 0.8;
const EXIT_REQUESTS_RATIO = 0.5;

export type CheckVerdict = 'ok' | 'down' | 'undecided';

export interface DisagreementEvidence {
  readonly checks: CheckVerdict;
  readonly calls: CallRate;
  readonly atMs: MonotonicMs;
}

export function weighDisagreement(
  state: DisagreementState,
  { checks, calls, atMs }: DisagreementEvidence,
  settings: MonitorSettings['errorRate'],
): DisagreementState {
  const { disagrees } = state;
  if (checks === 'undecided') return { disagrees, detail: state.detail };
  const isContradiction = contradict(checks, calls, disagrees, settings.minRequests);
  const detail = describe(checks, calls, isContradiction, settings.windowMs);
  if (!isContradiction) return { disagrees: false, detail };
  const sinceMs = state.sinceMs ?? atMs;
  return { disagrees: disagrees || atMs - sinceMs >= LASTS_MS, sinceMs, detail };
}

/** What the steady checks claim: `down` only once the verdict is final, `ok` only if no deep check found a problem. */
export function verdictOfChecks({
  status,
  consecutiveSuccesses,
  findings,
}: Pick<HealthState, 'status' | 'consecutiveSuccesses' | 'findings'>): CheckVerdict {
  if (status === 'offline') return consecutiveSuccesses > 0 ? 'undecided' : 'down';
  return consecutiveSuccesses > 0 && findings.deep === undefined ? 'ok' : 'undecided';
}

function contradict(
  checks: 'ok' | 'down',
  { requests, failures, successes }: CallRate,
  isStanding: boolean,
  minRequests: number,
): boolean {
  const easing = isStanding ? EXIT_RATIO : 1;
  const requestsMin = isStanding ? minRequests * EXIT_REQUESTS_RATIO : minRequests;
  if (requests === 0 || requests < requestsMin) return false;
  return checks === 'ok'
    ? failures / requests >= FAILING_RATIO * easing
    : successes / requests >= SUCCEEDING_RATIO * easing;
}

function describe(
  checks: 'ok' | 'down',
  calls: CallRate,
  isContradiction: boolean,
  windowMs: number,
): string {
  const claim = checks === 'ok' ? 'checks succeed' : 'checks fail';
  const told =
    checks === 'ok' ? describeFailures(calls, windowMs) : describeSuccesses(calls, windowMs);
  return `${claim}${isContradiction ? ' while' : ','} ${told}`;
}
