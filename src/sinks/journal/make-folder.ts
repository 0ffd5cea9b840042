import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only for us: details of checks and alerts are nobody else's business on this machine. */
const MODE = 0o700;

/**
 * Makes a folder and those above it. Not by the option `recursive` of `mkdir`, which never returns below `/proc`: that answers
 * ENOENT for ever.
 * @throws what the file system answers
 */
export function makeFolder(path: string): void {
  if (make(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: MODE });
}

/** @returns false if the folder above is missing */
function make(path: string): boolean {
  try {
    mkdirSync(path, { mode: MODE });
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return true;
    throw error;
  }
}
