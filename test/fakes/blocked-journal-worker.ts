import { parentPort } from 'node:worker_threads';
import type {
  WorkerAnswer,
  JournalOpening,
  WorkerQuestion,
} from '../../src/sinks/journal/messages.ts';
import { NO_ROWS } from './fake-journal.ts';

/** How long the disk keeps the thread for each thing that it is asked. */
export const BLOCKED_MS = 2_000;

/** In place of the journal's thread: opens at once, and is then on a disk that hangs. */
const port = parentPort;
if (port) {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  port.postMessage({ ok: true, stats: { rows: NO_ROWS, sizeBytes: 0 } } satisfies JournalOpening);
  port.on('message', ({ id }: WorkerQuestion) => {
    Atomics.wait(cell, 0, 0, BLOCKED_MS);
    const result = { ok: false, message: 'the disk failed', isPassing: true } as const;
    port.postMessage({ id, result } satisfies WorkerAnswer);
  });
}
