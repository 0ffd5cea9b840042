import { LimitPassed } from '../facts/deadline.ts';
import type { FailureFacts } from './classify-failure.ts';

/**
 * What an aborted wait means.
 * @param waitedFor completes "No …", for example `answer to ping`
 * @param waitedMs named if `signal` was not aborted by a time limit
 */
export function timeoutFacts(
  waitedFor: string,
  signal: AbortSignal,
  waitedMs: number,
): Extract<FailureFacts, { kind: 'timeout' }> {
  const reason: unknown = signal.reason;
  return { kind: 'timeout', waitedFor, limitMs: limitOf(reason) ?? waitedMs };
}

function limitOf(reason: unknown): number | undefined {
  return reason instanceof LimitPassed ? reason.limitMs : undefined;
}
