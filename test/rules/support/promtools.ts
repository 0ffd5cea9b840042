import { spawn } from 'node:child_process';

/** promtool of Prometheus 3 and of 2.42, the oldest that the rules are written for. */
export const PROMTOOLS = ['promtool', 'promtool2'] as const;

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end; both its outputs as one text. */
export function run(program: string, args: readonly string[], cwd?: string): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const options = cwd === undefined ? {} : { cwd };
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  return promise;
}
