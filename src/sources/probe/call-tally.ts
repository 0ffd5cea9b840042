import type { CallOutcome } from '../../facts/call-outcome.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { ServerView } from '../../facts/ports/server-view.ts';
import type { CallEvidence, HealthState } from '../../facts/rules/health.ts';
import { createRateWindow, type RateWindow } from '../../facts/rules/rate-window.ts';
import type { MonitorSettings } from '../../facts/server.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import {
  AGREEMENT,
  type DisagreementState,
  verdictOfChecks,
  weighDisagreement,
} from './disagreement.ts';
import type { ExpediteReason } from './schedule.ts';

/**
 * What the real calls of one server add up to. Plain data that the functions of this file change in place; a server
 * without calls has no window.
 */
export interface CallTally {
  settings: Pick<MonitorSettings, 'errorRate' | 'callLatency'>;
  window?: RateWindow;
  /** Whether the last call that is evidence about the server failed to reach it. */
  hasFailed: boolean;
  /** Of successful tool calls since the last evidence, if their latency counts. */
  latencySumMs: number;
  latencyCount: number;
  disagreement: DisagreementState;
}

/** Whether the server itself was reached; errors of the caller and refusals by the gateway are no evidence of that. */
const REACHES: Readonly<Record<CallOutcome, 'reached' | 'unreached' | undefined>> = {
  success: 'reached',
  input_required: 'reached',
  tool_error: 'reached',
  rpc_error: 'reached',
  transport_error: 'unreached',
  timeout: 'unreached',
  client_error: undefined,
  cancelled: undefined,
  denied: undefined,
  rate_limited: undefined,
};

export function createCallTally(settings: CallTally['settings']): CallTally {
  return {
    settings,
    hasFailed: false,
    latencySumMs: 0,
    latencyCount: 0,
    disagreement: AGREEMENT,
  };
}

/** Calls that were counted over a window of another length are forgotten. */
export function changeTally(tally: CallTally, settings: CallTally['settings']): void {
  const { windowMs } = settings.errorRate;
  if (tally.window && windowMs !== tally.settings.errorRate.windowMs)
    tally.window = createRateWindow(windowMs);
  tally.settings = settings;
}

/**
 * Counts a call that ended; cheap, because it runs for every call.
 * @returns why the next check should come sooner; `undefined` if it need not
 */
export function countCall(
  tally: CallTally,
  { outcome, operation, durationMs }: Pick<CallRecord, 'outcome' | 'operation' | 'durationMs'>,
  atMs: MonotonicMs,
): ExpediteReason | undefined {
  tally.window ??= createRateWindow(tally.settings.errorRate.windowMs);
  tally.window.note(atMs, outcome);
  if (tally.settings.callLatency && outcome === 'success' && operation === 'tools/call') {
    tally.latencySumMs += durationMs;
    tally.latencyCount += 1;
  }
  const reaches = REACHES[outcome];
  if (reaches === undefined) return undefined;
  const hadFailed = tally.hasFailed;
  tally.hasFailed = reaches === 'unreached';
  if (tally.hasFailed) return 'failed';
  return hadFailed ? 'recovered' : 'answered';
}

/** Evidence for the health of the server; `undefined` if there never was a call. Latency counts once. */
export function takeEvidence(tally: CallTally, atMs: MonotonicMs): CallEvidence | undefined {
  if (!tally.window) return undefined;
  const { latencySumMs: sumMs, latencyCount: count } = tally;
  tally.latencySumMs = 0;
  tally.latencyCount = 0;
  const rate = tally.window.read(atMs);
  return { kind: 'calls', atMs, rate, ...(count > 0 && { latency: { sumMs, count } }) };
}

/**
 * Compares the calls with what the checks say.
 * @returns the disagreement if it began or ended
 */
export function compareWithChecks(
  tally: CallTally,
  health: HealthState,
  atMs: MonotonicMs,
): DisagreementState | undefined {
  if (!tally.window) return undefined;
  const before = tally.disagreement;
  const evidence = { checks: verdictOfChecks(health), calls: tally.window.read(atMs), atMs };
  tally.disagreement = weighDisagreement(before, evidence, tally.settings.errorRate);
  return tally.disagreement.disagrees === before.disagrees ? undefined : tally.disagreement;
}

/** Whether something is in force that must end once the window has moved on, even without further calls. */
export function mustBeWeighedAgain(
  { disagreement }: CallTally,
  { findings }: Pick<HealthState, 'findings'>,
): boolean {
  return (
    findings.error_rate !== undefined ||
    disagreement.disagrees ||
    disagreement.sinceMs !== undefined
  );
}

export function viewCalls(
  { window, disagreement, settings }: CallTally,
  atMs: MonotonicMs,
): Pick<ServerView, 'errorRate' | 'disagreement'> {
  const rate = window?.read(atMs);
  return {
    ...(rate &&
      rate.requests > 0 && {
        errorRate: {
          ratio: rate.failures / rate.requests,
          requests: rate.requests,
          windowMs: settings.errorRate.windowMs,
        },
      }),
    ...(disagreement.disagrees && { disagreement: disagreement.detail }),
  };
}
