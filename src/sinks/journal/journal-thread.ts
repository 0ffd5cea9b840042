import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Log } from '../../facts/ports/log.ts';
import type { JournalState } from '../../facts/server-log.ts';
import type { WorkerInput } from './journal-worker.ts';
import type {
  WorkerAnswer,
  JournalStats,
  JournalOpening,
  QuestionName,
  Questions,
  SaveName,
} from './messages.ts';
import { JournalFailure, startWorkerLine, type WorkerLine } from './worker-line.ts';
import type { EpochMs } from '../../facts/time.ts';

export interface JournalThreadOptions {
  /** The script that runs in the thread. */
  readonly file: URL;
  readonly input: WorkerInput;
  /** How messages name the database. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'error' | 'debug'>;
  /** The journal is open, or was begun anew because it turned out to be damaged. */
  readonly onOpen: () => void;
}

/** The thread of the journal. It is started again, with a back-off, when it cannot open the database or ends. */
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
  /** Like `ask`, for data to be stored: success or failure determines the state. */
  save<Name extends SaveName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']>;
  stats(): JournalStats | undefined;
  watchdogAtMs(): EpochMs | undefined;
  errorCount(): number;
  /** From now on the end of the thread is expected. */
  retire(): void;
  end(): Promise<void>;
}

const START_MS_MAX = 5_000;
/** A disk that takes longer counts as failed. */
const SLOW_MS = 10_000;
const REOPEN_MS_MIN = 5_000;
const REOPEN_MS_MAX = 5 * 60_000;

export function createJournalThread(options: JournalThreadOptions): JournalThread {
  return new RestartingThread(options);
}

class RestartingThread implements JournalThread {
  readonly #options: JournalThreadOptions;
  readonly #started = Promise.withResolvers<void>();
  #line: WorkerLine | undefined;
  #state: JournalState;
  #isOpen = false;
  #isRetired = false;
  #reopenMs = REOPEN_MS_MIN;
  #reopenTimer: Timer | undefined;
  #stats: JournalStats | undefined;
  #watchdogAtMs: EpochMs | undefined;
  #errorCount = 0;

  constructor(options: JournalThreadOptions) {
    this.#options = options;
    this.#state = { status: 'starting', detail: `opening ${options.name}` };
  }

  async start(): Promise<void> {
    this.#open();
    const late = this.#options.clock.after(START_MS_MAX, this.#started.resolve);
    await this.#started.promise;
    late.cancel();
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  state(): JournalState {
    return this.#state;
  }

  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']> {
    if (this.#line === undefined || !this.#isOpen)
      return Promise.reject(new JournalFailure(this.#state.detail));
    return this.#line.ask(name, question, timeoutMs);
  }

  async save<Name extends SaveName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']> {
    const slow = this.#options.clock.after(SLOW_MS, () =>
      this.#noteFailure('the disk does not answer'),
    );
    try {
      const answer = await this.ask(name, question, timeoutMs);
      this.#noteSuccess();
      return answer;
    } catch (error) {
      this.#errorCount += 1;
      // While the journal is closed, the failure that closed it is the one to report.
      if (this.#isOpen) this.#noteFailure(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      slow.cancel();
    }
  }

  stats(): JournalStats | undefined {
    return this.#stats;
  }

  watchdogAtMs(): EpochMs | undefined {
    return this.#watchdogAtMs;
  }

  errorCount(): number {
    return this.#errorCount;
  }

  retire(): void {
    this.#isRetired = true;
    this.#reopenTimer?.cancel();
  }

  async end(): Promise<void> {
    this.#isOpen = false;
    await this.#line?.end();
  }

  #open(): void {
    const { file, input, clock } = this.#options;
    this.#line = startWorkerLine({
      file,
      input,
      clock,
      onOpening: (opening) => this.#onOpening(opening),
      onAnswer: (answer) => this.#onAnswer(answer),
      onEnd: (reason) => this.#onEnd(reason),
    });
  }

  #onOpening(opening: JournalOpening): void {
    if (opening.ok) {
      this.#isOpen = true;
      this.#reopenMs = REOPEN_MS_MIN;
      this.#stats = opening.stats;
      this.#watchdogAtMs = opening.watchdogAtMs;
      this.#noteMove(opening.movedTo);
      this.#noteSuccess();
      this.#options.onOpen();
    } else {
      this.#noteFailure(opening.message);
      this.#reopenLater();
    }
    this.#started.resolve();
  }

  #onAnswer(answer: WorkerAnswer): void {
    this.#stats = answer.stats ?? this.#stats;
    if (answer.movedTo === undefined) return;
    this.#noteMove(answer.movedTo);
    this.#options.onOpen();
  }

  #onEnd(reason: string): void {
    this.#isOpen = false;
    if (!this.#isRetired) this.#noteFailure(reason);
    this.#reopenLater();
    this.#started.resolve();
  }

  #reopenLater(): void {
    this.#line = undefined;
    if (this.#isRetired) return;
    this.#reopenTimer = this.#options.clock.after(this.#reopenMs, () => this.#open());
    this.#reopenMs = Math.min(this.#reopenMs * 2, REOPEN_MS_MAX);
  }

  #noteFailure(reason: string): void {
    const { name, log } = this.#options;
    const isNews = this.#state.status !== 'failed';
    this.#state = { status: 'failed', detail: `${name} cannot be used: ${reason}` };
    const fields = { channel: 'error', path: name, reason } as const;
    if (isNews) log.error(fields, 'journal cannot be used, events are not kept');
    else log.debug(fields, 'journal still cannot be used');
  }

  #noteSuccess(): void {
    const { name, log } = this.#options;
    if (this.#state.status === 'failed')
      log.info({ channel: 'health', path: name }, 'journal is in use again');
    this.#state = { status: 'ok', detail: name };
  }

  #noteMove(movedTo: string | undefined): void {
    if (movedTo === undefined) return;
    const { name, log } = this.#options;
    log.error(
      { channel: 'error', path: name, movedTo },
      'journal was damaged, moved aside, and begun anew',
    );
  }
}
