import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import { createProber, type Prober } from '../../src/sources/probe/prober.ts';
import { createRecordingSink, type RecordingSink } from '../fakes/recording-sink.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { serverSpec } from './support/server-spec.ts';
import { type StartedGateway, startGateway } from './support/start-gateway.ts';
import { type StartedServer, startServer } from './support/start-server.ts';
import { startTraffic } from './support/start-traffic.ts';

/*
 * Goal: under traffic a killed server is Offline within 10 s of an interval of 30 s, and Healthy by itself within 15 s of
 * its return; without traffic nothing changes. Method: a real server, killed and started again, that is watched under two
 * names: one has a client that calls it twice a second through the gateway, the other has none. A child needs no traffic.
 */
const OFFLINE_MS_MAX = 10_000;
const HEALTHY_MS_MAX = 15_000;

let server: StartedServer;
let child: StartedServer;
let gateway: StartedGateway;
let prober: Prober;
let sink: RecordingSink;

beforeEach(async () => {
  server = await startReal('everything-http');
  child = await startReal('everything-stdio');
  const hub = createHub((error) => {
    throw error;
  });
  sink = createRecordingSink(hub);
  const clock = createSystemClock();
  prober = createProber({
    connector: createConnector({ clientName: 'mcp-exporter', clientVersion: 'test', clock }),
    clock,
    random: Math.random,
    hub,
    concurrency: 8,
  });
  const servers = ['busy', 'quiet'].map(watched);
  gateway = await startGateway({ servers, onCall: (record) => hub.publish(record) });
  prober.apply([...servers, serverSpec('child', child.target)]);
}, 60_000);

afterEach(async () => {
  await gateway.stop();
  await prober.stop();
  await server.stop();
  await child.stop();
});

async function startReal(name: string, port?: number): Promise<StartedServer> {
  const row = REAL_SERVERS.find((candidate) => candidate.name === name);
  if (!row) throw new Error(`${name} left the table`);
  return startServer(row, {}, port);
}

/** Slow answers of a busy machine are not what this is about. */
function watched(name: string): ServerSpec {
  const spec = serverSpec(name, server.target);
  const responseTime = { warningMs: 20_000, criticalMs: 30_000 };
  return { ...spec, monitor: { ...spec.monitor, intervalMs: 30_000, responseTime } };
}

async function becomes(name: string, status: string, withinMs: number): Promise<number> {
  const startedMs = performance.now();
  await vi.waitFor(() => expect(prober.detail(name)?.status).toBe(status), {
    timeout: withinMs,
    interval: 20,
  });
  return performance.now() - startedMs;
}

function checksOf(name: string): number {
  return sink.of('probe').filter((fact) => fact.server === name && fact.report.kind === 'steady')
    .length;
}

function portOf({ target }: StartedServer): number {
  return target.kind === 'http' ? Number(new URL(target.url).port) : 0;
}

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

test('a killed server is Offline within 10 s under traffic, and Healthy by itself within 15 s of its return', async () => {
  await Promise.all(['busy', 'quiet'].map((name) => becomes(name, 'healthy', 20_000)));
  const traffic = startTraffic(gateway.url('busy'), 500);
  await vi.waitFor(() => expect(checksOf('quiet')).toBe(2), { timeout: 10_000 });
  await delay(2_000);
  expect(traffic.counts()).toMatchObject({ bad: 0 });
  expect(traffic.counts().good).toBeGreaterThan(2);
  const checksBefore = checksOf('quiet');

  await server.stop('SIGKILL');
  const offlineMs = await becomes('busy', 'offline', OFFLINE_MS_MAX);
  expect(prober.detail('quiet')?.status).toBe('healthy');
  expect(checksOf('quiet')).toBe(checksBefore);
  await delay(3_000);
  server = await startReal('everything-http', portOf(server));
  const healthyMs = await becomes('busy', 'healthy', HEALTHY_MS_MAX);
  process.stdout.write(
    `under traffic: Offline ${inSeconds(offlineMs)} after the kill, Healthy ${inSeconds(healthyMs)} after the return\n`,
  );
  await traffic.stop();
  expect(sink.of('disagreement')).toEqual([]);
});

test('a child that is killed between checks is started again soon after its back-off', async () => {
  await becomes('child', 'healthy', 20_000);
  await vi.waitFor(() => expect(checksOf('child')).toBe(2), { timeout: 10_000 });
  const [first] = sink.of('child_start');
  if (!first) throw new Error('no child was started');
  const killedMs = performance.now();
  process.kill(-first.pid, 'SIGKILL');
  await vi.waitFor(() => expect(checksOf('child')).toBe(3), { timeout: 10_000, interval: 20 });
  process.stdout.write(`checked ${inSeconds(performance.now() - killedMs)} after its end\n`);
  expect(sink.of('child_start')).toHaveLength(2);
  expect(prober.detail('child')).toMatchObject({ status: 'healthy', failures: 0 });
});
