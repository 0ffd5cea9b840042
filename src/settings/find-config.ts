import { access } from 'node:fs/promises';
import { join } from 'node:path';

export const CONFIG_FILE_NAMES = ['mcp-exporter.yml', 'mcp-exporter.yaml'] as const;

/** The configuration of a folder; nothing means that the bundled demonstration server is watched. */
export async function findConfig(directory = '.'): Promise<string | undefined> {
  for (const name of CONFIG_FILE_NAMES) {
    const path = join(directory, name);
    try {
      await access(path);
      return path;
    } catch {
      // Not there, or not to be seen: the next name.
    }
  }
  return undefined;
}
