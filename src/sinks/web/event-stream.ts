import type { Hub } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import { eventOfFact, formatEvent, type StreamEvent } from './event-of-fact.ts';

/** Where events are written: the part of a response that is needed. */
export interface EventSink {
  /** Bytes accepted and not yet sent. */
  readonly writableLength: number;
  write(text: string): void;
  end(): void;
  destroy(): void;
}

export interface EventStreamOptions {
  readonly hub: Pick<Hub, 'subscribe'>;
  readonly clock: Clock;
  readonly listenersMax?: number;
}

export interface EventStream {
  /** Returns a function that removes the listener, or `undefined` if there are too many already. */
  add(sink: EventSink): (() => void) | undefined;
  listenerCount(): number;
  /** Ends all streams; no listener is taken afterwards. */
  stop(): void;
}

const LISTENERS_MAX = 100;
const FLUSH_AFTER_MS = 250;
const HEARTBEAT_EVERY_MS = 15_000;
/** Events between two flushes; 10,000 servers at 30 s make about 85. */
const PENDING_EVENTS_MAX = 2_000;
/** A listener that is this far behind is cut off; its browser comes back and reads the present state. */
const BACKLOG_BYTES_MAX = 512 * 1024;

/**
 * Turns facts into server-sent events for any number of listeners up to a bound. Events are gathered for a moment and
 * written to all as one text, so that a fleet's checks cost one write per flush; status changes leave at once.
 * Without a listener nothing is subscribed and no timer runs.
 */
export function createEventStream(options: EventStreamOptions): EventStream {
  const { hub, clock, listenersMax = LISTENERS_MAX } = options;
  const sinks = new Set<EventSink>();
  let stopFeed: (() => void) | undefined;
  let isStopped = false;

  function broadcast(text: string): void {
    for (const sink of sinks) {
      if (sink.writableLength > BACKLOG_BYTES_MAX) {
        remove(sink);
        sink.destroy();
      } else {
        sink.write(text);
      }
    }
  }

  function remove(sink: EventSink): void {
    if (!sinks.delete(sink) || sinks.size > 0) return;
    stopFeed?.();
    stopFeed = undefined;
  }

  return {
    add(sink) {
      if (isStopped || sinks.size >= listenersMax) return undefined;
      stopFeed ??= startFeed(hub, clock, broadcast);
      sinks.add(sink);
      sink.write('retry: 2000\n\n');
      return () => remove(sink);
    },
    listenerCount: () => sinks.size,
    stop() {
      isStopped = true;
      for (const sink of [...sinks]) {
        remove(sink);
        sink.end();
      }
    },
  };
}

/** Hands gathered events and heartbeats to `broadcast` until the returned function is called. */
function startFeed(
  hub: EventStreamOptions['hub'],
  clock: Clock,
  broadcast: (text: string) => void,
): () => void {
  const batch = createBatch();
  let flushTimer: Timer | undefined;
  let heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);

  function heartbeat(): void {
    heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);
    broadcast(': still here\n\n');
  }

  function flush(): void {
    flushTimer?.cancel();
    flushTimer = undefined;
    const text = batch.take();
    if (text !== '') broadcast(text);
  }

  const unsubscribe = hub.subscribe((fact) => {
    const event = eventOfFact(fact);
    if (event === undefined) return;
    batch.add(event);
    if (fact.fact === 'status') flush();
    else flushTimer ??= clock.after(FLUSH_AFTER_MS, flush);
  });
  return () => {
    unsubscribe();
    flushTimer?.cancel();
    heartbeatTimer.cancel();
  };
}

interface Batch {
  add(event: StreamEvent): void;
  /** Everything since the last time as one text, and how many events were too many. */
  take(): string;
}

function createBatch(): Batch {
  let texts: string[] = [];
  let droppedCount = 0;
  return {
    add(event) {
      if (texts.length >= PENDING_EVENTS_MAX) droppedCount += 1;
      else texts.push(formatEvent(event));
    },
    take() {
      if (droppedCount > 0)
        texts.push(formatEvent({ name: 'dropped', data: { count: droppedCount } }));
      const text = texts.join('');
      texts = [];
      droppedCount = 0;
      return text;
    },
  };
}
