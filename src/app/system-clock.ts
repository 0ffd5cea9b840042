import type { Clock } from '../facts/ports/clock.ts';
import { asEpochMs, asMonotonicMs } from '../facts/time.ts';

/** The longest delay of `setTimeout`; a longer one would fire at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The machine's own time. Delays past 24.8 days are cut to that. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => asEpochMs(Date.now()),
    monotonicMs: () => asMonotonicMs(performance.now()),
    after(delayMs, run) {
      const handle = setTimeout(run, Math.min(delayMs, DELAY_MS_MAX));
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
