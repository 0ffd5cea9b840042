import { asMonotonicMs, type MonotonicMs } from '../../facts/time.ts';
import type { ServerWatch } from './server-watch.ts';

/**
 * Whether our own network has failed is judged by several hosts that fail at once, but their checks may be an interval
 * apart, and by then the first server would be Offline. So after a first failure, servers on other hosts are checked at once.
 */
export interface Witnesses {
  recheck(lostHost: string, atMs: MonotonicMs, watches: Iterable<WitnessWatch>): void;
}

type WitnessWatch = Pick<ServerWatch, 'host' | 'recheckAsWitness'>;

const WITNESSES_MAX = 3;
/** Minimum time between two rounds, so that many failures do not multiply the checks. */
const PAUSE_MS = 10_000;

export function createWitnesses(): Witnesses {
  let lastAtMs = asMonotonicMs(Number.NEGATIVE_INFINITY);
  return {
    recheck(lostHost, atMs, watches) {
      if (atMs - lastAtMs < PAUSE_MS) return;
      lastAtMs = atMs;
      const hosts = new Set([lostHost]);
      for (const watch of watches) {
        if (watch.host === undefined || hosts.has(watch.host) || !watch.recheckAsWitness())
          continue;
        hosts.add(watch.host);
        if (hosts.size > WITNESSES_MAX) return;
      }
    },
  };
}
