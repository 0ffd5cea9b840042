import type { FailureFacts } from './classify-failure.ts';

/** What an aborted wait means. `waitedFor` completes "No …", for example `answer to ping`. */
export function timeoutFacts(waitedFor: string, waitedMs: number): FailureFacts {
  return { kind: 'timeout', waitedFor, limitMs: waitedMs };
}
