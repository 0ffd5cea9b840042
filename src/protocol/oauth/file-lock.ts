import { watch } from 'node:fs';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../../facts/ports/clock.ts';

/** A process that was killed leaves its lock behind. Nobody holds one longer than an attempt to get a token may take. */
const STALE_MS = 60_000;

/**
 * Runs `work` while no other process of ours does so for the same file: authorization servers that rotate refresh tokens
 * end a login whose refresh token is used twice (RFC 9700 §4.14.2).
 * @returns undefined if `signal` aborted before the lock was free
 */
export async function withFileLock<T>(
  path: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T | undefined> {
  const lock = `${path}.lock`;
  await mkdir(dirname(lock), { recursive: true, mode: 0o700 });
  while (!(await take(lock))) {
    const leftMs = STALE_MS - (await ageOf(lock, clock));
    if (leftMs <= 0) await rm(lock, { force: true });
    else await changeOf(lock, leftMs, clock, signal);
    if (signal.aborted) return undefined;
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Zero if it is gone. */
async function ageOf(lock: string, clock: Clock): Promise<number> {
  try {
    return clock.nowMs() - (await stat(lock)).mtimeMs;
  } catch {
    return STALE_MS;
  }
}

/** Resolves when the lock is taken or given back, after `limitMs`, or when `signal` aborts. */
function changeOf(lock: string, limitMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      watcher.close();
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const watcher = watch(dirname(lock), (_event, name) => {
      if (name === null || name === basename(lock)) end();
    });
    watcher.on('error', end);
    const timer = clock.after(limitMs, end);
    signal.addEventListener('abort', end, { once: true });
    // It may have been given back before the watcher was ready.
    void stat(lock).catch(end);
    if (signal.aborted) end();
  });
}
