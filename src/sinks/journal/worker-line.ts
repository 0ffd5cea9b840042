import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { WorkerInput } from './journal-worker.ts';
import type { WorkerAnswer, JournalOpening, QuestionName, Questions } from './messages.ts';

export interface WorkerLineOptions {
  /** The script that runs in the thread. */
  readonly file: URL;
  readonly input: WorkerInput;
  readonly clock: Clock;
  /** Called once. */
  readonly onOpening: (opening: JournalOpening) => void;
  /** Called with every answer, before the caller's promise resolves. */
  readonly onAnswer: (answer: WorkerAnswer) => void;
  /** The thread ended unexpectedly; all pending questions have been rejected. */
  readonly onEnd: (reason: string) => void;
}

/** Something was not done, or its result is unknown. */
export class JournalFailure extends Error {
  /** Whether the same question may succeed later. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing = true) {
    super(message);
    this.name = 'JournalFailure';
    this.isPassing = isPassing;
  }
}

/** Questions to the thread, and its answers. */
export interface WorkerLine {
  /** Rejects with a `JournalFailure`, also when no answer came in time: the result is unknown then. */
  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']>;
  /** Does not wait for questions that are in progress. */
  end(): Promise<void>;
}

/** Questions that may wait for an answer; each may be a notification of some megabytes. */
const WAITING_MAX = 64;

interface WaitingQuestion {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer | undefined;
}

/** Starts the journal's thread. */
export function startWorkerLine(options: WorkerLineOptions): WorkerLine {
  return new ThreadLine(options);
}

class ThreadLine implements WorkerLine {
  readonly #options: WorkerLineOptions;
  readonly #waiting = new Map<number, WaitingQuestion>();
  readonly #worker: Worker;
  #lastId = 0;
  #opening: JournalOpening | undefined;
  #isEnded = false;

  constructor(options: WorkerLineOptions) {
    this.#options = options;
    this.#worker = new Worker(options.file, {
      workerData: options.input,
      // Node 22 prints a warning that its SQLite is experimental.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker.on('message', (message: JournalOpening | WorkerAnswer) => this.#receive(message));
    this.#worker.on('error', (error) =>
      this.#fail(error instanceof Error ? error.message : String(error)),
    );
    this.#worker.on('exit', () => this.#fail('its thread ended'));
  }

  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']> {
    if (this.#isEnded) return Promise.reject(new JournalFailure('the journal is closed'));
    if (this.#waiting.size >= WAITING_MAX)
      return Promise.reject(new JournalFailure('the journal has too much to do'));
    const id = (this.#lastId += 1);
    this.#worker.postMessage({ id, name, ask: question });
    return new Promise((resolve, reject) => {
      const onLate = (): void =>
        this.#take(id)?.reject(new JournalFailure('the journal did not answer in time'));
      const timer =
        timeoutMs === undefined ? undefined : this.#options.clock.after(timeoutMs, onLate);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  async end(): Promise<void> {
    this.#close('the journal is closed');
    await this.#worker.terminate();
  }

  #receive(message: JournalOpening | WorkerAnswer): void {
    if (this.#isEnded) return;
    if ('id' in message) this.#finish(message);
    else {
      this.#opening = message;
      this.#options.onOpening(message);
    }
  }

  #take(id: number): WaitingQuestion | undefined {
    const asked = this.#waiting.get(id);
    this.#waiting.delete(id);
    asked?.timer?.cancel();
    return asked;
  }

  #finish(answer: WorkerAnswer): void {
    this.#options.onAnswer(answer);
    const asked = this.#take(answer.id);
    if (answer.result.ok) asked?.resolve(answer.result.value as never);
    else asked?.reject(new JournalFailure(answer.result.message, answer.result.isPassing));
  }

  #close(reason: string): void {
    this.#isEnded = true;
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new JournalFailure(reason));
  }

  #fail(reason: string): void {
    if (this.#isEnded) return;
    this.#close(reason);
    // A database that could not be opened has been reported already.
    if (this.#opening?.ok !== false) this.#options.onEnd(reason);
  }
}
