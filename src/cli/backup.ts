import { access, readFile, rename, rm } from 'node:fs/promises';
import { createFile, type EditableFile } from './edit-file.ts';

/** The copy of a client's file from before the first wrap. */
export function backupPath(path: string): string {
  return `${path}.mcp-exporter-backup`;
}

export async function readBackup(path: string): Promise<Buffer | undefined> {
  return readFile(backupPath(path)).catch(() => undefined);
}

/**
 * Keeps a copy of the file. An existing backup is kept instead, unless it predates this wrap.
 * @param isFirst whether the file contains no entry of ours
 * @returns what went wrong
 */
export async function keepBackup(
  { path, bytes, mode }: EditableFile,
  isFirst: boolean,
): Promise<string | undefined> {
  const kept = await readBackup(path);
  if (kept && (!isFirst || (bytes && kept.equals(bytes)))) return undefined;
  if (kept) await setBackupAside(path);
  return createFile(backupPath(path), bytes ?? Buffer.alloc(0), mode);
}

/**
 * Renames a backup that `unwrap` no longer needs, instead of deleting it: the user may want it.
 * @returns the new name
 */
export async function setBackupAside(path: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${backupPath(path)}-${number}`;
    const isTaken = await access(name).then(
      () => true,
      () => false,
    );
    if (isTaken) continue;
    await rename(backupPath(path), name);
    return name;
  }
}

export async function removeBackup(path: string): Promise<void> {
  await rm(backupPath(path), { force: true });
}
