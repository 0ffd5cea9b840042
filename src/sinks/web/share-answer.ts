import type { Clock } from '../../facts/ports/clock.ts';
import type { MonotonicMs } from '../../facts/time.ts';

const SHARED_MS = 5_000;
/** Questions of different keys that are remembered. */
const KEYS_MAX = 16;

/** Pages of many clients share one question: the answer for thousands of servers is some megabytes, and may be some seconds old. */
export function shareAnswer<T>(clock: Clock, ask: () => Promise<T>): () => Promise<T> {
  const shareOne = shareAnswers(clock, ask);
  return () => shareOne(0);
}

/** The same for questions that differ in a number. */
export function shareAnswers<T>(
  clock: Clock,
  ask: (key: number) => Promise<T>,
): (key: number) => Promise<T> {
  const shared = new Map<number, { readonly askedMs: MonotonicMs; readonly answer: Promise<T> }>();
  return (key) => {
    const nowMs = clock.monotonicMs();
    const known = shared.get(key);
    if (known !== undefined && nowMs - known.askedMs <= SHARED_MS) return known.answer;
    shared.delete(key);
    const [oldest] = shared.keys();
    if (oldest !== undefined && shared.size >= KEYS_MAX) shared.delete(oldest);
    const answer = ask(key);
    shared.set(key, { askedMs: nowMs, answer });
    return answer;
  };
}
