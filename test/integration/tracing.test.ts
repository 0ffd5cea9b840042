import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import { startTracing, type Tracing } from '../../src/sinks/otel/start-tracing.ts';
import type { TracingSettings } from '../../src/facts/service-settings.ts';
import { createHub, type Hub } from '../../src/facts/hub.ts';
import { Secret } from '../../src/facts/secret.ts';
import { buildCall } from '../fakes/build-call.ts';
import { createMemoryLog, type MemoryLog } from '../fakes/memory-log.ts';
import { startTraceCollector, type TraceCollector } from './support/trace-collector.ts';
import { asEpochMs } from '../../src/facts/time.ts';

const isFull = process.env['MCP_EXPORTER_FULL'] === '1';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const PARENT_ID = 'b9c7c989f97918e1';

interface Traced {
  readonly hub: Hub;
  readonly tracing: Tracing;
  readonly log: MemoryLog;
  readonly failures: { count: number };
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function trace(config: Partial<TracingSettings>, random = () => 0): Promise<Traced> {
  const hub = createHub((error) => expect.unreachable(String(error)));
  const log = createMemoryLog();
  const failures = { count: 0 };
  const tracing = await startTracing({
    hub,
    config: {
      exporter: 'otlp',
      sampleRatio: 1,
      headers: {},
      serviceName: 'mcp-exporter',
      ...config,
    },
    version: '9.8.7',
    clock: createSystemClock(),
    random,
    log,
    onExportFailure: () => (failures.count += 1),
  });
  ends.push(() => tracing.stop());
  return { hub, tracing, log, failures };
}

async function collect(respond?: () => number | 'hang'): Promise<TraceCollector> {
  const collector = await startTraceCollector(respond);
  ends.push(() => collector.close());
  return collector;
}

// Goal: what the gateway observed arrives at a collector, in the words of the conventions.
// Method: a record with everything in it, and a collector that decodes the protobuf.
test('an exchange arrives over OTLP with its own ids, parent, times, link and attributes', async () => {
  const collector = await collect();
  const { hub, tracing, log, failures } = await trace({
    endpoint: collector.url,
    serviceName: 'edge',
    headers: { 'x-api-key': new Secret('s3cret-key') },
  });
  const startedAtMs = Date.UTC(2026, 4, 1, 12);

  hub.publish(
    buildCall({
      startedAtMs: asEpochMs(startedAtMs),
      durationMs: 1_500.25,
      outcome: 'rpc_error',
      errorType: 'internal_error',
      rpcCode: -32603,
      errorMessage: 'disk is gone',
      errorStack: 'Error: disk is gone\n    at read',
      trace: {
        traceId: TRACE_ID,
        spanId: SPAN_ID,
        parentSpanId: PARENT_ID,
        sampled: true,
        traceState: 'vendor=1',
        link: { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16) },
      },
    }),
  );
  await tracing.stop();

  const [span] = collector.spans();
  expect(collector.spans()).toHaveLength(1);
  expect(span).toMatchObject({
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    parentSpanId: PARENT_ID,
    traceState: 'vendor=1',
    name: 'tools/call read_file',
    kind: 2,
    startNs: BigInt(startedAtMs) * 1_000_000n,
    links: [{ traceId: 'a'.repeat(32), spanId: 'c'.repeat(16) }],
    events: ['exception'],
    statusCode: 2,
    statusMessage: 'disk is gone',
    attributes: {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'read_file',
      'error.type': '-32603',
      'mcp_exporter.server': 'files',
      'mcp_exporter.request_bytes': 120,
      'mcp_exporter.overhead_ms': 0.25,
    },
    resource: { 'service.name': 'edge', 'service.version': '9.8.7' },
  });
  // The SDK keeps nanoseconds, made of floating-point milliseconds.
  expect(Number((span?.endNs ?? 0n) - (span?.startNs ?? 0n)) / 1e6).toBeCloseTo(1_500.25, 2);
  expect(collector.requests[0]?.path).toBe('/v1/traces');
  expect(collector.requests[0]?.headers['x-api-key']).toBe('s3cret-key');
  expect(Object.values({ ...span?.attributes, ...span?.resource })).not.toContain('s3cret-key');
  expect(failures.count).toBe(0);
  expect(log.lines).toEqual([]);
});

test('a trace that begins at the gateway has no parent, and a good call no error', async () => {
  const collector = await collect();
  const { hub, tracing } = await trace({ endpoint: `${collector.url}/custom/path` });

  hub.publish(buildCall());
  await tracing.stop();

  expect(collector.requests[0]?.path).toBe('/custom/path');
  expect(collector.spans()).toMatchObject([{ parentSpanId: '', statusCode: 0, links: [] }]);
  expect(collector.spans()[0]?.attributes).not.toHaveProperty('error.type');
});

test('exchanges keep apart: each span has the ids of its own', async () => {
  const collector = await collect();
  const { hub, tracing } = await trace({ endpoint: collector.url });
  const idOf = (index: number) => index.toString(16).padStart(16, '0');

  for (let index = 1; index <= 1_500; index += 1) {
    const isChild = index % 2 === 0;
    hub.publish(
      buildCall({
        requestId: String(index),
        trace: {
          traceId: idOf(index).repeat(2),
          spanId: idOf(index),
          ...(isChild && { parentSpanId: idOf(index + 10_000) }),
          sampled: true,
        },
      }),
    );
  }
  await tracing.stop();

  const spans = collector.spans();
  expect(spans).toHaveLength(1_500);
  for (const span of spans) {
    const index = Number(span.attributes['jsonrpc.request.id']);
    expect(span.spanId).toBe(idOf(index));
    expect(span.traceId).toBe(idOf(index).repeat(2));
    expect(span.parentSpanId).toBe(index % 2 === 0 ? idOf(index + 10_000) : '');
  }
});

test('what the caller did not sample makes no span', async () => {
  const collector = await collect();
  const { hub, tracing } = await trace({ endpoint: collector.url });

  hub.publish(buildCall({ trace: { traceId: TRACE_ID, spanId: SPAN_ID, sampled: false } }));
  await tracing.stop();

  expect(collector.requests).toEqual([]);
});

test.each([
  [0, [false, false, false]],
  [0.5, [true, false, false]],
  [1, [true, true, true]],
])('a sample ratio of %d decides on the traces that begin here', async (sampleRatio, expected) => {
  const draws = [0, 0.5, 0.999_999];
  const { tracing } = await trace({ sampleRatio }, () => draws.shift() ?? 0);

  expect([tracing.sample(), tracing.sample(), tracing.sample()]).toEqual(expected);
});

test('without an exporter nothing is sampled', async () => {
  const { tracing, hub } = await trace({ exporter: 'none' });

  hub.publish(buildCall());

  expect(tracing.sample()).toBe(false);
});

test('Zipkin gets its JSON', async () => {
  const collector = await collect();
  const { hub, tracing } = await trace({
    exporter: 'zipkin',
    endpoint: collector.url,
    headers: { authorization: new Secret('Bearer zip') },
  });

  hub.publish(
    buildCall({
      trace: { traceId: TRACE_ID, spanId: SPAN_ID, parentSpanId: PARENT_ID, sampled: true },
    }),
  );
  await tracing.stop();

  expect(collector.requests[0]?.path).toBe('/api/v2/spans');
  expect(collector.requests[0]?.headers.authorization).toBe('Bearer zip');
  expect(JSON.parse(String(collector.requests[0]?.body))).toMatchObject([
    {
      traceId: TRACE_ID,
      id: SPAN_ID,
      parentId: PARENT_ID,
      name: 'tools/call read_file',
      kind: 'SERVER',
      duration: 12_500,
      localEndpoint: { serviceName: 'mcp-exporter' },
      tags: { 'gen_ai.tool.name': 'read_file' },
    },
  ]);
});

test('Jaeger gets its Thrift packet over UDP', async () => {
  const socket = createSocket('udp4');
  ends.push(async () => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { hub, tracing, failures } = await trace({
    exporter: 'jaeger',
    endpoint: `udp://127.0.0.1:${socket.address().port}`,
  });
  const arrival = once(socket, 'message', { signal: AbortSignal.timeout(10_000) });

  hub.publish(
    buildCall({
      trace: { traceId: TRACE_ID, spanId: SPAN_ID, parentSpanId: PARENT_ID, sampled: true },
    }),
  );
  await tracing.stop();

  const [packet] = (await arrival) as [Buffer];
  expect(packet.includes('emitBatch')).toBe(true);
  expect(packet.includes(thriftText('tools/call read_file'))).toBe(true);
  expect(packet.includes(thriftText('mcp-exporter'))).toBe(true);
  // Span's fields 1 to 4, each an i64: both halves of the trace's id, the span's, the parent's.
  const ids = [TRACE_ID.slice(16), TRACE_ID.slice(0, 16), SPAN_ID, PARENT_ID];
  const fields = ids.map((id, index) => `0a000${index + 1}${id}`).join('');
  expect(packet.toString('hex')).toContain(fields);
  expect(failures.count).toBe(0);
});

test('Jaeger also gets it over HTTP', async () => {
  const collector = await collect();
  const { hub, tracing } = await trace({
    exporter: 'jaeger',
    endpoint: collector.url.replace('http://', 'http://user:pass%21@'),
  });

  hub.publish(buildCall());
  await tracing.stop();

  const [request] = collector.requests;
  expect(request?.path).toBe('/api/traces');
  expect(request?.headers.authorization).toBe(
    `Basic ${Buffer.from('user:pass!').toString('base64')}`,
  );
  expect(request?.body.includes(thriftText('tools/call read_file'))).toBe(true);
});

// Goal: a collector that is gone or hangs costs the traffic nothing.
// Method: publish as fast as the hub takes it, with nobody listening, and look at time, memory and what was counted.
test.each(['otlp', 'zipkin'] as const)(
  'a dead %s collector slows nothing, fills no memory, and is told of once',
  async (exporter) => {
    const collector = await startTraceCollector();
    await collector.close();
    const { hub, tracing, log, failures } = await trace({ exporter, endpoint: collector.url });
    const count = isFull ? 1_000_000 : 10_000;

    const beforeBytes = usedBytes();
    const beganMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      hub.publish(buildCall({ requestId: String(index), target: 'x'.repeat(2_000) }));
      if (index % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const perCallMs = (performance.now() - beganMs) / count;
    const grownBytes = usedBytes() - beforeBytes;
    await tracing.stop(6_000);

    expect(perCallMs).toBeLessThan(0.1);
    // Spans of a full queue, some 4 kB each, and batches on their way.
    expect(grownBytes).toBeLessThan(30 * 1024 * 1024);
    expect(failures.count).toBeGreaterThanOrEqual(1);
    expect(log.lines.map(({ message }) => message)).toEqual(['spans are lost']);
    expect(log.lines[0]?.fields).toMatchObject({ exporter, endpoint: `${collector.url}/` });
  },
);

test('a collector that refuses is counted, told of, and told of again when it takes spans', async () => {
  const status = { now: 400 };
  const collector = await collect(() => status.now);
  const { hub, log, failures } = await trace({ endpoint: collector.url });
  /** As many as make a batch, which leaves at once. */
  const publishBatch = () => {
    for (let index = 0; index < 128; index += 1) hub.publish(buildCall());
  };

  publishBatch();
  await expect.poll(() => failures.count).toBe(1);
  status.now = 200;
  publishBatch();
  await expect.poll(() => log.lines.length).toBe(2);

  expect(log.lines[0]).toMatchObject({ severity: 'warn', message: 'spans are lost' });
  expect(log.lines[1]).toMatchObject({
    severity: 'info',
    message: 'spans are exported again',
    fields: { lostCount: 128 },
  });
  expect(failures.count).toBe(1);
});

test('a collector that never answers does not hold up the end', async () => {
  const collector = await collect(() => 'hang');
  const { hub, tracing } = await trace({ exporter: 'zipkin', endpoint: collector.url });

  hub.publish(buildCall());
  const beganMs = performance.now();
  await tracing.stop(100);

  expect(performance.now() - beganMs).toBeLessThan(2_000);
});

// Goal: who traces nothing pays nothing.
// Method: a process of its own lists the packages that it loaded.
test.each([
  ['none', []],
  ['otlp', ['sdk-node', 'exporter-trace-otlp-proto']],
])('with the exporter %s only that is loaded', async (exporter, expected) => {
  const loaded = await listLoadedPackages(exporter);

  for (const name of expected) expect(loaded).toContain(name);
  expect(loaded).not.toContain('exporter-jaeger');
  if (exporter === 'none') expect(loaded).not.toContain('sdk-trace');
  if (exporter === 'none') expect(loaded).not.toContain('sdk-node');
});

async function listLoadedPackages(exporter: string): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const urls = new Set();
    registerHooks({ load(url, context, next) { urls.add(url); return next(url, context); } });
    const { startTracing } = await import('./src/sinks/otel/start-tracing.ts');
    const nothing = () => {};
    const tracing = await startTracing({
      hub: { subscribe: () => nothing },
      config: {
        exporter: '${exporter}', sampleRatio: 1, endpoint: 'http://127.0.0.1:9', headers: {}, serviceName: 'x',
      },
      version: '1', clock: { after: () => ({ cancel: nothing }) }, random: Math.random, log: {},
      onExportFailure: nothing,
    });
    await tracing.stop();
    console.log(JSON.stringify([...urls]));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: new URL('../..', import.meta.url), env: {} },
  );
  const urls = JSON.parse(stdout) as string[];
  expect(urls.some((url) => url.endsWith('start-tracing.ts'))).toBe(true);
  const names = urls.map((url) => /@opentelemetry\/([a-z-]+)\//.exec(url)?.[1]);
  return [...new Set(names)].filter((name) => name !== undefined);
}

/** What is left once the garbage is gone. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

/** A string of Thrift's binary protocol: its length, then its bytes. */
function thriftText(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(Buffer.byteLength(text));
  return Buffer.concat([length, Buffer.from(text)]);
}
