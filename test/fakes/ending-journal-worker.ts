import { parentPort } from 'node:worker_threads';
import type {
  WorkerAnswer,
  JournalOpening,
  WorkerQuestion,
} from '../../src/sinks/journal/messages.ts';
import { NO_ROWS } from './fake-journal.ts';

/** The question that ends the thread. */
const DEADLY = 'findAlerts' satisfies WorkerQuestion['name'];

/** In place of the journal's thread: opens at once, and ends by a mistake of its own when it is asked for alerts. */
const port = parentPort;
if (port) {
  port.postMessage({ ok: true, stats: { rows: NO_ROWS, sizeBytes: 0 } } satisfies JournalOpening);
  port.on('message', ({ id, name }: WorkerQuestion) => {
    if (name === DEADLY) throw new Error('a mistake');
    port.postMessage({ id, result: { ok: true, value: false } } satisfies WorkerAnswer);
  });
}
