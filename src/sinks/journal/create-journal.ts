import type { AlertStore } from '../../facts/ports/alert-store.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Disabling } from '../../facts/disabling.ts';
import { endsWithin } from '../../facts/deadline.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { JournalState, ServerLogFilter, ServerLogPage } from '../../facts/server-log.ts';
import { createEntryQueue, type WriteResult } from './entry-queue.ts';
import { createJournalThread } from './journal-thread.ts';
import { IN_MEMORY, type JournalEntry, type JournalStats, type Retention } from './messages.ts';
import { JournalFailure } from './worker-line.ts';

export interface JournalOptions {
  /** The database file; its folder is made where it is missing. Nothing: in memory, and gone with the process. */
  readonly path?: string;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error' | 'debug'>;
  /** What runs in the thread; the journal's own unless said otherwise. */
  readonly workerFile?: URL;
}

/** Keeps events beyond the life of the process. It is no condition for anything else: without it the service goes on, and says so. */
export interface Journal extends AlertStore {
  /** Resolves when the journal is open, has failed for the first time, or takes too long. */
  start(): Promise<void>;
  state(): JournalState;
  /** Keeps checks, status changes and actions from now on. @returns a function that ends it */
  record(hub: Pick<Hub, 'subscribe'>): () => void;
  /** Who is disabled by hand. Rejects where the journal does not answer. */
  findDisablings(): Promise<readonly Disabling[]>;
  /** In place of all that are kept. Rejects where they cannot be. */
  saveDisablings(disablings: readonly Disabling[]): Promise<void>;
  /** Rejects where the journal does not answer. */
  findServerLog(filter: ServerLogFilter): Promise<ServerLogPage>;
  /** As of the last write; nothing before it was opened. */
  stats(): JournalStats | undefined;
  /** Entries that are lost. */
  dropped(): number;
  writeErrors(): number;
  /** Writes what waits, if the disk lets it. */
  close(): Promise<void>;
}

const SAVE_MS_MAX = 5_000;
const FIND_MS_MAX = 5_000;
const CLOSE_MS_MAX = 2_500;
const PRUNE_MS = 10 * 60_000;
const DETAIL_CHARS_MAX = 500;
const MEMORY_BYTES_MAX = 32 * 1024 * 1024;

/** A journal in a thread of its own. */
export function createJournal(options: JournalOptions): Journal {
  const { path, clock, log } = options;
  const thread = createJournalThread({
    file: options.workerFile ?? ownWorkerFile(),
    input: { path: path ?? IN_MEMORY, retention: boundRetention(options) },
    name: path ?? 'in memory',
    clock,
    log,
    onOpen: () => schedulePrune(0),
  });
  const queue = createEntryQueue({ clock, write });
  let pruneTimer: Timer | undefined;

  async function write(entries: readonly JournalEntry[]): Promise<WriteResult> {
    if (!thread.isOpen()) return 'later';
    try {
      await thread.save('write', { entries });
      return 'written';
    } catch (error) {
      return error instanceof JournalFailure && error.isPassing ? 'later' : 'never';
    }
  }

  function schedulePrune(delayMs: number): void {
    pruneTimer?.cancel();
    pruneTimer = clock.after(delayMs, () => {
      void prune();
    });
  }

  async function prune(): Promise<void> {
    try {
      // Step by step, so that whoever wants to write comes in between.
      while (await thread.ask('prune', { nowMs: clock.nowMs() }));
    } catch (err) {
      if (thread.isOpen()) log.warn({ channel: 'error', err }, 'journal could not be tidied up');
    }
    if (thread.isOpen()) schedulePrune(PRUNE_MS);
  }

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
      pruneTimer?.cancel();
      await endsWithin(clock, CLOSE_MS_MAX, thread.end());
    },
  };
}

function ownWorkerFile(): URL {
  // Compiled or not, it has the ending of this file.
  const ending = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  return new URL(`./journal-worker${ending}`, import.meta.url);
}

function boundRetention({ path, retention }: JournalOptions): Retention {
  if (path !== undefined) return retention;
  return { ...retention, bytesMax: Math.min(retention.bytesMax, MEMORY_BYTES_MAX) };
}

/** What is kept of a fact. Alerts and notes are not among it: whoever has them waits until they are kept. */
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
