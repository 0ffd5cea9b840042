import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const READY_MS_MAX = 20_000;
const OUTPUT_CHARS_MAX = 4_000;

export interface Program {
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/** Says so where one is missing; in CI its absence is a failure. */
export function isMissing(...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => spawnSync(program, ['--version']).status !== 0);
  if (missing.length === 0 || process.env['CI']) return false;
  console.warn(`SKIPPED: not in PATH: ${missing.join(', ')}`);
  return true;
}

/** Starts it, waits until it answers at `readyUrl`, and ends it with the test. */
export async function startProgram(
  command: string,
  args: readonly string[],
  readyUrl: string,
): Promise<Program> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-OUTPUT_CHARS_MAX)));
  const ended = once(child, 'exit');
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  const deadlineMs = performance.now() + READY_MS_MAX;
  // Its own word first: what answers at a port that somebody else was given meanwhile is not this one.
  while (!said.includes('Listening on') || !(await answers(readyUrl))) {
    if (child.exitCode !== null || performance.now() > deadlineMs)
      throw new Error(`${command} is not ready; it said: ${said}`);
    await delay(50);
  }
  return { kill };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
