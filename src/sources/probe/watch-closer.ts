import { endsWithin } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { createLane } from './lane.ts';
import type { ServerWatch } from './server-watch.ts';

/** Closes the connections of halted watches, many at a time, and reports when a server has none left. */
export interface WatchCloser {
  /** Resolves when no connection of that server is open any more: two children of one command may fight for a port or a lock file. */
  close(watch: ServerWatch): Promise<unknown>;
  /** Resolves when everything is closed or the time limit has passed. */
  allClosed(): Promise<unknown>;
}

const STOP_MS_MAX = 15_000;

export function createWatchCloser(clock: Clock): WatchCloser {
  const lane = createLane({
    concurrency: 256,
    patienceMs: 1_000,
    stragglersMax: Number.POSITIVE_INFINITY,
    clock,
  });
  /** What is not closed yet, by server. */
  const closing = new Map<string, Promise<unknown>>();

  function closeOne(watch: ServerWatch): Promise<void> {
    return new Promise((resolve) => {
      lane.run(() => watch.close().finally(resolve), 0);
    });
  }

  return {
    close(watch) {
      const { name } = watch.spec;
      const closed = Promise.all([closing.get(name), closeOne(watch)]).finally(() => {
        if (closing.get(name) === closed) closing.delete(name);
      });
      closing.set(name, closed);
      return closed;
    },
    allClosed: () => endsWithin(clock, STOP_MS_MAX, Promise.all(closing.values())),
  };
}
