import type { Clock, Timer } from '../facts/ports/clock.ts';

export interface GatewayWatchOptions {
  readonly clock: Clock;
  /** Whether the gateway answers and has the server. Never rejects. */
  readonly ask: () => Promise<boolean>;
  readonly onFound: () => void;
}

/** Waits for a gateway that went away, or was not there, by asking for it at growing intervals. */
export interface GatewayWatch {
  /** Asks until `onFound` is called. */
  start(): void;
  /** The gateway that was found cannot be used: asks again, later than before. */
  retry(): void;
  stop(): void;
}

/** Most often a gateway is restarted; one that stays away for long is not missed for a minute. */
const FIRST_DELAY_MS = 1_000;
const DELAY_MS_MAX = 60_000;

export function createGatewayWatch({ clock, ask, onFound }: GatewayWatchOptions): GatewayWatch {
  let delayMs = FIRST_DELAY_MS;
  let timer: Timer | undefined;
  let isStopped = true;

  function wait(): void {
    timer = clock.after(delayMs, () => void look());
    delayMs = Math.min(2 * delayMs, DELAY_MS_MAX);
  }

  async function look(): Promise<void> {
    const isThere = await ask();
    if (isStopped) return;
    if (isThere) onFound();
    else wait();
  }

  return {
    start() {
      isStopped = false;
      delayMs = FIRST_DELAY_MS;
      wait();
    },
    retry: wait,
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
