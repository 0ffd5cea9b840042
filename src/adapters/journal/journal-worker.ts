import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Question } from './messages.ts';
import { openDatabase, type JournalDatabase } from './open-database.ts';

/** The journal's own thread: `node:sqlite` blocks, and a slow disk must never hold up a call or a check. */
function answerTo(database: JournalDatabase, question: Question): unknown {
  switch (question.name) {
    case 'write':
      database.write(question.ask.entries);
      return null;
    case 'findAlerts':
      return database.findAlerts(question.ask);
    case 'findServerLog':
      return database.findServerLog(question.ask);
    case 'stats':
      return database.stats();
    case 'prune':
      database.prune(question.ask);
      return null;
    case 'close':
      database.close();
      return null;
  }
}

const port = parentPort;
if (port) {
  const { path } = workerData as { readonly path: string };
  const database = openDatabase(path);
  port.on('message', (question: Question) => {
    let answer: Answer;
    try {
      answer = { id: question.id, ok: true, value: answerTo(database, question) };
    } catch (error) {
      answer = {
        id: question.id,
        ok: false,
        message: error instanceof Error ? error.message : String(error),
      };
    }
    port.postMessage(answer);
    if (question.name === 'close') port.close();
  });
  port.postMessage({ id: 0, ok: true, value: null } satisfies Answer);
}
