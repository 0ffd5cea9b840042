/**
 * Goal: what does one call cost the metrics, on the path of every call?
 * Method: calls of 40 tools by 10 clients and 200 users, as the gateway publishes them, in rounds of 200,000; the page is
 * rendered between the rounds, as a scrape would. The floor is the hub with a listener that does nothing.
 */
import { performance } from 'node:perf_hooks';
import { createMetrics } from '../../src/sinks/prometheus/metrics.ts';
import type { CallRecord } from '../../src/facts/call-record.ts';
import type { Clock } from '../../src/facts/ports/clock.ts';
import { createHub } from '../../src/facts/hub.ts';
import { buildServer } from '../fakes/build-server.ts';
import { asEpochMs, asMonotonicMs } from '../../src/facts/time.ts';

const ROUNDS = 6;
const CALLS = 200_000;
const TOOLS = 40;

const clock: Clock = {
  nowMs: () => asEpochMs(Date.now()),
  monotonicMs: () => asMonotonicMs(performance.now()),
  after() {
    throw new Error('the metrics need no timer');
  },
};

/** Texts are made anew for each record, as a parser does: a cached hash of a string would flatter the result. */
function fresh(text: string): string {
  return Buffer.from(text).toString();
}

function callRecord(number: number, isSampled: boolean): CallRecord {
  const isFailure = number % 20 === 0;
  return {
    fact: 'call',
    server: 'files',
    direction: 'client_to_server',
    transport: 'http',
    verb: 'POST',
    operation: fresh('tools/call'),
    target: fresh(`tool-${number % TOOLS}`),
    requestId: String(number),
    session: `session-${number % 100}`,
    client: { name: fresh(`client-${number % 10}`), version: '1.0.0' },
    user: fresh(`user-${number % 200}@example.com`),
    era: 'legacy',
    protocolVersion: fresh('2025-11-25'),
    outcome: isFailure ? 'tool_error' : 'success',
    status: isFailure ? 500 : 200,
    ...(isFailure && { errorType: 'tool_error' }),
    startedAtMs: asEpochMs(1_767_225_600_000 + number),
    durationMs: (number % 300) + 0.25,
    overheadMs: 0.1,
    requestBytes: 300,
    responseBytes: 1_200,
    tokens: { input: 75, output: 300, source: 'estimated' },
    costUsd: 0.001,
    trace: {
      traceId: fresh('0af7651916cd43dd8448eb211c80319c'),
      spanId: 'b7ad6b7169203331',
      sampled: isSampled,
    },
    progressCount: 0,
  };
}

async function measure(
  name: string,
  options: { otelHistograms?: boolean; isSampled?: boolean; isIdle?: boolean },
) {
  const hub = createHub((error) => {
    throw error;
  });
  const metrics = createMetrics({
    hub,
    clock,
    version: '0.0.0',
    runtimeMetrics: false,
    gateway: true,
    otelHistograms: options.otelHistograms === true,
  });
  const definitions = Array.from({ length: TOOLS }, (_, tool) => ({
    name: `tool-${tool}`,
    hash: '',
    description: '',
  }));
  hub.publish({ fact: 'server_added', server: buildServer('files') });
  hub.publish({
    fact: 'probe',
    server: 'files',
    status: 'healthy',
    consecutiveFailures: 0,
    nextInMs: 30_000,
    lagMs: 0,
    report: {
      kind: 'deep',
      outcome: 'ok',
      detail: '',
      startedAtMs: asEpochMs(0),
      durationMs: 1,
      phasesMs: {},
      steps: [],
      bytesSent: 0,
      bytesReceived: 0,
      snapshot: { takenAtMs: asEpochMs(0), lists: { tools: { definitions, bytes: 1 } } },
    },
  });
  if (options.isIdle) {
    metrics.stop();
    hub.subscribe(() => undefined);
  }
  const timesUs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const calls = Array.from({ length: CALLS }, (_, number) =>
      callRecord(number, options.isSampled === true),
    );
    globalThis.gc?.();
    const start = process.cpuUsage();
    for (const call of calls) hub.publish(call);
    const { user, system } = process.cpuUsage(start);
    timesUs.push((user + system) / CALLS);
    await metrics.render('application/openmetrics-text');
  }
  metrics.stop();
  timesUs.sort((a, b) => a - b);
  return {
    case: name,
    'µs CPU per call (median)': (timesUs[ROUNDS >> 1] ?? Number.NaN).toFixed(2),
    best: timesUs[0]?.toFixed(2),
  };
}

console.table([
  await measure('floor: hub only', { isIdle: true }),
  await measure('metrics', {}),
  await measure('metrics, every trace sampled', { isSampled: true }),
  await measure('metrics and OpenTelemetry histograms', { otelHistograms: true }),
]);
