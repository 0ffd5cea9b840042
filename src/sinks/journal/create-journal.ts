import type { AlertStore } from '../../facts/ports/alert-store.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import { endsWithin } from '../../facts/deadline.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { JournalState, ServerLogFilter, ServerLogPage } from '../../facts/server-log.ts';
import { createEntryQueue, type WriteResult } from './entry-queue.ts';
import { createJournalThread, type JournalThread } from './journal-thread.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import { IN_MEMORY, type JournalEntry, type JournalStats } from './messages.ts';
import { JournalFailure } from './worker-line.ts';

export interface JournalOptions {
  /** The database file; a missing folder is created. Without a path the journal is in memory and ends with the process. */
  readonly path?: string;
  readonly retention: JournalRetention;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error' | 'debug'>;
  /** The script that runs in the thread; the journal's own by default. */
  readonly workerFile?: URL;
}

/** Keeps events across restarts. Nothing depends on it: if it fails, the service continues and reports the failure. */
export interface Journal extends AlertStore, DisablingStore {
  /** Resolves when the journal is open, has failed for the first time, or takes too long. */
  start(): Promise<void>;
  state(): JournalState;
  /** Records checks, status changes and actions from now on. @returns a function that stops recording */
  record(hub: Pick<Hub, 'subscribe'>): () => void;
  /** Rejects if the journal does not answer. */
  findServerLog(filter: ServerLogFilter): Promise<ServerLogPage>;
  /** As of the last write; `undefined` before the journal is open. */
  stats(): JournalStats | undefined;
  /** Entries that were lost. */
  dropped(): number;
  writeErrors(): number;
  /** Writes the queued entries if the disk allows. */
  close(): Promise<void>;
}

const SAVE_MS_MAX = 5_000;
const FIND_MS_MAX = 5_000;
const CLOSE_MS_MAX = 2_500;
const PRUNE_MS = 10 * 60_000;
const DETAIL_CHARS_MAX = 500;
const MEMORY_BYTES_MAX = 32 * 1024 * 1024;

/** Creates a journal in a thread of its own. */
export function createJournal(options: JournalOptions): Journal {
  const { path, clock, log } = options;
  const thread: JournalThread = createJournalThread({
    file: options.workerFile ?? ownWorkerFile(),
    input: { path: path ?? IN_MEMORY, retention: boundRetention(options) },
    name: path ?? 'in memory',
    clock,
    log,
    onOpen: () => pruning.schedule(0),
  });
  const pruning = createPruneSchedule(thread, { clock, log });
  const queue = createEntryQueue({ clock, write: (entries) => writeEntries(thread, entries) });

  return {
    isOff: false,
    start: () => thread.start(),
    state: () => thread.state(),
    record: (hub) =>
      hub.subscribe((fact) => {
        const entry = entryOf(fact);
        if (entry) queue.add(entry);
      }),
    async saveAlerts(entries) {
      await thread.save('write', { entries }, SAVE_MS_MAX);
    },
    saveNote: (note) => thread.save('saveNote', note, SAVE_MS_MAX),
    findAlerts: (filter) => thread.ask('findAlerts', filter, FIND_MS_MAX),
    findServerLog: (filter) => thread.ask('findServerLog', filter, FIND_MS_MAX),
    findDisablings: () => thread.ask('findDisablings', null, FIND_MS_MAX),
    async saveDisablings(disablings) {
      await thread.save('saveDisablings', disablings, SAVE_MS_MAX);
    },
    noteWatchdog: (atMs) => queue.add({ fact: 'mark', name: 'watchdog', atMs }),
    watchdogAtMs: () => thread.watchdogAtMs(),
    stats: () => thread.stats(),
    dropped: () => queue.droppedCount(),
    writeErrors: () => thread.errorCount(),
    async close() {
      thread.retire();
      const closed = queue.drain().then(() => thread.ask('close', null));
      await endsWithin(clock, CLOSE_MS_MAX, closed);
      pruning.stop();
      await endsWithin(clock, CLOSE_MS_MAX, thread.end());
    },
  };
}

async function writeEntries(
  thread: JournalThread,
  entries: readonly JournalEntry[],
): Promise<WriteResult> {
  if (!thread.isOpen()) return 'later';
  try {
    await thread.save('write', { entries });
    return 'written';
  } catch (error) {
    return error instanceof JournalFailure && error.isPassing ? 'later' : 'never';
  }
}

/** Deletes rows beyond the retention, repeatedly while the journal is open. */
function createPruneSchedule(
  thread: JournalThread,
  { clock, log }: Pick<JournalOptions, 'clock' | 'log'>,
): { schedule(delayMs: number): void; stop(): void } {
  let timer: Timer | undefined;

  function schedule(delayMs: number): void {
    timer?.cancel();
    timer = clock.after(delayMs, () => {
      void prune();
    });
  }

  async function prune(): Promise<void> {
    try {
      // In steps, so that writes can run in between.
      while (await thread.ask('prune', { nowMs: clock.nowMs() }));
    } catch (err) {
      if (thread.isOpen()) log.warn({ channel: 'error', err }, 'journal could not be tidied up');
    }
    if (thread.isOpen()) schedule(PRUNE_MS);
  }

  return { schedule, stop: () => timer?.cancel() };
}

function ownWorkerFile(): URL {
  // `.ts` from source, `.js` once compiled, like this file.
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./journal-worker${ending}`, import.meta.url);
}

function boundRetention({ path, retention }: JournalOptions): JournalRetention {
  if (path !== undefined) return retention;
  return { ...retention, bytesMax: Math.min(retention.bytesMax, MEMORY_BYTES_MAX) };
}

/** The entry to store for a fact. Alerts and notes have their own methods, because their callers wait for the commit. */
function entryOf(fact: Fact): JournalEntry | undefined {
  switch (fact.fact) {
    case 'status':
      return { ...fact, reason: fact.reason.slice(0, DETAIL_CHARS_MAX) };
    case 'action':
      return fact.kind === 'note' ? undefined : fact;
    case 'probe': {
      const { server, status, report } = fact;
      return {
        fact: 'check',
        atMs: report.startedAtMs,
        server,
        kind: report.kind,
        outcome: report.outcome,
        detail: report.detail.slice(0, DETAIL_CHARS_MAX),
        durationMs: report.durationMs,
        status,
      };
    }
    default:
      return undefined;
  }
}
