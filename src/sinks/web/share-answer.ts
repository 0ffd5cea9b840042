import type { Clock } from '../../facts/ports/clock.ts';
import type { MonotonicMs } from '../../facts/time.ts';

const SHARED_MS = 5_000;

/** Pages of many clients share one question: the answer for thousands of servers is some megabytes, and may be some seconds old. */
export function shareAnswer<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  let shared: { readonly askedMs: MonotonicMs; readonly answer: Promise<T> } | undefined;
  return () => {
    const nowMs = clock.monotonicMs();
    if (shared === undefined || nowMs - shared.askedMs > SHARED_MS)
      shared = { askedMs: nowMs, answer: ask() };
    return shared.answer;
  };
}
