import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { hang, startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { freePort } from './support/free-port.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: what Prometheus reads is what we meant. Method: the live page of the real service, given to promtool and
// scraped by Prometheus 2 and 3, whose own API then tells the series.

const STDIO_SERVER = fileURLToPath(new URL('../fakes/stdio-server.ts', import.meta.url));
const PROMETHEUS_MS_MAX = 60_000;

function isMissing(program: string): boolean {
  const isThere = spawnSync(program, ['--version']).status === 0;
  if (!isThere && process.env['CI']) return false;
  if (!isThere) console.warn(`SKIPPED: ${program} is not in PATH`);
  return !isThere;
}

/** One server of each kind: well over HTTP, well over stdio, down, and switched off. */
async function startFleet(): Promise<Service> {
  const well = await startScriptedMcpServer({ profile: 'legacy-session' });
  const hung = await startScriptedMcpServer({ profile: 'modern' });
  hung.script('*', hang);
  onTestFinished(async () => {
    await well.close();
    await hung.close();
  });
  const service = await startService({
    config: `gateway: { listen: off }
defaults: { interval: 2s, retryInterval: 100ms, timeout: 500ms, startTimeout: 1s, offlineIntervalMax: 2s, responseTime: { warning: 1s, critical: 2s } }
mcpServers:
  well: { url: "${well.url}" }
  child: { command: "${process.execPath}", args: ["${STDIO_SERVER}"], monitor: { startTimeout: 20s } }
  "quo\\"te": { url: "http://127.0.0.1:1/mcp" }
  hung: { url: "${hung.url}" }
  off: { command: "true", disabled: true }
`,
  });
  await until(async () => {
    const { healthy, offline } = (await service.health()).servers;
    return healthy === 2 && offline === 2;
  });
  return service;
}

test.skipIf(isMissing('promtool'))(
  'promtool finds nothing to complain about on the live page',
  async () => {
    const service = await startFleet();
    const input = await service.get('/metrics');
    expect(input).toContain('mcp_probe_success{server="hung"} 0');
    const promtool = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    expect([promtool.status, promtool.stdout + promtool.stderr]).toEqual([0, '']);
  },
);

interface Answer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

for (const program of ['prometheus2', 'prometheus']) {
  test.skipIf(isMissing(program))(
    `${program} scrapes the live page and finds every server`,
    async () => {
      const service = await startFleet();
      const query = await startPrometheus(program, service);
      await until(async () => (await query('up{job="mcp"}')).get('') === 1);

      expect(await query('mcp_server_up', 'server')).toEqual(
        new Map([
          ['well', 1],
          ['child', 1],
          ['quo"te', 0],
          ['hung', 0],
          ['off', 0],
        ]),
      );
      expect(await query('mcp_server_status == 1', 'status')).toEqual(
        new Map([
          ['healthy', 1],
          ['offline', 1],
          ['disabled', 1],
        ]),
      );
      expect(await query('mcp_probe_failures_total{server="quo\\"te"} > 0', 'reason')).toEqual(
        new Map([['refused', expect.any(Number)]]),
      );
      const counted = await query('mcp_probe_duration_seconds_count{server="well"}', 'server');
      expect(counted.get('well')).toBeGreaterThan(0);
      expect(await query('mcp_server_info{transport="stdio"}', 'server')).toEqual(
        new Map([
          ['child', 1],
          ['off', 1],
        ]),
      );
      expect(await query('scrape_series_added > 0')).not.toEqual(new Map());
      // The bounds of a histogram are the same text in both versions, so that rules find them.
      const bounds = await query('mcp_probe_duration_seconds_bucket{server="well",le="1.0"}', 'le');
      expect([...bounds.keys()]).toEqual(['1.0']);
    },
    PROMETHEUS_MS_MAX,
  );
}

type Query = (expression: string, label?: string) => Promise<Map<string, number>>;

/** A Prometheus of this version that scrapes the service each second. */
async function startPrometheus(program: string, { folder, url }: Service): Promise<Query> {
  const config = join(folder, 'prometheus.yml');
  const port = await freePort();
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'mcp', static_configs: [{ targets: [new URL(url).host] }] }],
    }),
  );
  const child = spawn(
    program,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return async (expression, label = '') => {
    const address = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = await fetch(address).catch(() => undefined);
    if (!answer?.ok) return new Map();
    const { data } = (await answer.json()) as Answer;
    return new Map(data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
  };
}
