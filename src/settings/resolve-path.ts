import { isAbsolute, join } from 'node:path';

/** A path of a file, seen from the folder of the file that names it; `~/` is the home directory. */
export function resolvePath(path: string, directory: string, home: string | undefined): string {
  if (home !== undefined && (path === '~' || path.startsWith('~/')))
    return join(home, path.slice(1));
  return isAbsolute(path) ? path : join(directory, path);
}
