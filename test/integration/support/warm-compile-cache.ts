import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const CONFIG = 'listen: 127.0.0.1:0\ngateway: { listen: 127.0.0.1:0 }\nmcpServers: {}\n';

/**
 * For vitest's `globalSetup`: has the modules of the service compiled once. Node.js writes its compile cache when a process
 * exits, and the services of most tests are ended by SIGKILL.
 */
export async function setup(): Promise<void> {
  if (process.env['NODE_COMPILE_CACHE'] === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-warm-'));
  await writeFile(join(folder, 'mcp-exporter.yml'), CONFIG);
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', 'mcp-exporter.yml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('"started"')) child.kill('SIGTERM');
  });
  await once(child, 'close');
  await rm(folder, { recursive: true, force: true });
}
