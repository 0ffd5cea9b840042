import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../fixtures/servers/forward-proxy.mjs', import.meta.url));
const USER = 'user';
const PASSWORD = 'p@ss:word';

export interface ForwardProxy {
  /** With its credentials. */
  readonly url: string;
  /** `host:port`, without credentials. */
  readonly host: string;
  /** `host:port` of each tunnel so far. */
  readonly targets: readonly string[];
  stop(): Promise<void>;
}

/**
 * A forward proxy from the registry, in a process of its own that ends with the test. It asks for credentials.
 *
 * @param tls makes it a proxy that is itself reached over TLS
 */
export async function startForwardProxy(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<ForwardProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-forward-proxy-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = tls ? [join(folder, 'key.pem'), join(folder, 'cert.pem')] : [];
  for (const [index, path] of files.entries())
    await writeFile(path, (index === 0 ? tls?.key : tls?.cert) ?? '');
  const child = spawn(process.execPath, [PROGRAM, USER, PASSWORD, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(stop);
  const targets: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const [port] = (await once(lines, 'line')) as [string];
  lines.on('line', (line) => targets.push(line));
  const host = `127.0.0.1:${port}`;
  const credentials = [USER, PASSWORD].map(encodeURIComponent).join(':');
  return { url: `${tls ? 'https' : 'http'}://${credentials}@${host}`, host, targets, stop };
}
