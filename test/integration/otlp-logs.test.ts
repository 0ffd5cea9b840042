import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createSystemClock } from '../../src/app/system-clock.ts';
import {
  type LogShippingOptions,
  startLogShipping,
} from '../../src/sinks/otel/start-log-shipping.ts';
import { createMemoryLog } from '../fakes/memory-log.ts';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { logsOf, type ReceivedLog } from './support/read-otlp.ts';
import { startService } from './support/start-service.ts';
import { startTraceCollector, type TraceCollector } from './support/trace-collector.ts';
import { until } from './support/until.ts';

async function collect(respond?: () => number | 'hang'): Promise<TraceCollector> {
  const collector = await startTraceCollector(respond);
  onTestFinished(() => collector.close());
  return collector;
}

function received({ requests }: TraceCollector): ReceivedLog[] {
  return requests.flatMap(({ body }) => logsOf(body));
}

async function ship(endpoint: string, options: Partial<LogShippingOptions> = {}) {
  const log = createMemoryLog();
  const failures = { count: 0 };
  const shipping = await startLogShipping({
    config: { endpoint, headers: {}, serviceName: 'mcp-exporter' },
    version: '9.8.7',
    clock: createSystemClock(),
    log,
    onExportFailure: () => (failures.count += 1),
    ...options,
  });
  onTestFinished(() => shipping.stop());
  return { shipping, log, failures };
}

function line(message: string): string {
  return `{"level":"info","time":"2026-11-21T09:15:00.000Z","msg":"${message}"}\n`;
}

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALL = {
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: {
    name: 'echo',
    arguments: { text: 'hi' },
    _meta: { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` },
  },
};

// Goal: what the service writes down arrives at a collector, nothing of it is missing after its end, and nothing secret is in it.
// Method: the real service with a call through its gateway, and a collector that decodes the protobuf.
test('the lines of the real service arrive as records, to the last one, with trace and without secrets', async () => {
  const collector = await collect();
  const remote = await startScriptedMcpServer({ profile: 'legacy-stateless' });
  onTestFinished(() => remote.close());
  remote.script('tools/call', ({ response, message }) => {
    const error = { code: -32603, message: 'disk is gone' };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], error }));
  });
  const service = await startService({
    config: `
gateway: { listen: 127.0.0.1:0 }
journal: { path: 'off' }
log: { otlp: { endpoint: "${collector.url}/otlp/v1/logs", headers: { x-scope: planted-secret } } }
mcpServers:
  files: { url: "${remote.url}", headers: { Authorization: Bearer planted-secret } }
`,
  });
  await until(async () => (await service.health()).servers['healthy'] === 1);
  const gateway = String(service.lines('started')[0]?.['gateway']);
  await fetch(`${gateway}/files/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify(CALL),
  }).then((answer) => answer.text());
  await until(() => service.lines('call failed').length > 0);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);

  const records = received(collector);
  const written = service.out().trimEnd().split('\n');
  expect(records.map(({ body }) => body)).toEqual(
    written.map((text) => (JSON.parse(text) as { msg: string }).msg),
  );
  expect(records.at(-1)?.body).toBe('stopping');
  const failed = records.find(({ body }) => body === 'call failed');
  expect(failed).toMatchObject({
    severityNumber: 13,
    severityText: 'WARN',
    traceId: TRACE_ID,
    attributes: {
      channel: 'error',
      server: 'files',
      operation: 'tools/call',
      tool: 'echo',
      outcome: 'rpc_error',
      detail: 'disk is gone',
    },
    resource: { 'service.name': 'mcp-exporter' },
  });
  expect(failed?.spanId).toMatch(/^[0-9a-f]{16}$/);
  expect(records.map(({ attributes }) => attributes['channel'])).toContain('access');
  expect(records.map(({ attributes }) => attributes['channel'])).toContain('audit');
  const [request] = collector.requests;
  expect(request?.path).toBe('/otlp/v1/logs');
  expect(request?.headers['x-scope']).toBe('planted-secret');
  const bodies = Buffer.concat(collector.requests.map(({ body }) => body));
  expect(bodies.includes('planted-secret')).toBe(false);
});

test('a record has the time of its line, and a base URL gets the path of the signal', async () => {
  const collector = await collect();
  const { shipping } = await ship(collector.url);

  shipping.ship(line('one') + line('two'));
  await shipping.stop();

  expect(collector.requests[0]?.path).toBe('/v1/logs');
  expect(received(collector)).toMatchObject([
    { body: 'one', timeNs: BigInt(Date.UTC(2026, 10, 21, 9, 15)) * 1_000_000n },
    { body: 'two', resource: { 'service.version': '9.8.7' } },
  ]);
  expect(shipping.dropped()).toBe(0);
});

// Goal: a collector that is gone costs lines, which are counted, and neither time nor memory.
// Method: far more lines than the queue takes, with nobody listening.
test('a dead collector drops and counts lines, is told of once, and holds nobody up', async () => {
  const collector = await startTraceCollector();
  await collector.close();
  const { shipping, log, failures } = await ship(collector.url, { queueRecordsMax: 100 });

  for (let index = 0; index < 1_000; index += 1) shipping.ship(line(String(index)));
  expect(shipping.dropped()).toBeGreaterThanOrEqual(500);
  await until(() => failures.count > 0);
  await shipping.stop();

  expect(shipping.dropped()).toBe(1_000);
  expect(log.lines.map(({ message }) => message)).toEqual(['log records are lost']);
  expect(log.lines[0]?.fields).toMatchObject({ endpoint: `${collector.url}/` });
});

test('a collector that comes back gets what is said from then on, and that is told, too', async () => {
  const status = { now: 400 };
  const collector = await collect(() => status.now);
  const { shipping, log } = await ship(collector.url);

  shipping.ship(line('lost'));
  await until(() => shipping.dropped() === 1);
  status.now = 200;
  shipping.ship(line('found'));
  await until(() => log.lines.length === 2);

  expect(log.lines[1]).toMatchObject({
    severity: 'info',
    message: 'log records are exported again',
    fields: { lostCount: 1 },
  });
});

test('a collector that never answers does not hold up the end', async () => {
  const collector = await collect(() => 'hang');
  const { shipping, failures } = await ship(collector.url);
  shipping.ship(line('one'));

  await shipping.stop(100);

  // Nobody waited until the export had failed.
  expect(failures.count).toBe(0);
});

// Goal: who ships nothing pays nothing. Method: a process of its own lists the packages that it loaded.
test.each([
  ['', false],
  ["otlp: { endpoint: 'http://127.0.0.1:9', headers: {} },", true],
])('with %j in the configuration the SDK of logs is loaded: %s', async (otlp, isLoaded) => {
  const script = `
    import { registerHooks } from 'node:module';
    const urls = [];
    registerHooks({ load(url, context, next) { urls.push(url); return next(url, context); } });
    const { createLogShippingPart } = await import('./src/app/parts/log-shipping.ts');
    const config = { log: { ${otlp} }, tracing: {} };
    const log = { copyTo: () => () => {} };
    const clock = { after: () => ({ cancel() {} }) };
    const shipping = createLogShippingPart({ config, log, clock });
    await shipping.start();
    await shipping.stop();
    console.log(urls.some((url) => url.includes('@opentelemetry/sdk-logs')));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', script],
    { cwd: new URL('../..', import.meta.url), env: {} },
  );
  expect(stdout.trim()).toBe(String(isLoaded));
});
