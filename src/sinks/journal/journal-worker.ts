import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { explainFailure, isDamage, isPassing } from './database-failure.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import type { Finders } from './find-any.ts';
import type {
  FindName,
  JournalOpening,
  Questions,
  WorkerAnswer,
  WorkerQuestion,
} from './messages.ts';
import type { JournalDatabase } from './open-database.ts';
import { moveAside, openOrReplace } from './open-or-replace.ts';

export interface WorkerInput {
  readonly path: string;
  readonly retention: JournalRetention;
}

/** The journal's own thread: `node:sqlite` blocks, and a slow disk must never hold up a call or a check. */
function serve(port: MessagePort, { path, retention }: WorkerInput): void {
  const { database: opened, ...moved } = openOrReplace(path, retention);
  let database = opened;
  const watchdogAtMs = database.watchdogAtMs();
  port.postMessage({
    ok: true,
    stats: database.stats(),
    ...(watchdogAtMs === undefined ? {} : { watchdogAtMs }),
    ...moved,
  } satisfies JournalOpening);

  function answer(question: WorkerQuestion): Omit<WorkerAnswer, 'id'> {
    try {
      return { result: { ok: true, value: answerTo(database, question) }, ...statsAfter(question) };
    } catch (error) {
      if (isDamage(error)) return replace(question);
      return {
        result: { ok: false, message: explainFailure(error), isPassing: isPassing(error) },
      };
    }
  }

  /** Corruption deep inside a file is found only when that page is read. */
  function replace(question: WorkerQuestion): Omit<WorkerAnswer, 'id'> {
    database.close();
    const movedTo = moveAside(path);
    database = openOrReplace(path, retention).database;
    const value = answerTo(database, question);
    return { result: { ok: true, value }, ...statsAfter(question), movedTo };
  }

  function statsAfter({ name }: WorkerQuestion): Pick<WorkerAnswer, 'stats'> {
    return name === 'close' ? {} : { stats: database.stats() };
  }

  port.on('message', (question: WorkerQuestion) => {
    port.postMessage({ id: question.id, ...answer(question) } satisfies WorkerAnswer);
    if (question.name === 'close') port.close();
  });
}

function answerTo(database: JournalDatabase, question: WorkerQuestion): unknown {
  switch (question.name) {
    case 'write':
      database.write(question.ask.entries);
      return null;
    case 'writeCalls':
      database.writeCalls(question.ask.calls, question.ask.errorsOnly);
      return null;
    case 'writeSums':
      database.writeSums(question.ask);
      return null;
    case 'saveNote':
      return database.saveNote(question.ask);
    case 'saveMarker':
      return database.saveMarker(question.ask);
    case 'saveDisablings':
      database.saveDisablings(question.ask);
      return null;
    case 'addMaintenance':
      database.addMaintenance(question.ask);
      return null;
    case 'removeMaintenance':
      database.removeMaintenance(question.ask);
      return null;
    case 'prune':
      return database.prune(question.ask.nowMs);
    case 'close':
      database.close();
      return null;
    default:
      return find(database, question.name, question.ask);
  }
}

function find<Name extends FindName>(
  database: Finders,
  name: Name,
  ask: Questions[Name]['ask'],
): unknown {
  return database[name](ask);
}

if (parentPort) {
  try {
    serve(parentPort, workerData as WorkerInput);
  } catch (error) {
    parentPort.postMessage({ ok: false, message: explainFailure(error) } satisfies JournalOpening);
    parentPort.close();
  }
}
