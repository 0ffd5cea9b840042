export interface FairShare {
  /** Takes a place for one request of a client, or refuses it. */
  enter(client: string): boolean;
  leave(client: string): void;
  /** Takes effect for requests from now on; nobody is thrown out. */
  setMax(max: number): void;
  readonly inFlight: number;
}

/** Clients without a request that stay known: a client that calls again and again costs no entry each time. */
const IDLE_CLIENTS_MAX = 1_024;

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
  const clients = new Map<string, { held: number }>();
  let max = maxAtFirst;
  let inFlight = 0;
  /** Clients that hold a place. */
  let here = 0;
  return {
    get inFlight() {
      return inFlight;
    },
    enter(client) {
      if (inFlight >= max) return false;
      const known = clients.get(client);
      const own = known?.held ?? 0;
      if (inFlight >= max - Math.floor(max * RESERVED_RATIO)) {
        const withThis = here + (own === 0 ? 1 : 0);
        if (own >= Math.min(max / (withThis + 1), max - inFlight)) return false;
      }
      if (own === 0) here++;
      if (known) known.held++;
      else clients.set(client, { held: 1 });
      inFlight++;
      return true;
    },
    leave(client) {
      const known = clients.get(client);
      if (!known || known.held === 0) return;
      inFlight--;
      known.held--;
      if (known.held > 0) return;
      here--;
      if (clients.size - here > IDLE_CLIENTS_MAX) clients.delete(client);
    },
    setMax(now) {
      max = now;
    },
  };
}
