import type { ProbeOutcome } from './probe-outcome.ts';
import { weighFailure } from './probe-outcome.ts';
import type { ResponseWindow } from './response-time.ts';
import { addResponse, EMPTY_RESPONSE_WINDOW, meanResponseMs } from './response-time.ts';
import type { MonitorSettings, ServerSpec } from './server.ts';

/** The statuses, in the order of `mcp_server_status_code`. Not a scale beyond `offline`. */
export const STATUSES = [
  'healthy',
  'warning',
  'critical',
  'offline',
  'disabled',
  'unknown',
] as const;
export type Status = (typeof STATUSES)[number];

/**
 * How a status comes about. Three things are remembered apart and put together by `judge`:
 *
 * - the row of `down` failures, which means Offline from `offlineAfter` on, until `healthyAfter` answers in a row;
 * - one finding per source (last steady check, last deep check, response time), each Warning or Critical, the worst wins;
 * - whether the server has answered at all: before that it is Unknown, not Healthy.
 *
 * A `down` failure before the verdict changes neither status nor findings, it only counts. Any other failure shows that
 * the server is reachable, so it ends the row and counts as an answer. A new kind of evidence is a new finding.
 */
export interface HealthState {
  readonly status: Status;
  /** Why, for a person; never empty. */
  readonly reason: string;
  /** Steady checks in a row that did not end `ok`, of whatever weight. */
  readonly consecutiveFailures: number;
  /** Steady checks in a row that ended `ok`. */
  readonly consecutiveSuccesses: number;
  /** Steady checks in a row with a failure of weight `down`. */
  readonly consecutiveDown: number;
  /** Steady checks in a row that the server answered, well or badly. */
  readonly consecutiveAnswers: number;
  readonly hasAnswered: boolean;
  readonly findings: Findings;
  readonly responses: ResponseWindow;
  /** One-minute mean at the last counted check; absent until there was one. */
  readonly responseTimeMs?: number;
}

/** Where a finding comes from; a worse one hides no other, all are said. */
export const FINDING_SOURCES = ['check', 'deep', 'response_time'] as const;
export type FindingSource = (typeof FINDING_SOURCES)[number];

export interface Finding {
  readonly level: 'warning' | 'critical';
  readonly text: string;
}

export type Findings = Readonly<Partial<Record<FindingSource, Finding>>>;

interface CheckEvidence {
  readonly outcome: ProbeOutcome;
  /** One sentence for a person. */
  readonly detail: string;
  readonly hasCredentials: boolean;
  /** The failure may be ours, not the server's: it counts, but the verdict waits. See `connectivity.ts`. */
  readonly isConnectivitySuspected: boolean;
}

export interface SteadyEvidence extends CheckEvidence {
  readonly kind: 'steady';
  /** Of a clock that never goes back. */
  readonly atMs: number;
  /** Absent where the duration is no response time, for example with the start of a child in it. */
  readonly responseMs?: number;
}

export interface DeepEvidence extends CheckEvidence {
  readonly kind: 'deep';
}

export type Evidence = SteadyEvidence | DeepEvidence;
export type HealthSettings = Pick<
  MonitorSettings,
  'offlineAfter' | 'healthyAfter' | 'responseTime'
>;

/** To leave a slow level, the mean must fall below this share of its threshold. */
const SLOW_EXIT_RATIO = 0.9;

/** The state before the first check, and for good where a server is disabled or cannot be checked. */
export function initialHealth(
  server: Pick<ServerSpec, 'unresolved'> & { monitor: Pick<MonitorSettings, 'enabled'> },
): HealthState {
  const base = {
    consecutiveFailures: 0,
    consecutiveSuccesses: 0,
    consecutiveDown: 0,
    consecutiveAnswers: 0,
    hasAnswered: false,
    findings: {},
    responses: EMPTY_RESPONSE_WINDOW,
  };
  if (!server.monitor.enabled)
    return { ...base, status: 'disabled', reason: 'disabled in the configuration' };
  return { ...base, status: 'unknown', reason: server.unresolved ?? 'not checked yet' };
}

export function weighEvidence(
  state: HealthState,
  evidence: Evidence,
  settings: HealthSettings,
): HealthState {
  return evidence.kind === 'deep'
    ? weighDeep(state, evidence)
    : weighSteady(state, evidence, settings);
}

function weighSteady(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  if (evidence.outcome === 'ok') return weighSuccess(state, evidence, settings);
  const failed = {
    ...state,
    consecutiveFailures: state.consecutiveFailures + 1,
    consecutiveSuccesses: 0,
  };
  const weight = weighFailure(evidence.outcome, evidence.hasCredentials);
  if (weight === 'down') {
    const down = { ...failed, consecutiveDown: state.consecutiveDown + 1, consecutiveAnswers: 0 };
    return judgeDown(down, evidence, settings);
  }
  const answered = countAnswer(failed);
  return judgeAnswer(
    {
      ...answered,
      findings: withFinding(state.findings, 'check', { level: weight, text: evidence.detail }),
    },
    evidence,
    settings,
  );
}

function weighSuccess(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  const succeeded = {
    ...countAnswer(state),
    consecutiveFailures: 0,
    consecutiveSuccesses: state.consecutiveSuccesses + 1,
    findings: withFinding(state.findings, 'check', undefined),
  };
  return judgeAnswer(countResponse(succeeded, evidence, settings), evidence, settings);
}

function countAnswer(state: HealthState): HealthState {
  return {
    ...state,
    hasAnswered: true,
    consecutiveDown: 0,
    consecutiveAnswers: state.consecutiveAnswers + 1,
  };
}

function countResponse(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  if (evidence.responseMs === undefined) return state;
  const responses = addResponse(state.responses, evidence.atMs, evidence.responseMs);
  const meanMs = meanResponseMs(responses);
  if (meanMs === undefined) return state;
  const slow = assessResponseTime(
    meanMs,
    settings.responseTime,
    state.findings.response_time?.level,
  );
  return {
    ...state,
    responses,
    responseTimeMs: meanMs,
    findings: withFinding(state.findings, 'response_time', slow),
  };
}

function assessResponseTime(
  meanMs: number,
  thresholds: HealthSettings['responseTime'],
  current: Finding['level'] | undefined,
): Finding | undefined {
  const find = (
    level: Finding['level'],
    thresholdMs: number,
    isAlreadyIn: boolean,
  ): Finding | undefined => {
    const exitMs = thresholdMs * SLOW_EXIT_RATIO;
    if (meanMs < (isAlreadyIn ? exitMs : thresholdMs)) return undefined;
    const limit = meanMs < thresholdMs ? `clears below ${exitMs} ms` : `limit ${thresholdMs} ms`;
    return { level, text: `slow: one-minute mean ${Math.round(meanMs)} ms, ${limit}` };
  };
  return (
    find('critical', thresholds.criticalMs, current === 'critical') ??
    find('warning', thresholds.warningMs, current !== undefined)
  );
}

function judgeDown(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  const count = state.consecutiveDown;
  if (
    state.status === 'offline' ||
    (count >= settings.offlineAfter && !evidence.isConnectivitySuspected)
  ) {
    const row = count === 1 ? 'the check failed' : `${count} checks in a row failed`;
    return { ...state, status: 'offline', reason: `${row}: ${evidence.detail}` };
  }
  const verdict = evidence.isConnectivitySuspected
    ? 'own connectivity suspected, verdict held'
    : `failure ${count} of ${settings.offlineAfter} before Offline`;
  return {
    ...state,
    reason: [`${verdict}: ${evidence.detail}`, ...findingTexts(state.findings)].join('; '),
  };
}

function judgeAnswer(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  if (state.status === 'offline' && state.consecutiveAnswers < settings.healthyAfter) {
    const reason = `answers again, ${state.consecutiveAnswers} of ${settings.healthyAfter} before Offline clears: ${evidence.detail}`;
    return { ...state, reason };
  }
  return judgeFindings(state, evidence.detail);
}

function weighDeep(state: HealthState, evidence: DeepEvidence): HealthState {
  if (evidence.outcome !== 'ok' && evidence.isConnectivitySuspected) return state;
  const found = { ...state, findings: withFinding(state.findings, 'deep', assessDeep(evidence)) };
  // The verdict on a server that is down, or was never seen, belongs to the steady checks alone.
  if (state.status === 'offline' || !state.hasAnswered) return found;
  const judged = judgeFindings(found, evidence.detail);
  const isRowSaid = state.consecutiveDown > 0 && judged.status === state.status;
  return isRowSaid ? found : judged;
}

function assessDeep(evidence: DeepEvidence): Finding | undefined {
  if (evidence.outcome === 'ok') return undefined;
  const weight = weighFailure(evidence.outcome, evidence.hasCredentials);
  return {
    level: weight === 'warning' ? 'warning' : 'critical',
    text: `deep check failed: ${evidence.detail}`,
  };
}

function judgeFindings(state: HealthState, healthyReason: string): HealthState {
  const texts = findingTexts(state.findings);
  if (texts.length === 0) return { ...state, status: 'healthy', reason: healthyReason };
  return { ...state, status: worstLevel(state.findings), reason: texts.join('; ') };
}

function worstLevel(findings: Findings): Finding['level'] {
  return FINDING_SOURCES.some((source) => findings[source]?.level === 'critical')
    ? 'critical'
    : 'warning';
}

/** Worst first. */
function findingTexts(findings: Findings): string[] {
  const present = FINDING_SOURCES.map((source) => findings[source]).filter(
    (finding) => finding !== undefined,
  );
  return ['critical', 'warning'].flatMap((level) =>
    present.filter((finding) => finding.level === level).map((finding) => finding.text),
  );
}

function withFinding(
  findings: Findings,
  source: FindingSource,
  finding: Finding | undefined,
): Findings {
  if (finding === undefined) {
    if (findings[source] === undefined) return findings;
    const { [source]: _cleared, ...others } = findings;
    return others;
  }
  return { ...findings, [source]: finding };
}
