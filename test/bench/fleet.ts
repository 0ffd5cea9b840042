/**
 * Goal: does one service keep many servers on schedule, and what does it take?
 * Method: the real service in a child process, started as `npm start` does, with a configuration of 1,000 and of 10,000
 * servers over HTTP, each on a port of its own (no two share a connection), a third each modern, legacy with session and
 * legacy without. Watched are the time until each was checked once, then, after the first round of deep checks, a
 * window of steady running in which `/metrics` is read every 15 seconds. CPU and memory are those of the service's process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cpuUsOf, memoryOf, openFilesMax } from './support/process-cost.ts';
import { startBlackbox } from './support/start-blackbox.ts';
import { startUpstreams } from './support/start-upstreams.ts';
import { quantileOf } from './support/statistics.ts';

const SIZES = [1_000, 10_000];
const INTERVAL_S = 30;
const SCRAPE_EVERY_MS = 15_000;
const WINDOW_MS = 15_000;
const FIRST_CHECK_MS_MAX = 60_000;
const DEEP_CHECK_MS_MAX = 45_000;
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** With a listener and a connection or two for each server, and the service's own bound of idle connections. */
const FILES_PER_SERVER = 1.3;

interface Service {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

async function startService(configPath: string): Promise<Service> {
  const child = spawn(
    process.execPath,
    [...NODE_ARGS, MAIN, 'serve', '--config', configPath, '--listen', '127.0.0.1:0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  // A benchmark that fails leaves nothing behind either.
  const killAtExit = (): void => void child.kill();
  process.once('exit', killAtExit);
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /"http":"([^"]+)".*"msg":"started"/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error('the service ended')));
  });
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      process.off('exit', killAtExit);
      child.kill();
      await exited;
    },
  };
}

function writeConfig(path: string, ports: readonly number[], servers: number): void {
  const lines = Array.from(
    { length: servers },
    (_, index) =>
      `  server-${index}: { url: "http://127.0.0.1:${ports[index % ports.length]}/mcp/${index}" }`,
  );
  writeFileSync(
    path,
    `gateway: { listen: ${GATEWAY_LISTEN} }\ndefaults: { interval: ${INTERVAL_S}s }\nmcpServers:\n${lines.join('\n')}\n`,
  );
}

/** Until `isDone`; how long it took, or nothing if it took too long. */
async function timeUntil(
  isDone: () => Promise<boolean>,
  { everyMs, maxMs }: { everyMs: number; maxMs: number },
): Promise<number | undefined> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < maxMs) {
    if (await isDone()) return performance.now() - startedAt;
    await delay(everyMs);
  }
  return undefined;
}

interface Page {
  readonly scrapeMs: number;
  readonly bytes: number;
  /** Checks so far, deep ones included. */
  readonly checks: number;
  /** Cumulative counts of the lag, by bound in seconds. */
  readonly lag: readonly { readonly bound: number; readonly count: number }[];
}

async function scrape(url: string): Promise<Page> {
  const startedAt = performance.now();
  const text = await (await fetch(`${url}/metrics`)).text();
  const scrapeMs = performance.now() - startedAt;
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    scrapeMs,
    bytes: Buffer.byteLength(text),
    checks: sum(/^mcp_probe_duration_seconds_count\{[^}]*\} (\S+)$/gm),
    lag: [...text.matchAll(/^mcp_probe_schedule_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$/gm)].map(
      ([, bound, count]) => ({
        bound: bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound),
        count: Number(count),
      }),
    ),
  };
}

function lagP99(before: Page | undefined, after: Page): string {
  const between = after.lag.map(({ bound, count }, index) => ({
    bound,
    count: count - (before?.lag[index]?.count ?? 0),
  }));
  const p99 = quantileOf(0.99, between);
  const finest = after.lag[0]?.bound ?? 0;
  return p99 <= finest ? `< ${finest * 1_000} ms` : `${(p99 * 1_000).toFixed(0)} ms`;
}

async function measure(servers: number) {
  const each = Math.ceil(servers / 3);
  const upstreams = await startUpstreams({
    modern: each,
    'legacy-session': each,
    'legacy-stateless': servers - 2 * each,
  });
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-fleet-'));
  const configPath = join(folder, 'mcp-exporter.yml');
  writeConfig(configPath, Object.values(upstreams.ports).flat(), servers);

  const spawnedAt = performance.now();
  const service = await startService(configPath);
  const startMs = performance.now() - spawnedAt;
  const firstMs = await timeUntil(async () => (await countByStatus(service.url))['unknown'] === 0, {
    everyMs: 500,
    maxMs: FIRST_CHECK_MS_MAX,
  });
  const firstCpuUs = cpuUsOf(service.pid);
  const atFirst = await countByStatus(service.url);
  const started = await scrape(service.url);
  const deepMs = await timeUntil(
    async () => {
      const seen = Object.values(await upstreams.traffic());
      return seen.reduce((sum, { lists }) => sum + lists, 0) >= servers;
    },
    { everyMs: 500, maxMs: DEEP_CHECK_MS_MAX },
  );

  const before = await scrape(service.url);
  const windowFrom = performance.now();
  const cpuBeforeUs = cpuUsOf(service.pid);
  let after = before;
  let scrapeMsMax = 0;
  while (performance.now() - windowFrom < WINDOW_MS) {
    await delay(SCRAPE_EVERY_MS);
    after = await scrape(service.url);
    scrapeMsMax = Math.max(scrapeMsMax, after.scrapeMs);
  }
  const cpuUs = cpuUsOf(service.pid) - cpuBeforeUs;
  const windowMs = performance.now() - windowFrom;
  const atLast = await countByStatus(service.url);
  const { residentMb, peakMb } = memoryOf(service.pid);
  await service.stop();
  await upstreams.stop();
  rmSync(folder, { recursive: true });
  return {
    servers,
    'listening after': seconds(startMs),
    'all checked after': firstMs === undefined ? 'never' : seconds(startMs + firstMs),
    'statuses by then': describeStatuses(atFirst),
    'lag p99, first round': lagP99(undefined, started),
    'CPU s until then': (firstCpuUs / 1e6).toFixed(1),
    'all deep-checked after':
      firstMs === undefined || deepMs === undefined
        ? 'not in time'
        : seconds(startMs + firstMs + deepMs),
    'statuses at the end': describeStatuses(atLast),
    'lag p99, steady': lagP99(before, after),
    'checks/s': ((after.checks - before.checks) / (windowMs / 1_000)).toFixed(0),
    'CPU of a core': `${((cpuUs / 1_000 / windowMs) * 100).toFixed(1)} %`,
    'CPU µs/check, all in': Math.round(cpuUs / (after.checks - before.checks)),
    'RSS MB': residentMb.toFixed(0),
    'RSS MB, peak': peakMb.toFixed(0),
    'page MB': (after.bytes / 1e6).toFixed(1),
    'scrape ms, longest': scrapeMsMax.toFixed(0),
  };
}

async function countByStatus(url: string): Promise<Record<string, number>> {
  const health = (await (await fetch(`${url}/health`)).json()) as {
    servers: Record<string, number>;
  };
  return health.servers;
}

function describeStatuses({ total: _total, ...counts }: Record<string, number>): string {
  const seen = Object.entries(counts).filter(([, count]) => count > 0);
  return seen.map(([status, count]) => `${count} ${status}`).join(', ');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** blackbox_exporter at the rate that Prometheus would have it: so many targets, each once in an interval. */
async function measureBlackbox(targets: number): Promise<Record<string, unknown> | undefined> {
  const blackbox = await startBlackbox();
  if (blackbox === undefined) return undefined;
  const upstreams = await startUpstreams({ 'legacy-stateless': 1 });
  const url = `http://127.0.0.1:${upstreams.ports['legacy-stateless']?.[0]}/mcp`;
  const perSecond = targets / INTERVAL_S;
  const run = async (probes: number): Promise<void> => {
    const startedAt = performance.now();
    const running: Promise<void>[] = [];
    for (let index = 0; index < probes; index += 1) {
      const waitMs = startedAt + (index * 1_000) / perSecond - performance.now();
      if (waitMs > 1) await delay(waitMs);
      running.push(blackbox.probe(url));
    }
    await Promise.all(running);
  };
  await run(200);
  const probes = Math.round(perSecond * 8);
  const cpuBeforeUs = cpuUsOf(blackbox.pid);
  const startedAt = performance.now();
  await run(probes);
  const cpuUs = cpuUsOf(blackbox.pid) - cpuBeforeUs;
  const wallMs = performance.now() - startedAt;
  const { residentMb, peakMb } = memoryOf(blackbox.pid);
  await blackbox.stop();
  await upstreams.stop();
  return {
    'blackbox_exporter, targets': targets,
    'checks/s': ((probes * 1_000) / wallMs).toFixed(0),
    'CPU of a core': `${((cpuUs / 1_000 / wallMs) * 100).toFixed(1)} %`,
    'CPU µs/check': Math.round(cpuUs / probes),
    'RSS MB': residentMb.toFixed(0),
    'RSS MB, peak': peakMb.toFixed(0),
  };
}

/** By hand: other settings of Node, the gateway's series beside those of the checks, other fleets. */
const NODE_ARGS = (process.env['FLEET_NODE_ARGS'] ?? '').split(' ').filter((arg) => arg !== '');
const GATEWAY_LISTEN = process.env['FLEET_GATEWAY_LISTEN'] ?? 'off';
const sizes = process.env['FLEET_SIZES']?.split(',').map(Number) ?? SIZES;
const filesMax = openFilesMax(process.pid);
for (const servers of sizes) {
  if (servers * FILES_PER_SERVER > filesMax) {
    console.warn(`SKIPPED: ${servers} servers need more than ${filesMax} open files (ulimit -n)`);
    continue;
  }
  const row = await measure(servers);
  console.table(Object.fromEntries(Object.entries(row).map(([what, value]) => [what, { value }])));
}
const blackbox = await measureBlackbox(10_000);
if (blackbox)
  console.table(
    Object.fromEntries(Object.entries(blackbox).map(([what, value]) => [what, { value }])),
  );
