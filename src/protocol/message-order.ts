import { resultWithin } from '../facts/deadline.ts';
import type { Clock } from '../facts/ports/clock.ts';

/** How far one message got. Neither rejects. */
export interface Delivery {
  /** It left this process. */
  readonly written: Promise<unknown>;
  /** The other side has it; of the opening also its answer. */
  readonly taken: Promise<unknown>;
}

/** What a message means for the order of those around it. */
export type MessageKind = 'opening' | 'notification' | 'other';

/** Starts deliveries so that the server hears them in the order of the client, as over a pipe. */
export type MessageOrder = (kind: MessageKind, deliver: () => Delivery) => void;

/** A server that is slow to take a notification must not hold up everything else. */
const WAIT_MS_MAX = 2_000;

/**
 * Messages of a conversation that travel as HTTP requests of their own could overtake each other. Nothing passes the
 * opening or a notification, and a notification passes nothing; requests among themselves run side by side.
 */
export function createMessageOrder(clock: Clock): MessageOrder {
  const unwritten = new Set<Promise<unknown>>();
  let barrier: Promise<unknown> = Promise.resolve();

  function start(deliver: () => Delivery): Delivery {
    const delivery = deliver();
    const written = delivery.written.finally(() => unwritten.delete(written));
    unwritten.add(written);
    return delivery;
  }

  return (kind, deliver) => {
    const before = barrier;
    if (kind === 'other') {
      void before.then(() => start(deliver));
      return;
    }
    barrier = before.then(async () => {
      if (kind === 'opening') return start(deliver).taken;
      await resultWithin(clock, WAIT_MS_MAX, Promise.all(unwritten));
      return resultWithin(clock, WAIT_MS_MAX, start(deliver).taken);
    });
  };
}
