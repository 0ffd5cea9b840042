export interface FairShare {
  /** Takes a place for one request of a client, or refuses it. */
  enter(client: string): boolean;
  leave(client: string): void;
  /** Takes effect for requests from now on; nobody is thrown out. */
  setMax(max: number): void;
  readonly inFlight: number;
}

/** This part of the places is kept for clients that hold less than their fair share. */
export const RESERVED_RATIO = 1 / 8;

/**
 * A cap on requests in flight under which one greedy client cannot shut the others out.
 *
 * Up to seven eighths of the cap everybody enters. Beyond that only a client does that holds less than a fair share,
 * which is the cap divided by the clients that are here and one more, and less than what is left. So each newcomer
 * leaves about half of what it found to the next one, and the cap itself is never exceeded.
 */
export function createFairShare(maxAtFirst: number): FairShare {
  /** No more entries than requests in flight. */
  const held = new Map<string, number>();
  let max = maxAtFirst;
  let inFlight = 0;
  return {
    get inFlight() {
      return inFlight;
    },
    enter(client) {
      if (inFlight >= max) return false;
      const own = held.get(client) ?? 0;
      if (inFlight >= max - Math.floor(max * RESERVED_RATIO)) {
        const clients = held.size + (own === 0 ? 1 : 0);
        if (own >= Math.min(max / (clients + 1), max - inFlight)) return false;
      }
      held.set(client, own + 1);
      inFlight++;
      return true;
    },
    leave(client) {
      const own = held.get(client);
      if (own === undefined) return;
      inFlight--;
      if (own > 1) held.set(client, own - 1);
      else held.delete(client);
    },
    setMax(now) {
      max = now;
    },
  };
}
