import { access, readFile, rename, rm } from 'node:fs/promises';
import { createFile, type EditableFile } from './edit-file.ts';

/** The copy of a client's file as it was before the first wrap. */
export function backupPath(path: string): string {
  return `${path}.mcp-exporter-backup`;
}

export async function readBackup(path: string): Promise<Buffer | undefined> {
  return readFile(backupPath(path)).catch(() => undefined);
}

/**
 * Keeps a file as it is now. One that is kept already wins, unless it is of an earlier time.
 * @param isFirst whether the file holds nothing of ours
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
 * Gives a backup that is of no more use to `unwrap` another name, since it may still be of use to its owner.
 * @returns the name
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
