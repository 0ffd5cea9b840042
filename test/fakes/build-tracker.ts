import type { CallRecord } from '../../src/facts/call-record.ts';
import { CallTracker, type CallTrackerOptions } from '../../src/sources/gateway/call-tracker.ts';

/** A tracker with ids that never change and times that no test waits for. */
export function buildTracker(
  changes: Partial<CallTrackerOptions> & Pick<CallTrackerOptions, 'clock'>,
): CallTracker {
  return new CallTracker({
    server: 'files',
    hub: { publish: () => undefined },
    newTraceId: () => '1'.repeat(32),
    newSpanId: () => '2'.repeat(16),
    sample: () => false,
    sessionIdleMs: 60_000,
    answerTimeoutMs: 60_000,
    ...changes,
  });
}

/** A hub that puts the calls into a list, and drops other facts. */
export function callsInto(records: CallRecord[]): CallTrackerOptions['hub'] {
  return { publish: (fact) => void (fact.fact === 'call' && records.push(fact)) };
}
