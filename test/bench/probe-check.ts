/**
 * Goal: what does a steady check cost, by era and transport, compared with the bare request that it cannot do without?
 * Method: small servers without an SDK in a child process; eight connections in a closed loop; rounds of all contenders
 * interleaved, so that whatever else the machine does hits all alike; medians of rounds, ratios within a round. CPU is
 * that of the process that checks: ours by `process.cpuUsage`, blackbox_exporter's by /proc. Bytes are those of the wire,
 * counted by the server. The bare request is a keep-alive POST by `node:http` whose answer is read and not looked at.
 */
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { createSystemClock } from '../../src/app/system-clock.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { createMetrics } from '../../src/sinks/prometheus/metrics.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { ServerSpec } from '../../src/facts/server.ts';
import { createProber } from '../../src/sources/probe/prober.ts';
import { buildServer } from '../fakes/build-server.ts';
import { fakeServer } from '../fakes/stdio-behaviour.ts';
import type { UpstreamKind } from './support/bench-upstreams.ts';
import { cpuUsOf } from './support/process-cost.ts';
import { startBlackbox } from './support/start-blackbox.ts';
import { startUpstreams } from './support/start-upstreams.ts';
import { median } from './support/statistics.ts';

const ROUNDS = 5;
const LANES = 8;
const CHECKS = 2_000;
/** A foreign process is measured in hundredths of a second, and it is slower. */
const CHECKS_OF_BLACKBOX = 1_000;

interface Contender {
  readonly name: string;
  /** Its listener, for the bytes; none where there is no network. */
  readonly upstream?: UpstreamKind;
  readonly checks: number;
  /** CPU time so far of the process that checks. */
  cpuUs(): number;
  /** One check in one lane; throws if it fails. */
  checkOnce(lane: number): Promise<void>;
  stop(): Promise<void>;
}

const clock = createSystemClock();
const upstreams = await startUpstreams({
  bare: 1,
  modern: 1,
  'legacy-session': 1,
  'legacy-stateless': 1,
  sse: 1,
});
const lanes = Array.from({ length: LANES }, (_, lane) => lane);

function urlOf(kind: UpstreamKind): string {
  return `http://127.0.0.1:${upstreams.ports[kind]?.[0]}/${kind === 'sse' ? 'sse' : 'mcp'}`;
}

function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function createBareContender(): Contender {
  const agent = new http.Agent({ keepAlive: true, maxSockets: LANES });
  const url = new URL(urlOf('bare'));
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  return {
    name: 'bare keep-alive POST, node:http',
    upstream: 'bare',
    checks: CHECKS,
    cpuUs: ownCpuUs,
    checkOnce: () =>
      new Promise((resolve, reject) => {
        const request = http.request(
          {
            host: url.hostname,
            port: url.port,
            path: url.pathname,
            method: 'POST',
            agent,
            headers: { 'content-type': 'application/json' },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('end', () => {
              if (Buffer.concat(chunks).length > 0) resolve();
              else reject(new Error('an empty answer'));
            });
          },
        );
        request.on('error', reject);
        request.end(body);
      }),
    stop: async () => agent.destroy(),
  };
}

function httpTarget(kind: UpstreamKind): ServerSpec['target'] {
  const transport = kind === 'sse' ? 'sse' : 'http';
  return { kind: 'http', url: urlOf(kind), transport, headers: {}, tlsSkipVerify: false };
}

/** The check by itself: what `Connection.check` does. */
function createCheckContender(
  name: string,
  target: ServerSpec['target'],
  upstream?: UpstreamKind,
): Contender {
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '0.0.0', clock });
  const connections = lanes.map((lane) =>
    connector.open(buildServer(`bench-${lane}`, { target }), () => undefined),
  );
  const { signal } = new AbortController();
  return {
    name,
    ...(upstream !== undefined && { upstream }),
    checks: CHECKS,
    cpuUs: ownCpuUs,
    async checkOnce(lane) {
      const report = await connections[lane]?.check({ signal });
      if (report?.outcome !== 'ok') throw new Error(`${name}: ${report?.detail}`);
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** The check as the service does it: queue, deadline, verdict, history and metrics included. */
function createProberContender(name: string, kind: UpstreamKind): Contender {
  const hub = createHub((error) => {
    throw error;
  });
  const metrics = createMetrics({ hub, clock, version: '0.0.0', runtimeMetrics: false });
  const connector = createConnector({ clientName: 'mcp-exporter', clientVersion: '0.0.0', clock });
  const prober = createProber({ connector, clock, random: Math.random, hub, concurrency: LANES });
  const monitor = { intervalMs: 3_600_000, unhealthyIntervalMs: 3_600_000 };
  prober.apply(
    lanes.map((lane) => buildServer(`bench-${lane}`, { target: httpTarget(kind), monitor })),
  );
  return {
    name,
    upstream: kind,
    checks: CHECKS,
    cpuUs: ownCpuUs,
    async checkOnce(lane) {
      const report = await prober.checkNow(`bench-${lane}`, { deep: false });
      if (report?.outcome !== 'ok') throw new Error(`${name}: ${report?.detail}`);
    },
    async stop() {
      await prober.stop();
      metrics.stop();
    },
  };
}

/** The general prober that people use today: a POST of `initialize`, judged by its status. */
async function createBlackboxContender(): Promise<Contender | undefined> {
  const blackbox = await startBlackbox();
  const target = urlOf('legacy-stateless');
  return (
    blackbox && {
      name: 'blackbox_exporter: POST initialize',
      upstream: 'legacy-stateless',
      checks: CHECKS_OF_BLACKBOX,
      cpuUs: () => cpuUsOf(blackbox.pid),
      checkOnce: () => blackbox.probe(target),
      stop: () => blackbox.stop(),
    }
  );
}

async function runChecks(contender: Contender, checks: number): Promise<void> {
  let left = checks;
  await Promise.all(
    lanes.map(async (lane) => {
      while (left > 0) {
        left -= 1;
        await contender.checkOnce(lane);
      }
    }),
  );
}

interface Sample {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly bytes?: { readonly sent: number; readonly received: number };
}

async function measure(contender: Contender): Promise<Sample> {
  const { upstream, checks } = contender;
  const seen = async () => upstream && (await upstreams.traffic())[upstream];
  globalThis.gc?.();
  const before = await seen();
  const startedAt = performance.now();
  const cpuBefore = contender.cpuUs();
  await runChecks(contender, checks);
  const cpuUs = (contender.cpuUs() - cpuBefore) / checks;
  const wallUs = ((performance.now() - startedAt) * 1_000) / checks;
  const after = await seen();
  if (!before || !after) return { cpuUs, wallUs };
  const bytes = {
    sent: (after.bytesRead - before.bytesRead) / checks,
    received: (after.bytesWritten - before.bytesWritten) / checks,
  };
  return { cpuUs, wallUs, bytes };
}

const blackbox = await createBlackboxContender();
const contenders = [
  createBareContender(),
  createCheckContender('modern: server/discover', httpTarget('modern'), 'modern'),
  createCheckContender('legacy, session: ping', httpTarget('legacy-session'), 'legacy-session'),
  createCheckContender(
    'legacy, stateless: initialize',
    httpTarget('legacy-stateless'),
    'legacy-stateless',
  ),
  createCheckContender('HTTP+SSE: ping', httpTarget('sse'), 'sse'),
  createCheckContender('stdio: ping', fakeServer()),
  createProberContender('modern, with schedule, verdict and metrics', 'modern'),
  createProberContender('legacy session, the same', 'legacy-session'),
  ...(blackbox ? [blackbox] : []),
];
const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
// The first round only warms up: handshakes, compilation, connections.
for (const contender of contenders) await runChecks(contender, Math.min(contender.checks, 1_000));
for (let round = 0; round < ROUNDS; round += 1)
  for (const contender of contenders) samples.get(contender)?.push(await measure(contender));
for (const contender of contenders) await contender.stop();
await upstreams.stop();

const [bare] = [...samples.values()];
console.log(`${ROUNDS} interleaved rounds of ${CHECKS} checks, ${LANES} at a time; medians`);
console.table(
  [...samples].map(([{ name }, rounds]) => {
    const perRound = (pick: (sample: Sample) => number): number => median(rounds.map(pick));
    const ratios = rounds.map(({ cpuUs }, round) => cpuUs / (bare?.[round]?.cpuUs ?? Number.NaN));
    const [first] = rounds;
    return {
      check: name,
      'CPU µs': Math.round(perRound(({ cpuUs }) => cpuUs)),
      '× bare': median(ratios).toFixed(2),
      'wall µs': Math.round(perRound(({ wallUs }) => wallUs)),
      'bytes out': first?.bytes ? Math.round(perRound(({ bytes }) => bytes?.sent ?? 0)) : '–',
      'bytes in': first?.bytes ? Math.round(perRound(({ bytes }) => bytes?.received ?? 0)) : '–',
    };
  }),
);
