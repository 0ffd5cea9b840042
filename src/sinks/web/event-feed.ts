import type { Hub } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { EventBatch } from './event-batch.ts';
import type { EventHistory } from './event-history.ts';
import { type DescribeServer, eventOfFact } from './event-of-fact.ts';

/** Puts facts into a batch as events while it is open. */
export interface EventFeed {
  open(): void;
  /** Closes it after a while, unless it is opened again. */
  closeLater(): void;
  close(): void;
}

interface EventFeedOptions {
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly clock: Clock;
  readonly describeServer: DescribeServer;
}

/** After the last listener: a page that is loaded again, or a phone between two networks, is back by then. */
const LINGER_MS = 60_000;

export function createEventFeed(
  { hub, clock, describeServer }: EventFeedOptions,
  history: Pick<EventHistory, 'forget'>,
  batch: EventBatch,
  hasListeners: () => boolean,
): EventFeed {
  let unsubscribe: (() => void) | undefined;
  let linger: Timer | undefined;

  function subscribe(): () => void {
    return hub.subscribe((fact) => {
      // Checks are most of the facts, and nobody gets those that were missed.
      if (fact.fact === 'probe' && !hasListeners()) return;
      const event = eventOfFact(fact, describeServer);
      if (event === undefined) return;
      batch.add(event);
      if (fact.fact === 'status') batch.flush();
    });
  }

  function stay(): void {
    linger?.cancel();
    linger = undefined;
  }

  function close(): void {
    stay();
    unsubscribe?.();
    unsubscribe = undefined;
    batch.flush();
    history.forget();
  }

  return {
    open() {
      stay();
      unsubscribe ??= subscribe();
    },
    closeLater() {
      stay();
      linger = clock.after(LINGER_MS, close);
    },
    close,
  };
}
