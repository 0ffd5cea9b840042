import type { CheckReport } from '../../facts/check-report.ts';
import { maskText } from '../../facts/rules/mask-text.ts';
import type { Secret } from '../../facts/secret.ts';
import type { CheckOptions } from './ports.ts';
import { resultUnlessAborted, resultWithin, startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';

/** How long a check may take to finish after it was aborted. */
const GRACE_MS = 1_000;

export interface CheckGuardOptions {
  readonly kind: CheckReport['kind'];
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** Ends the check early. */
  readonly signal: AbortSignal;
  readonly secrets: readonly Secret[];
}

export interface GuardedCheck {
  readonly report: CheckReport;
  /** The check ignored its signal and may never end: its connection must not be used again. */
  readonly isAbandoned: boolean;
}

/**
 * Runs one check and returns within `timeoutMs` plus a second, whatever the check does: a client library that ignores its
 * signal, or throws, must not break the schedule.
 */
export async function guardCheck(
  run: (options: CheckOptions) => Promise<CheckReport>,
  { kind, timeoutMs, clock, signal, secrets }: CheckGuardOptions,
): Promise<GuardedCheck> {
  const startedAtMs = clock.nowMs();
  const startedMonotonicMs = clock.monotonicMs();
  const failed = (outcome: 'timeout' | 'protocol', detail: string): CheckReport => ({
    kind,
    outcome,
    detail,
    startedAtMs,
    durationMs: clock.monotonicMs() - startedMonotonicMs,
    phasesMs: {},
    steps: [],
    bytesSent: 0,
    bytesReceived: 0,
  });
  const deadline = startDeadline(clock, timeoutMs, signal);
  const runSafely = async (): Promise<CheckReport> => {
    try {
      return await run({ signal: deadline.signal });
    } catch (error) {
      const message = maskText(error instanceof Error ? error.message : String(error), secrets);
      return failed('protocol', `the check itself failed: ${message}`);
    }
  };
  try {
    const check = runSafely();
    const report =
      (await resultUnlessAborted(check, deadline.signal)) ??
      (await resultWithin(clock, GRACE_MS, check));
    if (report !== undefined) return { report, isAbandoned: false };
    return {
      report: failed('timeout', `no answer within ${timeoutMs} ms, not even to being stopped`),
      isAbandoned: true,
    };
  } finally {
    deadline.end();
  }
}
