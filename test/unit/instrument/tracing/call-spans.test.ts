import * as current from '@opentelemetry/api';
import * as old from 'opentelemetry-api-19';
import { afterEach, expect, test } from 'vitest';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { instrument } from '../../../../src/instrument/server/instrument.ts';
import { createSdk, SDKS } from '../server/support.ts';
import { type OtelApi, setUpOtel, tearDownOtel } from './set-up-otel.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const COPIES: [string, OtelApi][] = [
  ['the newest API', current],
  ['an older API', old as unknown as OtelApi],
];

afterEach(tearDownOtel);

test.each(COPIES)('with %s, a call is a span under the trace of its _meta', async (_name, api) => {
  const exporter = setUpOtel(api);
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  server.registerTool('inner', {}, () => {
    const tracer = api.trace.getTracer('author');
    tracer.startSpan('work', {}, api.context.active()).end();
    return { content: [] };
  });
  const registry = createRegistry();
  instrument(server, { registry });
  await connect();
  exporter.reset();
  await client.callTool({ name: 'inner', arguments: {}, _meta: { traceparent: TRACEPARENT } });
  const [work, call] = exporter.getFinishedSpans();
  expect(call).toMatchObject({
    name: 'tools/call inner',
    kind: current.SpanKind.SERVER,
    parentSpanContext: { traceId: TRACE, spanId: PARENT },
    links: [],
    attributes: {
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'inner',
      'network.transport': 'pipe',
      'mcp_exporter.outcome': 'success',
      'mcp.protocol.version': '2025-11-25',
    },
  });
  expect(work?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
  expect(await registry.render(true)).toContain(`trace_id="${TRACE}"`);
  await client.close();
});

test('a span of HTTP is the parent without a trace in _meta, and a link with one', async () => {
  const exporter = setUpOtel(current);
  const [, version] = SDKS[1]!;
  const { server, client, connect } = createSdk(version);
  instrument(server, { registry: createRegistry() });
  await connect();
  const http = current.trace.getTracer('http').startSpan('POST');
  const within = <Result>(run: () => Promise<Result>) =>
    current.context.with(current.trace.setSpan(current.context.active(), http), run);
  exporter.reset();
  await within(() => client.callTool({ name: 'fails', arguments: {} }));
  const params = { name: 'fails', arguments: {}, _meta: { traceparent: TRACEPARENT } };
  await within(() => client.callTool(params));
  const [plain, linked] = exporter.getFinishedSpans();
  const own = http.spanContext();
  expect(plain).toMatchObject({
    parentSpanContext: { spanId: own.spanId },
    links: [],
    status: { code: current.SpanStatusCode.ERROR, message: 'the disk is broken' },
    attributes: { 'error.type': 'tool_error' },
  });
  expect(linked?.parentSpanContext?.spanId).toBe(PARENT);
  expect(linked?.links).toEqual([{ context: own }]);
  await client.close();
});

test('a mistake of the caller is no error, and its tool no name', async () => {
  const exporter = setUpOtel(current);
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  instrument(server, { registry: createRegistry() });
  await connect();
  exporter.reset();
  await client.callTool({ name: 'no-such-tool', arguments: {} }).catch(() => undefined);
  const [span] = exporter.getFinishedSpans();
  expect(span).toMatchObject({
    name: 'tools/call',
    status: { code: current.SpanStatusCode.UNSET },
    attributes: { 'gen_ai.tool.name': 'no-such-tool', 'mcp_exporter.outcome': 'client_error' },
  });
  await client.close();
});

test('without a provider, or with tracing: false, nothing is traced', async () => {
  const exporter = setUpOtel(current);
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  instrument(server, { registry: createRegistry(), tracing: false });
  await connect();
  await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } });
  tearDownOtel();
  await client.callTool({ name: 'add', arguments: { a: 1, b: 1 } });
  expect(exporter.getFinishedSpans()).toEqual([]);
  await client.close();
});
