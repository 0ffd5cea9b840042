import type { Clock } from '../../src/facts/ports/clock.ts';
import { asEpochMs, asMonotonicMs } from '../../src/facts/time.ts';

export interface FakeClock extends Clock {
  /** Runs every timer that falls due, in order, and lets promises settle after each moment. */
  advance(ms: number): Promise<void>;
  /** Timers that were neither run nor cancelled. */
  pendingCount(): number;
}

/** A clock that stands still until told otherwise; timers of one moment run in the order in which they were set. */
export function createFakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0;
  let sequence = 0;
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();

  function takeDue(untilMs: number): (() => void)[] {
    let firstMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of timers.values()) firstMs = Math.min(firstMs, atMs);
    if (firstMs > untilMs) return [];
    elapsedMs = Math.max(elapsedMs, firstMs);
    const due = [...timers].filter(([, { atMs }]) => atMs <= elapsedMs);
    // Taken one by one when they run: an earlier one may cancel a later one of the same moment.
    return due.map(([id, timer]) => () => {
      if (timers.delete(id)) timer.run();
    });
  }

  return {
    nowMs: () => asEpochMs(startMs + elapsedMs),
    monotonicMs: () => asMonotonicMs(elapsedMs),
    after(delayMs, run) {
      const id = (sequence += 1);
      timers.set(id, { atMs: elapsedMs + Math.max(0, delayMs), run });
      return { cancel: () => timers.delete(id) };
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settlePromises();
      for (let due = takeDue(untilMs); due.length > 0; due = takeDue(untilMs)) {
        for (const run of due) run();
        await settlePromises();
      }
      elapsedMs = untilMs;
    },
    pendingCount: () => timers.size,
  };
}

/** All microtasks run before the next turn of the event loop. */
function settlePromises(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
