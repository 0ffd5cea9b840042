import type { JournalUsage, JournalUsageViews } from '../../facts/ports/views.ts';
import { createJournal, type Journal } from '../../sinks/journal/create-journal.ts';
import { noJournal } from '../../sinks/journal/no-journal.ts';
import { whyNoFile } from '../../sinks/journal/why-no-file.ts';
import type { Part, PartContext } from '../part.ts';

export interface JournalPart extends Part, JournalUsageViews {
  readonly journal: Journal;
}

export function createJournalPart(context: PartContext): JournalPart {
  const journal = openJournal(context);
  const path = context.configPath === undefined ? undefined : context.config.journal.path;
  let endRecording = (): void => undefined;
  return {
    name: 'journal',
    journal,
    usage: () => usageOf(journal),
    async start() {
      const problem = path === undefined ? undefined : whyNoFile(path);
      if (problem !== undefined) return `journal.path: ${path} ${problem}`;
      await journal.start();
      endRecording = journal.record(context.hub);
    },
    async stop() {
      endRecording();
      await journal.close();
    },
  };
}

/** The demonstration (no `configPath`) stores nothing on disk: its journal is in memory. */
function openJournal({ configPath, config, clock, log }: PartContext): Journal {
  const { path, ...retention } = config.journal;
  const { journal: keepsCalls, callsPerSecond } = config.audit;
  const options = { clock, log, retention, keepsCalls, callsPerSecond };
  if (configPath === undefined) return createJournal(options);
  return path === undefined ? noJournal() : createJournal({ ...options, path });
}

function usageOf(journal: Journal): JournalUsage {
  const { status } = journal.state();
  const stats = journal.stats();
  return {
    ...(status === 'off' ? {} : { isUp: status === 'ok' }),
    rows: stats?.rows ?? {},
    sizeBytes: stats?.sizeBytes ?? 0,
    ...(stats?.freeBytes === undefined ? {} : { freeBytes: stats.freeBytes }),
    dropped: journal.dropped(),
    writeErrors: journal.writeErrors(),
  };
}
