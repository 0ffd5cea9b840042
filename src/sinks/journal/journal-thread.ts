import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { JournalState } from '../../facts/server-log.ts';
import type { WorkerInput } from './journal-worker.ts';
import type { Answer, JournalStats, Opening, QuestionName, Questions } from './messages.ts';
import { JournalFailure, startWorkerLine, type WorkerLine } from './worker-line.ts';
import type { EpochMs } from '../../facts/time.ts';

export interface JournalThreadOptions {
  /** What runs in it. */
  readonly file: URL;
  readonly input: WorkerInput;
  /** Of the database, for people. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'error' | 'debug'>;
  readonly onOpen: () => void;
}

/** The thread of the journal, started again by itself where it cannot open the database, or ends. */
export interface JournalThread {
  /** Resolves when the journal is open, has failed for the first time, or takes too long. */
  start(): Promise<void>;
  isOpen(): boolean;
  state(): JournalState;
  /** Rejects with a `JournalFailure`. */
  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']>;
  /** The same for what is to be kept: whether that works is what the state says. */
  save<Name extends 'write' | 'saveNote' | 'saveDisablings'>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']>;
  stats(): JournalStats | undefined;
  watchdogAtMs(): EpochMs | undefined;
  errorCount(): number;
  /** From now on its end is no failure. */
  retire(): void;
  end(): Promise<void>;
}

const START_MS_MAX = 5_000;
/** A disk that takes longer is as good as none. */
const SLOW_MS = 10_000;
const REOPEN_MS_MIN = 5_000;
const REOPEN_MS_MAX = 5 * 60_000;

export function createJournalThread(options: JournalThreadOptions): JournalThread {
  const { clock, log, name } = options;
  const started = Promise.withResolvers<void>();
  let line: WorkerLine | undefined;
  let state: JournalState = { status: 'starting', detail: `opening ${name}` };
  let isOpen = false;
  let isRetired = false;
  let reopenMs = REOPEN_MS_MIN;
  let reopenTimer: Timer | undefined;
  let stats: JournalStats | undefined;
  let watchdogAtMs: EpochMs | undefined;
  let errorCount = 0;

  function open(): void {
    const { file, input } = options;
    line = startWorkerLine({ file, input, clock, onOpening, onAnswer, onEnd });
  }

  function onOpening(opening: Opening): void {
    if (opening.ok) {
      isOpen = true;
      reopenMs = REOPEN_MS_MIN;
      stats = opening.stats;
      watchdogAtMs = opening.watchdogAtMs;
      noteMove(opening.movedTo);
      noteSuccess();
      options.onOpen();
    } else {
      noteFailure(opening.message);
      reopenLater();
    }
    started.resolve();
  }

  function onAnswer(answer: Answer): void {
    stats = answer.stats ?? stats;
    noteMove(answer.movedTo);
  }

  function onEnd(reason: string): void {
    isOpen = false;
    if (!isRetired) noteFailure(reason);
    reopenLater();
    started.resolve();
  }

  function reopenLater(): void {
    line = undefined;
    if (isRetired) return;
    reopenTimer = clock.after(reopenMs, open);
    reopenMs = Math.min(reopenMs * 2, REOPEN_MS_MAX);
  }

  function noteFailure(reason: string): void {
    const isNews = state.status !== 'failed';
    state = { status: 'failed', detail: `${name} cannot be used: ${reason}` };
    const fields = { channel: 'error', path: name, reason } as const;
    if (isNews) log.error(fields, 'journal cannot be used, events are not kept');
    else log.debug(fields, 'journal still cannot be used');
  }

  function noteSuccess(): void {
    if (state.status === 'failed')
      log.info({ channel: 'health', path: name }, 'journal is in use again');
    state = { status: 'ok', detail: name };
  }

  function noteMove(movedTo: string | undefined): void {
    if (movedTo === undefined) return;
    const fields = { channel: 'error', path: name, movedTo } as const;
    log.error(fields, 'journal was damaged, moved aside, and begun anew');
  }

  function ask<Name extends QuestionName>(
    question: Name,
    content: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']> {
    if (line === undefined || !isOpen) return Promise.reject(new JournalFailure(state.detail));
    return line.ask(question, content, timeoutMs);
  }

  return {
    async start() {
      open();
      const late = clock.after(START_MS_MAX, started.resolve);
      await started.promise;
      late.cancel();
    },
    isOpen: () => isOpen,
    state: () => state,
    ask,
    async save(question, content, timeoutMs) {
      const slow = clock.after(SLOW_MS, () => noteFailure('the disk does not answer'));
      try {
        const answer = await ask(question, content, timeoutMs);
        noteSuccess();
        return answer;
      } catch (error) {
        errorCount += 1;
        // What was never tried is the fault of what failed before.
        if (isOpen) noteFailure(error instanceof Error ? error.message : String(error));
        throw error;
      } finally {
        slow.cancel();
      }
    },
    stats: () => stats,
    watchdogAtMs: () => watchdogAtMs,
    errorCount: () => errorCount,
    retire() {
      isRetired = true;
      reopenTimer?.cancel();
    },
    async end() {
      isOpen = false;
      await line?.end();
    },
  };
}
