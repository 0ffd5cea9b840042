import { createHmac, randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Secret } from '../../../facts/secret.ts';
import type { PasswordComparison, ComparisonResult } from './compare-worker.ts';

export interface PasswordChecker {
  /** Whether the password matches the hash; `undefined` if too many are waiting already. */
  check(password: string, hash: Secret): Promise<boolean | undefined>;
  stop(): Promise<void>;
}

/** Compared one after the other, each for tens of milliseconds. */
const WAITING_MAX = 16;
const VERDICTS_MAX = 1_000;
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './compare-worker.ts' : './compare-worker.js',
  import.meta.url,
);

/**
 * Compares passwords with bcrypt hashes on a thread of its own: that is slow by design, and on the main thread
 * anyone with wrong passwords could hold up all calls. Verdicts are kept under a key that only this process has.
 */
export function createPasswordChecker(): PasswordChecker {
  const cacheKey = randomBytes(32);
  const verdicts = new Map<string, boolean>();
  const waiting = new Map<number, (isSame: boolean | undefined) => void>();
  let worker: Worker | undefined;
  let lastId = 0;

  function open(): Worker {
    const opened = new Worker(WORKER);
    opened.unref();
    opened.on('message', ({ id, isSame }: ComparisonResult) => {
      waiting.get(id)?.(isSame);
      waiting.delete(id);
    });
    opened.on('error', () => undefined);
    opened.on('exit', () => {
      if (worker === opened) worker = undefined;
      for (const resolve of waiting.values()) resolve(undefined);
      waiting.clear();
    });
    return opened;
  }

  function remember(key: string, isSame: boolean): void {
    if (verdicts.size >= VERDICTS_MAX) {
      const [oldest] = verdicts.keys();
      if (oldest !== undefined) verdicts.delete(oldest);
    }
    verdicts.set(key, isSame);
  }

  return {
    async check(password, hash) {
      const digest = createHmac('sha256', cacheKey);
      const key = digest.update(`${hash.reveal()} ${password}`).digest('base64');
      const known = verdicts.get(key);
      if (known !== undefined) return known;
      if (waiting.size >= WAITING_MAX) return undefined;
      worker ??= open();
      const id = ++lastId;
      const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
      waiting.set(id, resolve);
      worker.postMessage({ id, password, hash: hash.reveal() } satisfies PasswordComparison, []);
      const isSame = await promise;
      if (isSame !== undefined) remember(key, isSame);
      return isSame;
    },
    async stop() {
      await worker?.terminate();
    },
  };
}
