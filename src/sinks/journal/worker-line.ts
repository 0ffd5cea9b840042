import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { WorkerInput } from './journal-worker.ts';
import type { Answer, Opening, QuestionName, Questions } from './messages.ts';

export interface WorkerLineOptions {
  /** What runs in the thread. */
  readonly file: URL;
  readonly input: WorkerInput;
  readonly clock: Clock;
  /** Once. */
  readonly onOpening: (opening: Opening) => void;
  /** Every answer, before whoever asked hears it. */
  readonly onAnswer: (answer: Answer) => void;
  /** The thread is gone without having been told to go; everything that was asked is rejected by then. */
  readonly onEnd: (reason: string) => void;
}

/** Why something was not done, or nobody knows whether it was. */
export class JournalFailure extends Error {
  /** Whether the same may work later. */
  readonly isPassing: boolean;

  constructor(message: string, isPassing = true) {
    super(message);
    this.name = 'JournalFailure';
    this.isPassing = isPassing;
  }
}

/** What is asked of the thread, and what it answers. */
export interface WorkerLine {
  /** Rejects with a `JournalFailure`, also where no answer came in time: whether it was done is unknown then. */
  ask<Name extends QuestionName>(
    name: Name,
    question: Questions[Name]['ask'],
    timeoutMs?: number,
  ): Promise<Questions[Name]['answer']>;
  /** Without waiting for what it does. */
  end(): Promise<void>;
}

/** What may wait for an answer; each may be a notification of some megabytes. */
const WAITING_MAX = 64;

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer | undefined;
}

/** Starts the journal's thread. */
export function startWorkerLine({
  file,
  input,
  clock,
  onOpening,
  onAnswer,
  onEnd,
}: WorkerLineOptions): WorkerLine {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let opening: Opening | undefined;
  let isEnded = false;

  const worker = new Worker(file, {
    workerData: input,
    // Node 22 calls its SQLite experimental, on standard error.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });

  worker.on('message', (message: Opening | Answer) => {
    if (isEnded) return;
    if ('id' in message) settle(message);
    else {
      opening = message;
      onOpening(message);
    }
  });
  worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
  worker.on('exit', () => fail('its thread ended'));

  function take(id: number): Waiting | undefined {
    const asked = waiting.get(id);
    waiting.delete(id);
    asked?.timer?.cancel();
    return asked;
  }

  function settle(answer: Answer): void {
    onAnswer(answer);
    const asked = take(answer.id);
    if (answer.result.ok) asked?.resolve(answer.result.value as never);
    else asked?.reject(new JournalFailure(answer.result.message, answer.result.isPassing));
  }

  function close(reason: string): void {
    isEnded = true;
    for (const id of [...waiting.keys()]) take(id)?.reject(new JournalFailure(reason));
  }

  function fail(reason: string): void {
    if (isEnded) return;
    close(reason);
    // One that could not open has said so already, unless it broke before.
    if (opening?.ok !== false) onEnd(reason);
  }

  return {
    ask(name, question, timeoutMs) {
      if (isEnded) return Promise.reject(new JournalFailure('the journal is closed'));
      if (waiting.size >= WAITING_MAX)
        return Promise.reject(new JournalFailure('the journal has too much to do'));
      const id = (lastId += 1);
      worker.postMessage({ id, name, ask: question });
      return new Promise((resolve, reject) => {
        const onLate = (): void =>
          take(id)?.reject(new JournalFailure('the journal did not answer in time'));
        const timer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, onLate);
        waiting.set(id, { resolve, reject, timer });
      });
    },
    async end() {
      close('the journal is closed');
      await worker.terminate();
    },
  };
}
