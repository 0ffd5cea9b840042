import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDamage } from './database-failure.ts';
import type { JournalRetention } from '../../facts/service-settings.ts';
import { makeFolder } from './make-folder.ts';
import { IN_MEMORY } from './messages.ts';
import { type JournalDatabase, openDatabase } from './open-database.ts';

/** Damaged files that are kept for examination; each may be as large as the journal. */
const ASIDE_MAX = 2;
const LOG_ENDING = '-wal';

export interface OpenedDatabase {
  readonly database: JournalDatabase;
  /** Where a corrupt database was moved to. */
  readonly movedTo?: string;
}

/** As `openDatabase`, but a damaged file is moved aside and a new one begun; its folder is made where it is missing. */
export function openOrReplace(path: string, retention: JournalRetention): OpenedDatabase {
  if (path !== IN_MEMORY) makeFolder(dirname(path));
  try {
    return { database: openDatabase(path, retention) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    const movedTo = moveAside(path);
    return { database: openDatabase(path, retention), movedTo };
  }
}

/** @returns its new name */
export function moveAside(path: string): string {
  const prefix = `${basename(path)}.damaged-`;
  const movedTo = join(dirname(path), prefix + new Date().toISOString().replaceAll(/[:.]/g, '-'));
  renameSync(path, movedTo);
  // Its log belongs to it, and would be played into the new one.
  if (existsSync(`${path}${LOG_ENDING}`))
    renameSync(`${path}${LOG_ENDING}`, `${movedTo}${LOG_ENDING}`);
  removeOldest(dirname(path), prefix);
  return movedTo;
}

function removeOldest(folder: string, prefix: string): void {
  const older = readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && !name.endsWith(LOG_ENDING))
    .toSorted()
    .slice(0, -ASIDE_MAX);
  for (const name of older) {
    rmSync(join(folder, name), { force: true });
    rmSync(join(folder, `${name}${LOG_ENDING}`), { force: true });
  }
}
