import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AlertStore } from '../../alerts/ports.ts';
import type { Clock, Timer } from '../../domain/clock.ts';
import type { Hub } from '../../domain/facts.ts';
import type { Log } from '../../domain/log.ts';
import type {
  Answer,
  CheckEntry,
  JournalEntry,
  JournalStats,
  QuestionName,
  Questions,
  Retention,
  ServerLogFilter,
  StatusEntry,
} from './messages.ts';

export interface JournalOptions {
  /** The database file; its folder is made where it is missing. */
  readonly path: string;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn' | 'error'>;
}

export interface Journal extends AlertStore {
  /** Keeps checks and status changes from now on. @returns a function that ends it */
  record(hub: Pick<Hub, 'subscribe'>): () => void;
  /** Newest first. */
  findServerLog(filter: ServerLogFilter): Promise<readonly (CheckEntry | StatusEntry)[]>;
  /** As of a few seconds ago. */
  stats(): JournalStats | undefined;
  /** Entries that found no room while the disk was too slow. */
  dropped(): number;
  writeErrors(): number;
  close(): Promise<void>;
}

export type JournalOpening =
  | { readonly ok: true; readonly journal: Journal }
  | { readonly ok: false; readonly message: string };

/** Entries of checks that may wait for the disk; those of alerts and actions always wait for it. */
const WAITING_MAX = 20_000;
const GATHER_MS = 50;
const BATCH_MAX = 1_000;
const STATS_MS = 10_000;
const PRUNE_MS = 10 * 60_000;
const DETAIL_CHARS_MAX = 500;

/** Opens the journal of events in a thread of its own. */
export async function openJournal(options: JournalOptions): Promise<JournalOpening> {
  const failed = (error: unknown): JournalOpening => ({
    ok: false,
    message: `the journal ${options.path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
  });
  try {
    await mkdir(dirname(options.path), { recursive: true });
  } catch (error) {
    return failed(error);
  }
  // Compiled or not, the worker's file has the ending of this one.
  const file = `./journal-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`;
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: { path: options.path },
    execArgv: process.execArgv.filter((argument) => argument === '--no-warnings'),
  });
  const { promise: ready, resolve } = Promise.withResolvers<JournalOpening>();
  worker.once('message', () => resolve({ ok: true, journal: createJournal(worker, options) }));
  worker.once('error', (error) => resolve(failed(error)));
  return ready;
}

function createJournal(worker: Worker, { retention, clock, log }: JournalOptions): Journal {
  const waiting = new Map<
    number,
    { resolve: (value: never) => void; reject: (error: Error) => void }
  >();
  const queue: JournalEntry[] = [];
  const timers = new Set<Timer>();
  let lastId = 0;
  let gathering: Timer | undefined;
  let isWriting = false;
  let droppedCount = 0;
  let errorCount = 0;
  let stats: JournalStats | undefined;
  let isClosed = false;

  worker.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) asked?.resolve(answer.value as never);
    else asked?.reject(new Error(answer.message));
  });
  const giveUp = (reason: string): void => {
    isClosed = true;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  worker.on('error', (err) => {
    log.error({ channel: 'error', err }, 'the journal ended');
    giveUp('the journal ended');
  });
  worker.on('exit', () => giveUp('the journal is closed'));

  function ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
  ): Promise<Questions[Name]['answer']> {
    if (isClosed) return Promise.reject(new Error('the journal is closed'));
    const id = ++lastId;
    worker.postMessage({ id, name, ask: question });
    return new Promise((resolve, reject) =>
      waiting.set(id, { resolve: resolve as (value: never) => void, reject }),
    );
  }

  async function write(entries: readonly JournalEntry[]): Promise<void> {
    try {
      await ask('write', { entries });
    } catch (error) {
      errorCount++;
      throw error;
    }
  }

  /** Events of the service itself are gathered, so that many checks cost one commit. */
  function gather(entry: JournalEntry): void {
    if (queue.length >= WAITING_MAX || isClosed) {
      droppedCount++;
      return;
    }
    queue.push(entry);
    gathering ??= clock.after(GATHER_MS, () => {
      gathering = undefined;
      void flush();
    });
  }

  async function flush(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX);
      try {
        await write(batch);
      } catch (err) {
        droppedCount += batch.length;
        if (!isClosed)
          log.warn(
            { channel: 'error', err, entries: batch.length },
            'the journal could not be written',
          );
      }
    }
    isWriting = false;
  }

  function every(ms: number, run: () => Promise<void>): void {
    const timer = clock.after(ms, () => {
      timers.delete(timer);
      void run()
        .catch((err: unknown) => {
          if (!isClosed)
            log.warn({ channel: 'error', err }, 'the journal could not be kept in order');
        })
        .then(() => {
          if (!isClosed) every(ms, run);
        });
    });
    timers.add(timer);
  }

  const takeStats = async (): Promise<void> => {
    stats = await ask('stats', null);
  };
  const prune = async (): Promise<void> => {
    await ask('prune', { ...retention, nowMs: clock.nowMs() });
  };
  every(STATS_MS, takeStats);
  every(PRUNE_MS, prune);
  void prune().then(takeStats, () => undefined);

  return {
    record: (hub) =>
      hub.subscribe((fact) => {
        if (fact.fact === 'status')
          gather({ ...fact, reason: fact.reason.slice(0, DETAIL_CHARS_MAX) });
        if (fact.fact !== 'probe') return;
        const { report } = fact;
        gather({
          fact: 'check',
          atMs: report.startedAtMs,
          server: fact.server,
          kind: report.kind,
          outcome: report.outcome,
          detail: report.detail.slice(0, DETAIL_CHARS_MAX),
          durationMs: report.durationMs,
          status: fact.status,
        });
      }),
    saveAlerts: (events) => write(events),
    saveAction: (action) => write([action]),
    findAlerts: (filter) => ask('findAlerts', filter),
    findServerLog: (filter) => ask('findServerLog', filter),
    stats: () => stats,
    dropped: () => droppedCount,
    writeErrors: () => errorCount,
    async close() {
      gathering?.cancel();
      for (const timer of timers) timer.cancel();
      await flush();
      await ask('close', null).catch(() => undefined);
      isClosed = true;
      await worker.terminate();
    },
  };
}
