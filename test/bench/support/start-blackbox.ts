import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../integration/support/free-port.ts';

export interface Blackbox {
  readonly pid: number;
  /** Rejects unless it reports success. */
  probe(target: string): Promise<void>;
  stop(): Promise<void>;
}

/** JSON is YAML. */
const CONFIG = {
  modules: {
    mcp: {
      prober: 'http',
      timeout: '5s',
      http: {
        method: 'POST',
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: {
            protocolVersion: '2025-11-25',
            capabilities: {},
            clientInfo: { name: 'blackbox_exporter', version: '1' },
          },
        }),
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/json, text/event-stream',
        },
        preferred_ip_protocol: 'ip4',
      },
    },
  },
};

/** blackbox_exporter as people point it at MCP servers; nothing, and a loud word about it, where it is not installed. */
export async function startBlackbox(): Promise<Blackbox | undefined> {
  if (spawnSync('blackbox_exporter', ['--version']).status !== 0) {
    console.warn('SKIPPED: blackbox_exporter is not in PATH, so its row is missing');
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-bench-'));
  const configPath = join(folder, 'blackbox.yml');
  writeFileSync(configPath, JSON.stringify(CONFIG));
  const port = await freePort();
  const child = spawn(
    'blackbox_exporter',
    [`--config.file=${configPath}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  // A benchmark that fails leaves nothing behind either.
  const killAtExit = (): void => void child.kill();
  process.once('exit', killAtExit);
  const agent = new http.Agent({ keepAlive: true });
  const get = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path, agent }, (response) => {
        let page = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (page += chunk));
        response.on('end', () => resolve(page));
      });
      request.on('error', reject);
    });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const isReady = await get('/-/healthy').then(Boolean, () => false);
    if (isReady || child.exitCode !== null) break;
    await delay(50);
  }
  return {
    pid: child.pid ?? 0,
    async probe(target) {
      const page = await get(`/probe?module=mcp&target=${encodeURIComponent(target)}`);
      if (!page.includes('\nprobe_success 1\n')) throw new Error('the probe failed');
    },
    async stop() {
      process.off('exit', killAtExit);
      agent.destroy();
      child.kill();
      await exited;
      rmSync(folder, { recursive: true });
    },
  };
}
