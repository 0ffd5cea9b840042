import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Text files that others read while we write them. */
export const textFiles = {
  /** @returns `undefined` if there is no such file. Rejects if it cannot be read. */
  async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },

  /**
   * Replaces a file in one step, so that nobody ever reads half of it, and makes the folder it lies in.
   * @returns what went wrong; the file is as it was then
   */
  async write(path: string, text: string, mode: number): Promise<string | undefined> {
    const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
    try {
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(temporary, 'wx', mode);
      try {
        await handle.writeFile(text);
        // The mode of `open` is subject to the umask.
        await handle.chmod(mode);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
      return undefined;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      return `${path} cannot be written (${codeOf(error)})`;
    }
  },
} as const;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
