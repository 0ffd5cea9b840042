import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CONFORMANCE_SCRIPTS } from '../../support/conformance-programs.ts';

export interface InspectorOutput {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * One call of the MCP Inspector's command line client, in a home of its own.
 * @param target a URL, or a command with its arguments
 * @param cwd where the command is started
 */
export async function runInspector(
  target: readonly string[],
  transport: 'http' | 'sse' | 'stdio',
  args: readonly string[],
  cwd: string,
): Promise<InspectorOutput> {
  const home = await mkdtemp(join(tmpdir(), 'mcp-inspector-'));
  try {
    const [first = '', ...rest] = target;
    const child = spawn(
      process.execPath,
      [
        CONFORMANCE_SCRIPTS.inspector,
        '--cli',
        first,
        ...rest,
        '--transport',
        transport,
        '--format',
        'json',
        ...args,
      ],
      { cwd, env: { ...process.env, HOME: home, CI: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.exitCode === null ? once(child, 'exit') : undefined,
    ]);
    return { exitCode: child.exitCode, stdout, stderr };
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}
