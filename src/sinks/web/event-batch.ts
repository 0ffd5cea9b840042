import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { EventHistory } from './event-history.ts';
import type { StreamEvent } from './event-of-fact.ts';

/** Gathers events for a moment, so that they leave as one text. */
export interface EventBatch {
  /** Sent a moment later, or with the next flush. */
  add(event: StreamEvent): void;
  /** Sends what was gathered now. */
  flush(): void;
}

interface EventBatchOptions {
  readonly afterMs: number;
  readonly broadcast: (text: string) => void;
}

/** Transient events between two flushes; 10,000 servers at 30 s make about 85. The others are few. */
const TRANSIENT_EVENTS_MAX = 2_000;

export function createEventBatch(
  history: Pick<EventHistory, 'add'>,
  clock: Clock,
  { afterMs, broadcast }: EventBatchOptions,
): EventBatch {
  let texts: string[] = [];
  let transientCount = 0;
  let droppedCount = 0;
  let timer: Timer | undefined;

  function flush(): void {
    timer?.cancel();
    timer = undefined;
    if (droppedCount > 0)
      texts.push(
        history.add({ name: 'dropped', data: { count: droppedCount }, isTransient: true }),
      );
    const text = texts.join('');
    texts = [];
    transientCount = 0;
    droppedCount = 0;
    if (text !== '') broadcast(text);
  }

  return {
    add(event) {
      if (event.isTransient && transientCount >= TRANSIENT_EVENTS_MAX) droppedCount += 1;
      else texts.push(history.add(event));
      if (event.isTransient) transientCount += 1;
      timer ??= clock.after(afterMs, flush);
    },
    flush,
  };
}
