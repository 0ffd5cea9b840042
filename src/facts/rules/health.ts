import {
  assessErrorRate,
  assessResponseTime,
  type Finding,
  type Findings,
  findingTexts,
  withFinding,
  worstLevel,
} from './findings.ts';
import { type ProbeOutcome, weighFailure } from '../probe-outcome.ts';
import { type CallRate, describeFailures } from './rate-window.ts';
import {
  addResponse,
  EMPTY_RESPONSE_WINDOW,
  meanResponseMs,
  type ResponseWindow,
} from './response-time.ts';
import type { MonitorSettings, ServerSpec } from '../server.ts';
import type { MonotonicMs } from '../time.ts';

/** The statuses, in the order of `mcp_server_status_code`. Beyond `offline` the order has no meaning. */
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
 * How a status is determined. Three things are tracked separately and combined by `judge`:
 *
 * - consecutive `down` failures, which mean Offline from `offlineAfter` on, until `healthyAfter` consecutive answers;
 * - one finding per source (last steady check, last deep check, error rate of real calls, response time), each Warning or
 *   Critical, the worst wins;
 * - whether the server has answered at all: before that it is Unknown, not Healthy.
 *
 * A `down` failure before the verdict changes neither status nor findings, it is only counted. Any other failure shows
 * that the server is reachable, so it ends the row and counts as an answer. A new kind of evidence is a new finding.
 * Real calls neither lead to Offline nor out of it. Calls that failed while the server was Offline are forgotten when it
 * recovers, because Offline has reported them already and the window would repeat them for minutes.
 */
export interface HealthState {
  readonly status: Status;
  /** Why, as readable text; never empty. */
  readonly reason: string;
  /** Consecutive steady checks that did not end `ok`, whatever their severity. */
  readonly consecutiveFailures: number;
  /** Consecutive steady checks that ended `ok`. */
  readonly consecutiveSuccesses: number;
  /** Consecutive steady checks with a `down` failure. */
  readonly consecutiveDown: number;
  /** Consecutive steady checks that the server answered, successfully or not. */
  readonly consecutiveAnswers: number;
  readonly hasAnswered: boolean;
  readonly findings: Findings;
  readonly responses: ResponseWindow;
  /** One-minute mean at the last steady check; absent if that was no response. Read it by `currentResponseMs`. */
  readonly responseTimeMs?: number;
}

interface CheckEvidence {
  readonly outcome: ProbeOutcome;
  /** One readable sentence. */
  readonly detail: string;
  readonly hasCredentials: boolean;
  /** The failure may be our own, not the server's: it is counted, but the verdict waits. See `connectivity.ts`. */
  readonly isConnectivitySuspected: boolean;
  /** The check timed out because the exporter was late: counted as well, and the verdict waits. See `response-time.ts`. */
  readonly isExporterLate?: boolean;
}

export interface SteadyEvidence extends CheckEvidence {
  readonly kind: 'steady';
  /** Of a monotonic clock. */
  readonly atMs: MonotonicMs;
  /** See `responseOf`. */
  readonly responseMs?: number;
}

export interface DeepEvidence extends CheckEvidence {
  readonly kind: 'deep';
}

/** Real calls through the gateway. */
export interface CallEvidence {
  readonly kind: 'calls';
  readonly atMs: MonotonicMs;
  /** Over the window of the settings. */
  readonly rate: CallRate;
  /** Of tool calls since the last evidence of this kind; only if their latency counts. */
  readonly latency?: { readonly sumMs: number; readonly count: number };
}

export type Evidence = SteadyEvidence | DeepEvidence | CallEvidence;
export type HealthSettings = Pick<
  MonitorSettings,
  'offlineAfter' | 'healthyAfter' | 'responseTime' | 'errorRate'
>;

/**
 * The state before the first check, and permanently if a server is disabled or cannot be checked.
 * @param disabled why it was disabled manually, if it was
 */
export function initialHealth(
  server: Pick<ServerSpec, 'unresolved'> & { monitor: Pick<MonitorSettings, 'enabled'> },
  disabled?: string,
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
  if (disabled !== undefined) return { ...base, status: 'disabled', reason: disabled };
  if (!server.monitor.enabled)
    return { ...base, status: 'disabled', reason: 'disabled in the configuration' };
  return { ...base, status: 'unknown', reason: server.unresolved ?? 'not checked yet' };
}

export function weighEvidence(
  state: HealthState,
  evidence: Evidence,
  settings: HealthSettings,
): HealthState {
  switch (evidence.kind) {
    case 'steady':
      return weighSteady(state, evidence, settings);
    case 'deep':
      return weighDeep(state, evidence);
    case 'calls':
      return weighCalls(state, evidence, settings);
  }
}

function weighSteady(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  if (evidence.outcome === 'ok') return weighSuccess(state, evidence, settings);
  const failed = {
    ...withoutResponseTime(state),
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
  const { atMs, responseMs } = evidence;
  const counted =
    responseMs === undefined
      ? withoutResponseTime(succeeded)
      : countResponses(succeeded, atMs, { sumMs: responseMs, count: 1 }, settings);
  return judgeAnswer(counted, evidence, settings);
}

function withoutResponseTime({ responseTimeMs: _old, ...state }: HealthState): HealthState {
  return state;
}

function countAnswer(state: HealthState): HealthState {
  return {
    ...state,
    hasAnswered: true,
    consecutiveDown: 0,
    consecutiveAnswers: state.consecutiveAnswers + 1,
  };
}

function countResponses(
  state: HealthState,
  atMs: MonotonicMs,
  { sumMs, count }: { readonly sumMs: number; readonly count: number },
  settings: HealthSettings,
): HealthState {
  const responses = addResponse(state.responses, atMs, sumMs, count);
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

function judgeDown(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  const count = state.consecutiveDown;
  const hold = holdOf(evidence);
  if (state.status === 'offline' || (count >= settings.offlineAfter && hold === undefined)) {
    const row = count === 1 ? 'the check failed' : `${count} checks in a row failed`;
    return { ...state, status: 'offline', reason: `${row}: ${evidence.detail}` };
  }
  const verdict = hold ?? `failure ${count} of ${settings.offlineAfter} before Offline`;
  return {
    ...state,
    reason: [`${verdict}: ${evidence.detail}`, ...findingTexts(state.findings)].join('; '),
  };
}

/** Why a failure may be our own; `undefined` if nothing suggests that. */
function holdOf({ isConnectivitySuspected, isExporterLate }: CheckEvidence): string | undefined {
  if (isConnectivitySuspected) return 'own connectivity suspected, verdict held';
  return isExporterLate === true ? 'the exporter itself was late, verdict held' : undefined;
}

function judgeAnswer(
  state: HealthState,
  evidence: SteadyEvidence,
  settings: HealthSettings,
): HealthState {
  if (state.status !== 'offline') return judgeFindings(state, evidence.detail);
  if (state.consecutiveAnswers < settings.healthyAfter) {
    const reason = `answers again, ${state.consecutiveAnswers} of ${settings.healthyAfter} before Offline clears: ${evidence.detail}`;
    return { ...state, reason };
  }
  const findings = withFinding(state.findings, 'error_rate', undefined);
  return judgeFindings({ ...state, findings }, evidence.detail);
}

function weighDeep(state: HealthState, evidence: DeepEvidence): HealthState {
  if (evidence.outcome !== 'ok' && holdOf(evidence) !== undefined) return state;
  const findings = withFinding(state.findings, 'deep', assessDeep(evidence));
  return judgeUnasked({ ...state, findings }, state.status, evidence.detail);
}

function weighCalls(
  state: HealthState,
  { atMs, rate, latency }: CallEvidence,
  settings: HealthSettings,
): HealthState {
  const failing = assessErrorRate(rate, settings.errorRate, state.findings.error_rate?.level);
  const rated = { ...state, findings: withFinding(state.findings, 'error_rate', failing) };
  const found = latency ? countResponses(rated, atMs, latency, settings) : rated;
  // If the calls bring no new evidence, the reason of the checks stays.
  if (found.findings === state.findings) return found;
  return judgeUnasked(found, state.status, describeFailures(rate, settings.errorRate.windowMs));
}

/** Only steady checks decide about a server that is down or has never answered; calls do not cancel a counted failure either. */
function judgeUnasked(found: HealthState, before: Status, healthyReason: string): HealthState {
  if (before === 'offline' || !found.hasAnswered) return found;
  const judged = judgeFindings(found, healthyReason);
  return found.consecutiveDown > 0 && judged.status === before ? found : judged;
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
  const level = worstLevel(state.findings);
  if (level === undefined) return { ...state, status: 'healthy', reason: healthyReason };
  return { ...state, status: level, reason: findingTexts(state.findings).join('; ') };
}

/**
 * The response time of a server now; `undefined` while it is not known, that is while the server is Offline, disabled or
 * unknown, and if the last check failed or says nothing about it.
 */
export function currentResponseMs({
  status,
  consecutiveFailures,
  responseTimeMs,
}: Pick<HealthState, 'status' | 'consecutiveFailures' | 'responseTimeMs'>): number | undefined {
  const isServing = status === 'healthy' || status === 'warning' || status === 'critical';
  return isServing && consecutiveFailures === 0 ? responseTimeMs : undefined;
}
