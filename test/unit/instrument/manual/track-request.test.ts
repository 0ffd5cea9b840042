import * as api from '@opentelemetry/api';
import { afterEach, expect, test } from 'vitest';
import { recordRequest } from '../../../../src/instrument/manual/record-request.ts';
import { traceTool, trackRequest } from '../../../../src/instrument/manual/track-request.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { instrument } from '../../../../src/instrument/server/instrument.ts';
import { createSdk, readOutcomes, readSeries, SDKS } from '../server/support.ts';
import { setUpOtel, tearDownOtel } from '../tracing/set-up-otel.ts';

afterEach(tearDownOtel);

const SWARM = { tool: 'swarm', operation: 'init' };
const lineOf = (status: string, outcome: string) =>
  `mcp_requests_total{server="default",tool="swarm",operation="init",method="",endpoint="/init",status="${status}",outcome="${outcome}"}`;

test('a wrapped function is counted and timed, and is as it was', async () => {
  const registry = createRegistry();
  const promise = Promise.resolve('x');
  const owner = {
    factor: 3,
    multiply(this: { factor: number }, by: number) {
      return this.factor * by;
    },
  };
  const track = trackRequest({ ...SWARM, registry });
  const multiply = track(owner.multiply);
  expect([multiply.name, multiply.length]).toEqual(['multiply', 1]);
  expect(multiply.call(owner, 2)).toBe(6);
  const later = track(() => promise)();
  expect(later).toBe(promise);
  await later;
  const fails = track(() => {
    throw new Error('no');
  });
  expect(() => fails()).toThrow('no');
  const aborts = track(() => Promise.reject(new DOMException('stopped', 'AbortError')));
  await expect(aborts()).rejects.toThrow('stopped');
  await track(async () => ({ isError: true }))();
  expect(await readSeries(registry)).toMatchObject({
    [lineOf('success', 'success')]: 2,
    [lineOf('error', 'tool_error')]: 2,
    [lineOf('cancelled', 'cancelled')]: 1,
    'mcp_request_errors_total{server="default",tool="swarm",operation="init",error_type="tool_error"}': 2,
    'mcp_request_duration_seconds_count{server="default",tool="swarm",operation="init",method="",endpoint="/init"}': 5,
  });
});

test('as decorators, both wrap a method of a class', () => {
  const exporter = setUpOtel(api);
  const registry = createRegistry();
  class Swarm {
    size = 2;
    init(by: number): number {
      return this.size * by;
    }
  }
  const context = { kind: 'method' } as const;
  // What the compiler makes of `@trackRequest(…) @traceTool(…) init() {}`.
  const traced = traceTool(SWARM)(Swarm.prototype.init, context);
  Swarm.prototype.init = trackRequest({ ...SWARM, registry })(traced, context);
  expect(new Swarm().init(4)).toBe(8);
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      name: 'execute_tool swarm',
      attributes: { 'gen_ai.tool.name': 'swarm', 'mcp_exporter.operation': 'init' },
    },
  ]);
  expect(() => trackRequest(SWARM)({} as never)).toThrow(/standard decorator/);
});

test('in a call that is counted already, nothing is counted twice', async () => {
  const registry = createRegistry();
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  const inner = trackRequest({ ...SWARM, registry })(() => ({ content: [] }));
  server.registerTool('outer', {}, inner);
  instrument(server, { registry });
  await connect();
  await client.callTool({ name: 'outer', arguments: {} });
  expect(await readOutcomes(registry)).toEqual({ 'initialize success': 1, 'outer success': 1 });
  inner();
  const own = lineOf('success', 'success').replace('default', 'demo');
  expect(await readSeries(registry)).toMatchObject({ [own]: 1 });
  await client.close();
});

test.each([
  ['ok', 'success', undefined],
  ['204', 'success', undefined],
  ['input_required', 'input_required', undefined],
  ['404', 'client_error', 'invalid_request'],
  ['403', 'denied', 'forbidden'],
  ['429', 'rate_limited', 'rate_limited'],
  ['499', 'cancelled', 'cancelled'],
  ['500', 'tool_error', 'tool_error'],
  ['503', 'transport_error', 'connection'],
  ['timeout', 'timeout', 'timeout'],
  ['exploded', 'tool_error', 'tool_error'],
])('the status %s has the outcome %s', async (status, outcome, errorType) => {
  const registry = createRegistry();
  recordRequest({ ...SWARM, status, registry });
  const series = await readSeries(registry);
  expect(series).toMatchObject({ [lineOf(status, outcome)]: 1 });
  const errors = Object.keys(series).filter((line) => line.startsWith('mcp_request_errors_total'));
  expect(errors.map((line) => /error_type="(\w+)"/.exec(line)?.[1])).toEqual(
    errorType === undefined ? [] : [errorType],
  );
});

test('labels that a caller makes up are bounded', async () => {
  const registry = createRegistry();
  for (let count = 0; count < 300; count += 1)
    recordRequest({ tool: `t${count}`, operation: `o${count}`, status: `s${count}`, registry });
  const counted = Object.keys(await readSeries(registry)).filter((line) =>
    line.startsWith('mcp_requests_total'),
  );
  const valuesOf = (label: string) =>
    new Set(counted.map((line) => new RegExp(`[{,]${label}="([^"]*)"`).exec(line)?.[1])).size;
  expect(['tool', 'operation', 'status'].map(valuesOf)).toEqual([201, 51, 31]);
});
