import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Attempt, TryClient } from './client.ts';

const DRIVER = join(import.meta.dirname, '../python/python-driver.py');
/** The driver has the limit too; it needs some time to disconnect. */
const REPLY_MS = 15_000;

export interface PythonClient {
  readonly tryClient: TryClient;
  stop(): Promise<void>;
}

/** The Python SDK in one process for all attempts. */
export function startPythonClient(python: string): PythonClient {
  const child = spawn(python, [DRIVER], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (attempt: Attempt) => void>();
  const ended = once(child, 'exit');
  const ready = Promise.withResolvers<unknown>();
  waiting.set(0, ready.resolve);
  let count = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, ...attempt } = JSON.parse(line) as Attempt & { readonly id: number };
    waiting.get(id)?.(attempt);
  });
  return {
    tryClient: async (address, limitMs) => {
      // Its imports take seconds, which are no part of an attempt.
      await ready.promise;
      const id = (count += 1);
      const { promise, resolve } = Promise.withResolvers<Attempt>();
      const silence: Attempt = { outcome: 'no answer', detail: 'the driver did not reply' };
      const timer = setTimeout(() => resolve(silence), limitMs + REPLY_MS);
      waiting.set(id, resolve);
      child.stdin.write(`${JSON.stringify({ id, ...address, limit: limitMs / 1_000 })}\n`);
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(id);
      });
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
