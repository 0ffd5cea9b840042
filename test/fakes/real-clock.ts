import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/probe/ports.ts';

/** The machine's clock, for tests that talk to real sockets. Timers do not keep the process. */
export const REAL_CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
