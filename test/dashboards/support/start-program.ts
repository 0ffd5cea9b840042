import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ending } from './ending.ts';

const READY_MS_MAX = 300_000;
const OUTPUT_CHARS_MAX = 20_000;

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Whether it is up, looked at again and again; gets what it has said so far, on both streams. */
  readonly isReady: (said: string) => Promise<boolean> | boolean;
  readonly ending: Ending;
}

/** Starts a program that serves, and waits until it does. @returns what it has said so far, on both streams */
export async function startProgram(options: ProgramOptions): Promise<() => string> {
  const { command, args, cwd, isReady, ending } = options;
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listen = (text: string): void => void (said = (said + text).slice(-OUTPUT_CHARS_MAX));
  child.stdout.setEncoding('utf8').on('data', listen);
  child.stderr.setEncoding('utf8').on('data', listen);
  const ended = once(child, 'close').catch(() => undefined);
  ending.add(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const deadlineMs = performance.now() + READY_MS_MAX;
  while (!(await isReady(said))) {
    if (child.exitCode !== null || performance.now() > deadlineMs)
      throw new Error(`${command} is not ready; it said: ${said}`);
    await delay(50);
  }
  return () => said;
}

/** Whether an address answers well. */
export async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
