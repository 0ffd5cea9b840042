import type { DatabaseSync } from 'node:sqlite';
import { numberOf } from './rows.ts';

/** Texts that are kept once and referred to by number: rows and indexes of calls are a third of the size. */
export interface Names {
  /** The number of a text, which is kept if it is new. */
  idOf(text: string, atMs: number): number;
  /** Forgets what it remembers, because rows may have been deleted or a transaction was rolled back. */
  forget(): void;
}

/** A text that is in use says so no more often than this. */
export const NAME_USE_GRAIN_MS = 3_600_000;
/** Texts that are remembered. */
const REMEMBERED_MAX = 20_000;

interface Name {
  readonly id: number;
  usedAtMs: number;
}

export function createNames(database: DatabaseSync): Names {
  const remembered = new Map<string, Name>();
  const find = database.prepare('SELECT id, used_at_ms FROM names WHERE text = ?');
  const insert = database.prepare(
    'INSERT INTO names (text, used_at_ms) VALUES (?, ?) RETURNING id',
  );
  const use = database.prepare('UPDATE names SET used_at_ms = ? WHERE id = ?');

  function lookUp(text: string, atMs: number): Name {
    const row = find.get(text);
    const name = row
      ? { id: numberOf(row, 'id'), usedAtMs: numberOf(row, 'used_at_ms') }
      : { id: numberOf(insert.get(text, atMs), 'id'), usedAtMs: atMs };
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(text, name);
    return name;
  }

  return {
    idOf(text, atMs) {
      const name = remembered.get(text) ?? lookUp(text, atMs);
      if (atMs - name.usedAtMs >= NAME_USE_GRAIN_MS) {
        use.run(atMs, name.id);
        name.usedAtMs = atMs;
      }
      return name.id;
    },
    forget: () => remembered.clear(),
  };
}
