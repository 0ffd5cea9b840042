import { spawnSync } from 'node:child_process';

/** Whether a test must be skipped for want of a program: loudly, and never where CI is set, so that it fails there. */
export function isMissing(...programs: readonly string[]): boolean {
  const missing = programs.filter((name) => spawnSync(name, ['--version']).status !== 0);
  if (missing.length === 0 || process.env['CI']) return false;
  console.warn(`SKIPPED: ${missing.join(', ')} is not in PATH`);
  return true;
}

/** What a program says: `text` on both streams, `out` on standard output. */
export function runProgram(
  name: string,
  args: readonly string[],
): { readonly status: number | null; readonly text: string; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 30_000 });
  return { status, text: `${stdout}${stderr}`, out: stdout };
}
