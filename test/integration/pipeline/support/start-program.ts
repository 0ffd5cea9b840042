import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { until } from '../../support/until.ts';

const OUTPUT_CHARS_MAX = 4_000;

export interface Program {
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Again as it was, after its end. */
  start(): Promise<void>;
}

/**
 * Starts a program of the Prometheus project, waits until it is ready, and ends it with the test.
 * @param address where it listens, as one of `args` says
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  address: string,
): Promise<Program> {
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();

  async function start(): Promise<void> {
    const begun = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child = begun;
    ended = once(begun, 'close');
    let said = '';
    begun.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (said = (said + text).slice(-OUTPUT_CHARS_MAX)));
    // Its own word first: what answers at a port that somebody else was given meanwhile is not this one.
    await until(() => {
      if (begun.exitCode !== null) throw new Error(`${command} ended; it said: ${said}`);
      return said.includes('Listening on');
    });
    await until(() => isReady(address));
  }

  async function kill(): Promise<void> {
    child?.kill('SIGKILL');
    await ended;
  }

  onTestFinished(kill);
  await start();
  return { kill, start };
}

async function isReady(address: string): Promise<boolean> {
  return fetch(`http://${address}/-/ready`).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );
}
