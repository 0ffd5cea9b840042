import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** A file to be edited. */
export interface EditableFile {
  /** Absolute, with all symbolic links resolved: an edit must not replace a link with a file. */
  readonly path: string;
  /** `undefined` if the file does not exist yet. */
  readonly bytes: Buffer | undefined;
  readonly text: string | undefined;
  readonly mode: number;
}

export type OpenedFile =
  | { readonly ok: true; readonly file: EditableFile }
  | { readonly ok: false; readonly message: string };

const BYTES_MAX = 16 * 1024 * 1024;
/** A new file may receive secrets from a client's file. */
const NEW_MODE = 0o600;

/** Reads a file and checks that it can be replaced. Never rejects. */
export async function openForEdit(path: string): Promise<OpenedFile> {
  const given = resolve(path);
  const failed = (why: string): OpenedFile => ({ ok: false, message: `${given} ${why}` });
  try {
    const link = await lstat(given).catch(ifMissing);
    if (!link) {
      const folder = await realpath(dirname(given)).catch(ifMissing);
      if (folder === undefined) return failed('lies in a directory that does not exist');
      const file = { path: given, bytes: undefined, text: undefined, mode: NEW_MODE };
      return { ok: true, file };
    }
    const target = await realpath(given).catch(ifMissing);
    if (target === undefined) return failed('is a symbolic link to something that does not exist');
    const { mode, nlink, size, isFile } = await describe(target);
    if (!isFile) return failed('is not a regular file');
    if (nlink > 1) return failed('has another hard link, which an edit would break');
    if (size > BYTES_MAX) return failed(`is larger than ${BYTES_MAX / 1024 ** 2} MiB`);
    const isWritable = await access(target, constants.W_OK).then(
      () => true,
      () => false,
    );
    // Root can write read-only files, but should not do so by accident.
    if (!isWritable || (mode & 0o222) === 0) return failed('is read-only');
    const bytes = await readFile(target);
    const text = decode(bytes);
    if (text === undefined) return failed('is not UTF-8 text');
    return { ok: true, file: { path: target, bytes, text, mode: mode & 0o777 } };
  } catch (error) {
    return failed(`cannot be read (${codeOf(error)})`);
  }
}

/**
 * Replaces a file atomically, so that nobody reads half of it. Mode and owner are preserved.
 * @returns what went wrong, in which case nothing was changed
 */
export async function replaceFile(
  { path, bytes: before, mode }: EditableFile,
  content: Buffer | string,
): Promise<string | undefined> {
  const temporary = join(dirname(path), `.mcp-exporter-${randomBytes(6).toString('hex')}.tmp`);
  try {
    const now = await readFile(path).catch(ifMissing);
    if ((now === undefined) !== (before === undefined) || (before && now && !now.equals(before)))
      return `${path} was changed by another program in the meantime`;
    await writeDurably(temporary, content, mode, before === undefined ? undefined : path);
    await rename(temporary, path);
    return undefined;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    return `${path} cannot be written (${codeOf(error)})`;
  }
}

/**
 * Writes a file that must not exist yet.
 * @returns what went wrong
 */
export async function createFile(
  path: string,
  content: Buffer,
  mode: number,
): Promise<string | undefined> {
  try {
    await writeDurably(path, content, mode, undefined);
    return undefined;
  } catch (error) {
    return `${path} cannot be written (${codeOf(error)})`;
  }
}

async function writeDurably(
  path: string,
  content: Buffer | string,
  mode: number,
  ownerOf: string | undefined,
): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(content);
    // The mode of `open` is subject to the umask.
    await handle.chmod(mode);
    if (ownerOf !== undefined) {
      const { uid, gid } = await stat(ownerOf);
      await handle.chown(uid, gid).catch(() => undefined);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function describe(
  path: string,
): Promise<{ mode: number; nlink: number; size: number; isFile: boolean }> {
  const found = await stat(path);
  return { mode: found.mode, nlink: found.nlink, size: found.size, isFile: found.isFile() };
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function ifMissing(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined;
  throw error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
