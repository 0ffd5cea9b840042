import type { Clock, Timer } from '../facts/ports/clock.ts';
import { later, type MonotonicMs } from '../facts/time.ts';

/**
 * How late our own event loop was, so that a check does not blame its server for it.
 *
 * Node does not report when the bytes of an answer arrived, only when the loop came to reading them. While a check runs, a
 * timer of `SAMPLE_MS` fires; the time by which it fires late is time in which nothing was read. Between checks no timer runs.
 */
export interface LoopWatch {
  /** Call `end` once for each `begin`. */
  begin(): void;
  end(): void;
  /** Milliseconds of the time span in which the loop was late. The span must lie between `begin` and `end`. */
  lateMs(from: MonotonicMs, to: MonotonicMs): number;
}

const SAMPLE_MS = 25;
/** Timers are never exact. */
const TOLERANCE_MS = 10;
/** Of the most recent stalls: enough for a check of several minutes on a loop that is hardly ever on time. */
const STALLS_MAX = 1_000;

interface Stall {
  readonly from: MonotonicMs;
  readonly to: MonotonicMs;
}

export function createLoopWatch(clock: Clock): LoopWatch {
  const stalls: Stall[] = [];
  let users = 0;
  let timer: Timer | undefined;
  let dueMs = clock.monotonicMs();

  function arm(): void {
    dueMs = later(clock.monotonicMs(), SAMPLE_MS);
    timer = clock.after(SAMPLE_MS, () => {
      noteStall(clock.monotonicMs());
      arm();
    });
  }

  function noteStall(nowMs: MonotonicMs): void {
    if (nowMs - dueMs <= TOLERANCE_MS) return;
    stalls.push({ from: dueMs, to: nowMs });
    if (stalls.length > STALLS_MAX) stalls.shift();
  }

  return {
    begin() {
      users += 1;
      if (users === 1) arm();
    },
    end() {
      users -= 1;
      if (users > 0) return;
      timer?.cancel();
      stalls.length = 0;
    },
    lateMs(from, to) {
      // The loop may read the answer before it comes to the overdue timer.
      const nowMs = clock.monotonicMs();
      const pending = nowMs - dueMs > TOLERANCE_MS ? [{ from: dueMs, to: nowMs }] : [];
      return [...stalls, ...pending].reduce((sum, stall) => sum + overlapMs(stall, from, to), 0);
    },
  };
}

function overlapMs(stall: Stall, from: MonotonicMs, to: MonotonicMs): number {
  return Math.max(0, Math.min(stall.to, to) - Math.max(stall.from, from));
}
