import type { Clock, Timer } from '../../facts/ports/clock.ts';

export interface EntryQueue<Entry> {
  /** @param size of a large entry, in any unit of `limits.sizeMax` */
  add(entry: Entry, size?: number): void;
  /** Entries dropped because the queue was full or they could not be written. */
  droppedCount(): number;
  /** Writes the queued entries as far as possible; afterwards the queue accepts no more. */
  drain(): Promise<void>;
}

export interface EntryQueueOptions<Entry> {
  readonly clock: Clock;
  /** Never rejects. */
  readonly write: (entries: readonly Entry[]) => Promise<WriteResult>;
  readonly limits?: QueueLimits;
}

export interface QueueLimits {
  readonly entriesMax: number;
  /** Sum of the sizes of the waiting entries. */
  readonly sizeMax: number;
  /** Entries that are written together. */
  readonly batchMax: number;
  /** How long entries are gathered, so that many need one commit. */
  readonly gatherMs: number;
  /** Whether entries are gathered again after each batch, as long as they do not fill one. */
  readonly regathers: boolean;
}

/** `later`: writing may succeed then. `never`: the entries themselves are invalid. */
export type WriteResult = 'written' | 'later' | 'never';

/** Of definitions, which a fleet reads all at once when it starts. */
const CHARS_MAX = 64 * 1024 * 1024;
/** A few minutes of a large fleet; some ten megabytes. */
const ENTRIES_MAX = 20_000;
const EVENT_LIMITS: QueueLimits = {
  entriesMax: ENTRIES_MAX,
  sizeMax: CHARS_MAX,
  batchMax: 1_000,
  gatherMs: 50,
  regathers: false,
};
const RETRY_MS = 5_000;

/** Buffers entries so that nobody waits for the disk. When it is full, new entries are dropped and counted. */
export function createEntryQueue<Entry>({
  clock,
  write,
  limits = EVENT_LIMITS,
}: EntryQueueOptions<Entry>): EntryQueue<Entry> {
  const waiting = createWaitingEntries<Entry>(limits);
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
    while (waiting.count() > 0) {
      const batch = waiting.first(limits.batchMax);
      const result = await write(batch);
      if (result === 'later') {
        isWaiting = true;
        if (!isDrained) wake(RETRY_MS);
        return;
      }
      if (result === 'never') droppedCount += batch.length;
      waiting.remove(batch.length);
      const isFew = waiting.count() > 0 && waiting.count() < limits.batchMax;
      if (limits.regathers && isFew && !isDrained) return wake(limits.gatherMs);
    }
  }

  function flush(): Promise<void> {
    writing ??= writeAll().finally(() => (writing = undefined));
    return writing;
  }

  return {
    add(entry, size = 0) {
      if (isDrained || !waiting.add(entry, size)) droppedCount += 1;
      else if (writing === undefined && !isWaiting) wake(limits.gatherMs);
    },
    droppedCount: () => droppedCount,
    async drain() {
      isDrained = true;
      timer?.cancel();
      // A write in progress may not include the latest entries.
      await writing;
      await flush();
      droppedCount += waiting.count();
    },
  };
}

interface WaitingEntries<Entry> {
  count(): number;
  /** @returns false if there is no room */
  add(entry: Entry, size: number): boolean;
  first(count: number): readonly Entry[];
  remove(count: number): void;
}

function createWaitingEntries<Entry>({ entriesMax, sizeMax }: QueueLimits): WaitingEntries<Entry> {
  const entries: Entry[] = [];
  const sizes: number[] = [];
  let sizeSum = 0;
  return {
    count: () => entries.length,
    add(entry, size) {
      if (entries.length >= entriesMax || sizeSum + size > sizeMax) return false;
      entries.push(entry);
      sizes.push(size);
      sizeSum += size;
      return true;
    },
    first: (count) => entries.slice(0, count),
    remove(count) {
      entries.splice(0, count);
      for (const size of sizes.splice(0, count)) sizeSum -= size;
    },
  };
}
