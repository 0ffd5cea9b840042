import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';

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
  /** Nothing when the number of listeners is at its bound; otherwise a function that takes the listener off. */
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
 * written to all as one text, so that a fleet's checks cost one write a flush; status changes leave at once.
 * Without a listener nothing is subscribed and no timer runs.
 */
export function createEventStream(options: EventStreamOptions): EventStream {
  const { hub, clock } = options;
  const listenersMax = options.listenersMax ?? LISTENERS_MAX;
  const sinks = new Set<EventSink>();
  let pending: string[] = [];
  let droppedCount = 0;
  let flushTimer: Timer | undefined;
  let heartbeatTimer: Timer | undefined;
  let unsubscribe: (() => void) | undefined;
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

  function flush(): void {
    flushTimer?.cancel();
    flushTimer = undefined;
    if (droppedCount > 0) pending.push(formatEvent('dropped', { count: droppedCount }));
    const text = pending.join('');
    pending = [];
    droppedCount = 0;
    if (text !== '') broadcast(text);
  }

  function onFact(fact: Fact): void {
    const event = describeFact(fact);
    if (event === undefined) return;
    if (pending.length >= PENDING_EVENTS_MAX) droppedCount += 1;
    else pending.push(formatEvent(event.name, event.data));
    if (fact.fact === 'status') flush();
    else flushTimer ??= clock.after(FLUSH_AFTER_MS, flush);
  }

  function heartbeat(): void {
    heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);
    broadcast(': still here\n\n');
  }

  function remove(sink: EventSink): void {
    if (!sinks.delete(sink) || sinks.size > 0) return;
    unsubscribe?.();
    unsubscribe = undefined;
    flushTimer?.cancel();
    flushTimer = undefined;
    heartbeatTimer?.cancel();
    heartbeatTimer = undefined;
    pending = [];
    droppedCount = 0;
  }

  return {
    add(sink) {
      if (isStopped || sinks.size >= listenersMax) return undefined;
      if (sinks.size === 0) {
        unsubscribe = hub.subscribe(onFact);
        heartbeatTimer = clock.after(HEARTBEAT_EVERY_MS, heartbeat);
      }
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

interface Event {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Servers' texts are JSON strings here, so that a line break of theirs cannot end the event. */
function formatEvent(name: string, data: Event['data']): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function describeFact(fact: Fact): Event | undefined {
  switch (fact.fact) {
    case 'probe':
      return {
        name: 'check',
        data: {
          server: fact.server,
          kind: fact.report.kind,
          outcome: fact.report.outcome,
          status: fact.status,
          started_at: new Date(fact.report.startedAtMs).toISOString(),
          duration_seconds: fact.report.durationMs / 1_000,
        },
      };
    case 'status':
      return {
        name: 'status',
        data: {
          server: fact.server,
          from: fact.from,
          to: fact.to,
          reason: fact.reason,
          at: new Date(fact.atMs).toISOString(),
        },
      };
    case 'definitions':
      return { name: 'definitions', data: { server: fact.server, changes: fact.changes.length } };
    case 'server_added':
      return { name: 'added', data: { server: fact.server.name } };
    case 'server_removed':
      return { name: 'removed', data: { server: fact.server } };
    case 'reload':
      return { name: 'reload', data: { ok: fact.ok } };
    case 'alert':
      return {
        name: 'alert',
        data: {
          alertname: fact.alertname,
          status: fact.status,
          server: fact.labels['server'],
          severity: fact.labels['severity'],
          started_at: new Date(fact.startsAtMs).toISOString(),
        },
      };
    case 'action':
      return {
        name: 'action',
        data: { kind: fact.kind, server: fact.server, alert_id: fact.alertId },
      };
    case 'connectivity':
      return { name: 'connectivity', data: { suspected: fact.suspected } };
    // Children, and what traffic brings, are no news for these pages.
    default:
      return undefined;
  }
}
