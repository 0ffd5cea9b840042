/**
 * Goal: what does a scrape cost, and for how long does it block everything else?
 * Method: servers over HTTP with a successful deep check each, without and with the gateway (before the first call); one page per format is discarded, then five are measured.
 * The stall is the longest gap between two turns of the event loop, seen by a loop of immediates, while a page is rendered.
 */
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createMetrics } from '../../src/sinks/prometheus/metrics.ts';
import type { Clock } from '../../src/facts/ports/clock.ts';
import { createHub } from '../../src/facts/hub.ts';
import type { ProbeObservation } from '../../src/facts/probe-facts.ts';
import { buildServer } from '../fakes/build-server.ts';
import { asEpochMs, asMonotonicMs } from '../../src/facts/time.ts';

const ROUNDS = 5;
const FORMATS = { text: 'text/plain', openmetrics: 'application/openmetrics-text' };

const clock: Clock = {
  nowMs: () => asEpochMs(Date.now()),
  monotonicMs: () => asMonotonicMs(performance.now()),
  after() {
    throw new Error('the metrics need no timer');
  },
};

function observation(server: string): ProbeObservation {
  return {
    fact: 'probe',
    server,
    status: 'healthy',
    consecutiveFailures: 0,
    nextInMs: 30_000,
    lagMs: 1.5,
    report: {
      kind: 'deep',
      outcome: 'ok',
      detail: 'bench',
      startedAtMs: asEpochMs(Date.now()),
      durationMs: 12.345,
      phasesMs: { connect: 1.25, tls: 2.5, handshake: 3.75, list: 4.125 },
      steps: [],
      bytesSent: 0,
      bytesReceived: 0,
      tlsExpiresAtMs: asEpochMs(1_900_000_000_000),
      identity: {
        transport: 'http',
        era: 'legacy',
        protocolVersion: '2025-11-25',
        implementation: 'example-servers/everything',
        version: '1.0.0',
      },
      snapshot: {
        takenAtMs: asEpochMs(0),
        lists: { tools: { definitions: [], bytes: 12_345, ttlMs: 60_000 } },
      },
    },
  };
}

async function measure(format: keyof typeof FORMATS, servers: number, gateway: boolean) {
  const hub = createHub((error) => {
    throw error;
  });
  const metrics = createMetrics({ hub, clock, version: '0.0.0', runtimeMetrics: false, gateway });
  for (let index = 0; index < servers; index += 1) {
    const server = `server-${index}`;
    hub.publish({
      fact: 'server_added',
      server: buildServer(server, { url: `https://${server}.example.com/mcp` }),
    });
    hub.publish(observation(server));
  }

  const factsStart = performance.now();
  for (let index = 0; index < servers; index += 1) hub.publish(observation(`server-${index}`));
  const factUs = ((performance.now() - factsStart) * 1000) / servers;

  await metrics.render(FORMATS[format]);
  const timesMs: number[] = [];
  let stallMs = 0;
  let bytes = 0;
  let series = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    let isDone = false;
    let turn = performance.now();
    const watch = async () => {
      while (!isDone) {
        await nextTurn();
        const now = performance.now();
        stallMs = Math.max(stallMs, now - turn);
        turn = now;
      }
    };
    const start = performance.now();
    const watching = watch();
    const { body } = await metrics.render(FORMATS[format]);
    timesMs.push(performance.now() - start);
    isDone = true;
    await watching;
    bytes = Buffer.byteLength(body);
    series = body.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  }
  metrics.stop();
  timesMs.sort((a, b) => a - b);
  return {
    format,
    gateway,
    servers,
    series,
    'page MB': (bytes / 1e6).toFixed(2),
    'render ms (median)': (timesMs[ROUNDS >> 1] ?? Number.NaN).toFixed(1),
    'longest stall ms': stallMs.toFixed(1),
    'fact µs': factUs.toFixed(1),
  };
}

const rows = [];
for (const servers of [100, 1_000, 10_000]) {
  for (const gateway of [false, true]) {
    rows.push(await measure('text', servers, gateway));
    rows.push(await measure('openmetrics', servers, gateway));
  }
}
console.table(rows);
