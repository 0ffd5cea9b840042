import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/facts/ports/clock.ts';
import { asEpochMs, asMonotonicMs } from '../../src/facts/time.ts';

/** The machine's clock, for tests that talk to real sockets. Timers do not keep the process. */
export const REAL_CLOCK: Clock = {
  nowMs: () => asEpochMs(Date.now()),
  monotonicMs: () => asMonotonicMs(performance.now()),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
