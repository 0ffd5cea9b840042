import PQueue from 'p-queue';
import { endsWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';

/**
 * Bounded concurrency for checks, in which a server that hangs costs only its own slot.
 *
 * A task that runs longer than `patienceMs` is waiting, not working: it gives its slot to the next one and is counted as
 * a straggler. Only when there are `stragglersMax` of them do slow tasks keep their slots. So
 * thousands of servers that hang at once delay no other server below that bound, and bursts of work stay within
 * `concurrency`.
 */
export interface Lane {
  /** `task` must not reject. Higher priorities run first, equal ones in order. */
  run(task: () => Promise<void>, priority: number): void;
  /** Tasks that wait for a slot. */
  size(): number;
}

export interface LaneOptions {
  readonly concurrency: number;
  readonly patienceMs: number;
  readonly stragglersMax: number;
  readonly clock: Clock;
}

export function createLane({ concurrency, patienceMs, stragglersMax, clock }: LaneOptions): Lane {
  const queue = new PQueue({ concurrency });
  let stragglers = 0;

  async function occupy(task: () => Promise<void>): Promise<void> {
    const work = task();
    const isDone = await endsWithin(clock, patienceMs, work);
    if (isDone || stragglers >= stragglersMax) return work;
    stragglers += 1;
    void work.finally(() => {
      stragglers -= 1;
    });
  }

  return {
    run(task, priority) {
      void queue.add(() => occupy(task), { priority });
    },
    size: () => queue.size,
  };
}
