import type { CallRecord } from '../../facts/call-record.ts';

/** Calls that wait to be counted together: the code takes a third of the time when it runs for many of them in a row. */
export interface CallQueue {
  add(call: CallRecord): void;
  /** Counts what waits, now: before anything that depends on it. */
  flush(): void;
}

/** A record has the arguments of its call, if they are kept. */
const WAITING_MAX = 128;

/** @param record must not depend on when it is called */
export function createCallQueue(record: (call: CallRecord) => void): CallQueue {
  let waiting: CallRecord[] = [];

  function flush(): void {
    const calls = waiting;
    if (calls.length === 0) return;
    waiting = [];
    let fault: { readonly error: unknown } | undefined;
    for (const call of calls) {
      try {
        record(call);
      } catch (error) {
        fault ??= { error };
      }
    }
    if (fault) throw fault.error;
  }

  return {
    add(call) {
      waiting.push(call);
      if (waiting.length >= WAITING_MAX) flush();
    },
    flush,
  };
}
