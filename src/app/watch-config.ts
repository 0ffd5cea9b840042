import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '../facts/ports/clock.ts';

export interface WatchConfigOptions {
  /** What to watch; called for each check, since a reload may name other files. */
  readonly files: () => readonly string[];
  readonly clock: Clock;
  /** Called once the files are at rest; must not throw. */
  readonly onChange: () => void;
  readonly intervalMs?: number;
  /** Tells one state of a file from another. */
  readonly signatureOf?: (file: string) => Promise<string>;
}

export interface ConfigWatch {
  stop(): void;
}

const INTERVAL_MS = 1_000;

/**
 * Looks at the files once a second instead of asking the kernel for events: those get lost on network and container
 * mounts, and an editor's rename or a swapped symbolic link (Kubernetes) ends them. A change counts when two looks
 * in a row agree, so that a half-written file is not read.
 */
export function watchConfig({
  files,
  clock,
  onChange,
  intervalMs = INTERVAL_MS,
  signatureOf = signatureOfFile,
}: WatchConfigOptions): ConfigWatch {
  let settled: ReadonlyMap<string, string> | undefined;
  let before: ReadonlyMap<string, string> = new Map();
  let timer: Timer | undefined;
  let isStopped = false;

  async function look(): Promise<void> {
    const now = new Map<string, string>();
    for (const file of files()) now.set(file, await signatureOf(file));
    if (isStopped) return;
    const hasChanged = settled !== undefined && differs(settled, now);
    const isAtRest = !differs(before, now);
    before = now;
    if (settled === undefined || !hasChanged || isAtRest) settled = now;
    if (hasChanged && isAtRest) onChange();
    timer = clock.after(intervalMs, () => void look());
  }

  void look();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/** Only files that both know count: one that a reload added or dropped did not change. */
function differs(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return [...now].some(([file, signature]) => old.has(file) && old.get(file) !== signature);
}

/** Follows symbolic links; a file that is missing or not to be seen has a signature too. */
export async function signatureOfFile(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}
