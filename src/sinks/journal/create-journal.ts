import type { AlertStore } from '../../facts/ports/alert-store.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { DisablingStore } from '../../facts/ports/disabling-store.ts';
import type { MaintenanceStore } from '../../facts/ports/maintenance-store.ts';
import { endsWithin } from '../../facts/deadline.ts';
import type { CallRecord } from '../../facts/call-record.ts';
import type { Fact } from '../../facts/facts.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { JournalViews, MarkerStore } from '../../facts/ports/views.ts';
import { type CallRow, encodeCall, isKeptError, sizeOfCall } from './call-row.ts';
import { definitionsEntry, sizeOfDefinitions } from './definitions-entry.ts';
import { createEntryQueue, type QueueLimits, type WriteResult } from './entry-queue.ts';
import { createJournalThread, type JournalThread } from './journal-thread.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import { IN_MEMORY, type JournalEntry, type JournalStats } from './messages.ts';
import { createConfigRecorder } from './record-config.ts';
import { createUptimeRecorder } from './record-uptime.ts';
import { createCallSummer } from './sum-calls.ts';
import { JournalFailure } from './worker-line.ts';

export interface JournalOptions {
  /** The database file; a missing folder is created. Without a path the journal is in memory and ends with the process. */
  readonly path?: string;
  readonly retention: JournalRetention;
  /** Whether calls are kept one by one; errors are in any case. */
  readonly keepsCalls: boolean;
  /** Successful calls per second that are kept one by one; those beyond are summed up. */
  readonly callsPerSecond: number;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn' | 'error' | 'debug'>;
  /** The script that runs in the thread; the journal's own by default. */
  readonly workerFile?: URL;
}

/** Keeps events across restarts. Nothing depends on it: if it fails, the service continues and reports the failure. */
export interface Journal
  extends AlertStore, DisablingStore, JournalViews, MaintenanceStore, MarkerStore {
  /** Resolves when the journal is open, has failed for the first time, or takes too long. */
  start(): Promise<void>;
  /** Records facts from now on. @returns a function that stops recording */
  record(hub: Pick<Hub, 'subscribe'>): () => void;
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

/** Four seconds of 5,000 calls a second. */
const CALLS_MAX = 20_000;
/** Of their messages, stacks and arguments. */
const CALL_CHARS_MAX = 32 * 1024 * 1024;
/** Calls wait longer, since a commit with a thousand of them costs as much as one with ten; a slow disk gets larger batches. */
const CALL_LIMITS: QueueLimits = {
  entriesMax: CALLS_MAX,
  sizeMax: CALL_CHARS_MAX,
  batchMax: 10_000,
  gatherMs: 1_000,
  regathers: true,
};

/** Creates a journal in a thread of its own. */
export function createJournal(options: JournalOptions): Journal {
  const { path, clock, log } = options;
  const thread: JournalThread = createJournalThread({
    file: options.workerFile ?? ownWorkerFile(),
    input: { path: path ?? IN_MEMORY, retention: boundRetention(options) },
    name: path ?? 'in memory',
    clock,
    log,
    onOpen() {
      pruning.schedule(0);
      recorder.repeat();
    },
  });
  const pruning = createPruneSchedule(thread, { clock, log });
  const recorder = createRecorder(thread, options);

  return {
    isOff: false,
    start: () => thread.start(),
    state: () => thread.state(),
    record: (hub) => recorder.record(hub),
    ...createStores(thread),
    ...createViews(thread, clock, recorder),
    noteWatchdog: (atMs) => recorder.add({ fact: 'mark', name: 'watchdog', atMs }),
    watchdogAtMs: () => thread.watchdogAtMs(),
    stats: () => thread.stats(),
    dropped: () => recorder.droppedCount(),
    writeErrors: () => thread.errorCount(),
    async close() {
      thread.retire();
      const closed = recorder.drain().then(() => thread.ask('close', null));
      await endsWithin(clock, CLOSE_MS_MAX, closed);
      pruning.stop();
      await endsWithin(clock, CLOSE_MS_MAX, thread.end());
    },
  };
}

type Stores = Pick<
  Journal,
  | 'saveAlerts'
  | 'saveNote'
  | 'saveMarker'
  | 'saveDisablings'
  | 'addMaintenance'
  | 'removeMaintenance'
>;

/** What callers wait for until it is committed. */
function createStores(thread: JournalThread): Stores {
  return {
    async saveAlerts(entries) {
      await thread.save('write', { entries }, SAVE_MS_MAX);
    },
    saveNote: (note) => thread.save('saveNote', note, SAVE_MS_MAX),
    saveMarker: (marker) => thread.save('saveMarker', marker, SAVE_MS_MAX),
    async saveDisablings(disablings) {
      await thread.save('saveDisablings', disablings, SAVE_MS_MAX);
    },
    async addMaintenance(window) {
      await thread.save('addMaintenance', window, SAVE_MS_MAX);
    },
    async removeMaintenance(ids) {
      await thread.save('removeMaintenance', ids, SAVE_MS_MAX);
    },
  };
}

type Views = Omit<JournalViews, 'state'> &
  Pick<Journal, 'findAlerts' | 'findDisablings' | 'findMaintenance'>;

function createViews(
  thread: JournalThread,
  clock: Clock,
  recorder: Pick<Recorder, 'flushSums'>,
): Views {
  return {
    findAlerts: (filter) => thread.ask('findAlerts', filter, FIND_MS_MAX),
    findDisablings: () => thread.ask('findDisablings', null, FIND_MS_MAX),
    findMaintenance: () => thread.ask('findMaintenance', null, FIND_MS_MAX),
    findServerLog: (filter) => thread.ask('findServerLog', filter, FIND_MS_MAX),
    chartChecks: (filter) => thread.ask('chartChecks', filter, FIND_MS_MAX),
    findCalls: (filter) => {
      recorder.flushSums();
      return thread.ask('findCalls', filter, FIND_MS_MAX);
    },
    summarizeCalls: (filter) => {
      recorder.flushSums();
      return thread.ask('summarizeCalls', filter, FIND_MS_MAX);
    },
    chartCalls: (filter) => {
      recorder.flushSums();
      return thread.ask('chartCalls', filter, FIND_MS_MAX);
    },
    findErrors: (filter) => thread.ask('findErrors', filter, FIND_MS_MAX),
    findDefinitionChanges: (filter) => thread.ask('findDefinitionChanges', filter, FIND_MS_MAX),
    findMarkers: (filter) => thread.ask('findMarkers', filter, FIND_MS_MAX),
    findActions: (filter) => thread.ask('findActions', filter, FIND_MS_MAX),
    findUptime: (filter) =>
      thread.ask('findUptime', { ...filter, nowMs: clock.nowMs() }, FIND_MS_MAX),
  };
}

interface Recorder {
  record(hub: Pick<Hub, 'subscribe'>): () => void;
  add(entry: JournalEntry): void;
  /** Says what lasts again, since the database may be a new one. */
  repeat(): void;
  /** Sends the sums to the thread, ahead of a question about them. */
  flushSums(): void;
  droppedCount(): number;
  /** Writes what waits, as far as possible. */
  drain(): Promise<void>;
}

type FactRecorderOptions = Pick<JournalOptions, 'clock' | 'keepsCalls' | 'callsPerSecond'>;

/** Calls have a queue of their own, so that their number drops no status change. */
function createRecorder(
  thread: JournalThread,
  { clock, keepsCalls, callsPerSecond }: FactRecorderOptions,
): Recorder {
  const events = createEntryQueue<JournalEntry>({
    clock,
    write: (entries) => written(thread, () => thread.save('write', { entries })),
  });
  const calls = createEntryQueue<CallRow>({
    clock,
    write: (rows) =>
      written(thread, () => thread.save('writeCalls', { calls: rows, errorsOnly: !keepsCalls })),
    limits: CALL_LIMITS,
  });
  const sums = createCallSummer({
    clock,
    perSecondMax: callsPerSecond,
    write: (rows) => written(thread, () => thread.save('writeSums', rows)),
  });
  const uptime = createUptimeRecorder(clock, events.add);
  const config = createConfigRecorder();

  function noteCall(call: CallRecord): void {
    if (!keepsCalls && !isKeptError(call)) return;
    const taken = keepsCalls ? sums.take(call) : 'unsummed';
    if (taken !== 'summed_only') calls.add(encodeCall(call, taken === 'summed'), sizeOfCall(call));
  }

  function note(fact: Fact): void {
    if (fact.fact === 'call') return noteCall(fact);
    const entry = entryOf(fact);
    if (entry) events.add(entry);
    if (fact.fact === 'definitions_read') {
      const definitions = definitionsEntry(fact);
      events.add(definitions, sizeOfDefinitions(definitions));
    }
    uptime.note(fact);
    const marker = config.note(fact);
    if (marker) events.add({ fact: 'marker', marker });
  }

  return {
    record(hub) {
      uptime.start();
      return hub.subscribe(note);
    },
    add: (entry) => events.add(entry),
    repeat: () => uptime.repeat(),
    flushSums: () => void sums.flush(),
    droppedCount: () => events.droppedCount() + calls.droppedCount() + sums.droppedCount(),
    async drain() {
      uptime.stop();
      await Promise.all([events.drain(), calls.drain(), sums.drain()]);
    },
  };
}

async function written(thread: JournalThread, write: () => Promise<unknown>): Promise<WriteResult> {
  if (!thread.isOpen()) return 'later';
  try {
    await write();
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
      return fact.alertId !== undefined ? undefined : fact;
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
