import PQueue from 'p-queue';
import type { OddServer } from './servers/odd-server.ts';

/** Runs an attempt for a server when there is room for it. */
export type Admit = <T>(odd: OddServer, attempt: () => Promise<T>) => Promise<T>;

/**
 * Attempts that only wait share room of their own, so that they delay nobody; those that start processes get little.
 * @param working attempts that work at the same time
 */
export function createLanes(working: number): Admit {
  const waiting = new PQueue({ concurrency: 4 * working });
  const waitingProcesses = new PQueue({ concurrency: 2 * working });
  const processes = new PQueue({ concurrency: Math.ceil(working / 2) });
  const others = new PQueue({ concurrency: working });
  return (odd, attempt) => {
    const [lane, waitingLane] =
      odd.transport === 'stdio' ? [processes, waitingProcesses] : [others, waiting];
    return (odd.waits === undefined ? lane : waitingLane).add(attempt);
  };
}
