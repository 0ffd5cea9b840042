import type { ReadText } from '../../src/settings/files.ts';

/** Files in memory, by the path under which they are asked for. */
export function createFakeFiles(files: Readonly<Record<string, string>>): ReadText {
  return async (path) => {
    const text = files[path];
    return text === undefined ? { ok: false, reason: 'does not exist' } : { ok: true, text };
  };
}
