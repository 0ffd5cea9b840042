import type { Hub } from '../../facts/hub.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import { type EventBatch, createEventBatch } from './event-batch.ts';
import { createEventFeed } from './event-feed.ts';
import { createEventHistory } from './event-history.ts';
import { type DescribeServer, formatEvent } from './event-of-fact.ts';

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
  readonly describeServer: DescribeServer;
  /** The data of `summary`; `undefined` if there is none now. Never rejects. */
  readonly readSummary: () => Promise<JsonObject | undefined>;
  readonly listenersMax?: number;
}

export interface EventStream {
  /**
   * @param lastEventId of the last event that the listener received, if any
   * @returns a function that removes the listener, or `undefined` if there are too many already
   */
  add(sink: EventSink, lastEventId?: string): (() => void) | undefined;
  listenerCount(): number;
  /** Ends all streams; no listener is taken afterwards. */
  stop(): void;
}

const LISTENERS_MAX = 100;
const FLUSH_AFTER_MS = 250;
const HEARTBEAT_EVERY_MS = 15_000;
const SUMMARY_EVERY_MS = 5_000;
/** A listener that is this far behind is cut off; its browser comes back and resumes. */
const BACKLOG_BYTES_MAX = 512 * 1024;

/**
 * Turns facts into server-sent events for any number of listeners up to a bound. Events are gathered for a moment and
 * written to all as one text, so that a fleet's checks cost one write per flush; status changes leave at once. A listener
 * that comes back within a minute gets what it missed. Otherwise, without a listener nothing is subscribed and no timer runs.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function createEventStream(options: EventStreamOptions): EventStream {
  const { clock, listenersMax = LISTENERS_MAX } = options;
  const sinks = new Set<EventSink>();
  const history = createEventHistory(clock.nowMs().toString(36));
  const batch = createEventBatch(history, clock, { afterMs: FLUSH_AFTER_MS, broadcast });
  const feed = createEventFeed(options, history, batch, () => sinks.size > 0);
  let stopBeats: (() => void) | undefined;
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
    stopBeats?.();
    stopBeats = undefined;
    feed.closeLater();
  }

  /** The beginning of a stream; an id without data only sets where the listener resumes. */
  function begin(lastEventId: string | undefined): string {
    const retry = 'retry: 2000\n';
    if (lastEventId === undefined) return `${retry}id: ${history.newestId()}\n\n`;
    const missed = history.since(lastEventId);
    if (missed.ok) return `${retry}\n${missed.text}`;
    const reset = { name: 'reset', data: { reason: missed.reason } };
    return `${retry}\n${formatEvent(reset, history.newestId())}`;
  }

  return {
    add(sink, lastEventId) {
      if (isStopped || sinks.size >= listenersMax) return undefined;
      feed.open();
      // What waits is part of what the listener missed, or is none of its business.
      batch.flush();
      sinks.add(sink);
      stopBeats ??= startBeats(options, batch, broadcast);
      sink.write(begin(lastEventId));
      return () => remove(sink);
    },
    listenerCount: () => sinks.size,
    stop() {
      isStopped = true;
      for (const sink of [...sinks]) {
        remove(sink);
        sink.end();
      }
      feed.close();
    },
  };
}

/** Sends what comes at intervals, until the returned function is called. */
function startBeats(
  { clock, readSummary }: EventStreamOptions,
  batch: EventBatch,
  broadcast: (text: string) => void,
): () => void {
  let isStopped = false;
  let heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);
  let summaryTimer = clock.after(SUMMARY_EVERY_MS, summarize);

  function heartbeat(): void {
    heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);
    broadcast(': still here\n\n');
  }

  /** The next one is due only when this one is done, so that a slow journal is not asked twice at once. */
  function summarize(): void {
    void readSummary().then((data) => {
      if (isStopped) return;
      if (data !== undefined) batch.add({ name: 'summary', data, isTransient: true });
      batch.flush();
      summaryTimer = clock.after(SUMMARY_EVERY_MS, summarize);
    });
  }

  return () => {
    isStopped = true;
    heartbeatTimer.cancel();
    summaryTimer.cancel();
  };
}
