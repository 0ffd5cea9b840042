import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { JournalRetention } from '../../../../src/facts/service-settings.ts';
import { IN_MEMORY } from '../../../../src/sinks/journal/messages.ts';
import { type JournalDatabase, openDatabase } from '../../../../src/sinks/journal/open-database.ts';

const DAY_MS = 86_400_000;

export const RETENTION: JournalRetention = {
  checksMs: 30 * DAY_MS,
  callsMs: 90 * DAY_MS,
  errorsMs: 90 * DAY_MS,
  alertsMs: 90 * DAY_MS,
  bytesMax: 512 * 1024 * 1024,
};

/** A folder of the test's own; it goes with it. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Without a file: faster, for what does not depend on one. */
export function openInMemory(): JournalDatabase {
  const database = openDatabase(IN_MEMORY, RETENTION);
  onTestFinished(() => database.close());
  return database;
}

/** A real database in a real file, closed when the test ends. */
export function openInFolder(
  changes: Partial<JournalRetention> = {},
  path = join(makeFolder(), 'journal.sqlite'),
): { readonly database: JournalDatabase; readonly path: string } {
  const database = openDatabase(path, { ...RETENTION, ...changes });
  onTestFinished(() => {
    try {
      database.close();
    } catch {
      // The test has closed it.
    }
  });
  return { database, path };
}
