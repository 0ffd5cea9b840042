import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Program {
  readonly port: number;
  stop(): Promise<void>;
}

const START_MS_MAX = 30_000;

/** Runs a Node script that listens on a port of its own and says which one in its first line. */
export async function startProgram(script: string, args: readonly string[] = []): Promise<Program> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const signal = AbortSignal.timeout(START_MS_MAX);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await once(lines, 'line', { signal })) as [string];
  const port = Number(line);
  if (!(port > 0)) throw new Error(`${script} said ${line} instead of its port`);
  return {
    port,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
