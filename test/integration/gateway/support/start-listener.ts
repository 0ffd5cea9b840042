import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Listener {
  readonly port: number;
  stop(): Promise<void>;
}

const START_MS_MAX = 30_000;

/** Runs a Node script that takes its port from the environment, and waits until it listens. */
export async function startListener(
  script: string,
  args: readonly string[],
  port: number,
): Promise<Listener> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  const deadlineMs = Date.now() + START_MS_MAX;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      await stop();
      throw new Error(`${script} does not listen on ${port}`);
    }
    await delay(50);
  }
  return { port, stop };
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
