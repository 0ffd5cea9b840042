import type { CallSummary } from '../../src/facts/call-log.ts';
import { asEpochMs } from '../../src/facts/time.ts';

/** Calls summed up by a key; without failures, tokens and cost unless given. */
export function buildCallSum(key: string, changes: Partial<CallSummary> = {}): CallSummary {
  const calls = changes.calls ?? 10;
  return {
    key,
    calls,
    failures: 0,
    counted: calls,
    meanMs: 20,
    p50Ms: 15,
    p95Ms: 40,
    p99Ms: 60,
    users: 0,
    tokens: 0,
    costUsd: 0,
    lastAtMs: asEpochMs(Date.UTC(2026, 10, 21, 9, 14, 0)),
    ...changes,
  };
}
