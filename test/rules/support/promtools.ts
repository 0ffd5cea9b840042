import { spawn, spawnSync } from 'node:child_process';

/** promtool of Prometheus 3 and of 2.42, the oldest that the rules are written for. */
export const PROMTOOLS = ['promtool', 'promtool2'] as const;

/** Says loudly what is not proved where the program is missing; in CI a missing program is a failure of the test. */
export function isMissing(program: string): boolean {
  const isThere = spawnSync(program, ['--version']).status === 0;
  const isSkipped = !isThere && process.env['CI'] === undefined;
  if (isSkipped) console.warn(`SKIPPED: ${program} is not in PATH, nothing is proved with it`);
  return isSkipped;
}

export interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end; both its outputs as one text. */
export function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string } = {},
): Promise<Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Run>();
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.once('error', reject);
  child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  return promise;
}
