import type { Config } from '../settings/config.ts';
import {
  createJournal,
  type Journal,
  type JournalOptions,
} from '../sinks/journal/create-journal.ts';
import { noJournal } from '../sinks/journal/no-journal.ts';
import type { JournalUsage } from '../facts/ports/views.ts';

/** The demonstration (no `configPath`) leaves nothing behind: its journal is in memory. */
export function composeJournal(
  configPath: string | undefined,
  { journal: { path, ...retention } }: Pick<Config, 'journal'>,
  parts: Pick<JournalOptions, 'clock' | 'log'>,
): Journal {
  if (configPath === undefined) return createJournal({ ...parts, retention });
  return path === undefined ? noJournal() : createJournal({ ...parts, path, retention });
}

/** What the metrics say of it. */
export function journalUsageOf(journal: Journal): JournalUsage {
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
