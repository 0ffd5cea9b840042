import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';

/** Failures that do not pass by themselves, as those of a full or read-only disk do. */
const IMPOSSIBLE: Readonly<Record<string, string>> = {
  ENOTDIR: 'is below something that is no folder',
  EEXIST: 'is below something that is no folder',
  ENOENT: 'is in a folder that cannot be made',
  ENAMETOOLONG: 'is too long',
  ELOOP: 'leads in a circle of symbolic links',
};

/**
 * Why no database can ever be at a path, which is a mistake of the configuration; `undefined` if one can, though it may fail for
 * now. Makes the folder if it is missing.
 */
export function whyNoFile(path: string): string | undefined {
  try {
    makeFolder(dirname(path));
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) return 'is a folder';
    // To open a pipe would block until somebody writes to it.
    return found === undefined || found.isFile() ? undefined : 'is no regular file';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return IMPOSSIBLE[code];
  }
}
