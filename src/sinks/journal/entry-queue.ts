import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { JournalEntry } from './messages.ts';

export interface EntryQueue {
  add(entry: JournalEntry): void;
  /** Entries dropped because the queue was full or they could not be written. */
  droppedCount(): number;
  /** Writes the queued entries as far as possible; afterwards the queue accepts no more. */
  drain(): Promise<void>;
}

export interface EntryQueueOptions {
  readonly clock: Clock;
  /** Never rejects. */
  readonly write: (entries: readonly JournalEntry[]) => Promise<WriteResult>;
}

/** `later`: writing may succeed then. `never`: the entries themselves are invalid. */
export type WriteResult = 'written' | 'later' | 'never';

/** A few minutes of a large fleet; some ten megabytes. */
const ENTRIES_MAX = 20_000;
const BATCH_MAX = 1_000;
/** Events are batched, so that many checks need one commit. */
const GATHER_MS = 50;
const RETRY_MS = 5_000;

/** Buffers entries so that callers never wait for the disk. When it is full, new entries are dropped and counted. */
export function createEntryQueue({ clock, write }: EntryQueueOptions): EntryQueue {
  const entries: JournalEntry[] = [];
  let droppedCount = 0;
  let isWaiting = false;
  let timer: Timer | undefined;
  let writing: Promise<void> | undefined;
  let isDrained = false;

  function wake(delayMs: number): void {
    timer ??= clock.after(delayMs, () => {
      timer = undefined;
      void flush();
    });
  }

  /** One batch at a time. Entries leave the queue only once they are written, so none is lost when the thread dies. */
  async function writeAll(): Promise<void> {
    isWaiting = false;
    while (entries.length > 0) {
      const batch = entries.slice(0, BATCH_MAX);
      const result = await write(batch);
      if (result === 'later') {
        isWaiting = true;
        if (!isDrained) wake(RETRY_MS);
        return;
      }
      if (result === 'never') droppedCount += batch.length;
      entries.splice(0, batch.length);
    }
  }

  function flush(): Promise<void> {
    writing ??= writeAll().finally(() => (writing = undefined));
    return writing;
  }

  return {
    add(entry) {
      if (isDrained || entries.length >= ENTRIES_MAX) {
        droppedCount += 1;
        return;
      }
      entries.push(entry);
      if (writing === undefined && !isWaiting) wake(GATHER_MS);
    },
    droppedCount: () => droppedCount,
    async drain() {
      isDrained = true;
      timer?.cancel();
      // A write in progress may not include the latest entries.
      await writing;
      await flush();
      droppedCount += entries.length;
    },
  };
}
