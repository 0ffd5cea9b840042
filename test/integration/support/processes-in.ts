import { readdir, readlink } from 'node:fs/promises';

/** Ids of the processes that have this working directory, in ascending order. Linux only. */
export async function processesIn(directory: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    ids.map(async (id) => {
      const workingDirectory = await readlink(`/proc/${id}/cwd`).catch(() => undefined);
      return workingDirectory === directory ? Number(id) : undefined;
    }),
  );
  return found.filter((id) => id !== undefined).toSorted((a, b) => a - b);
}
