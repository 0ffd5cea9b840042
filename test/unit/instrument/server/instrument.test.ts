import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { instrument } from '../../../../src/instrument/server/instrument.ts';
import { createSdk, readOutcomes, readSeries, SDKS } from './support.ts';

const call = (name: string, args: Record<string, unknown> = {}) => ({ name, arguments: args });

describe.each(SDKS)('SDK %s', (_name, version) => {
  test('each call counts once, by tool and outcome', async () => {
    const registry = new Registry();
    const { server, client, connect } = createSdk(version);
    expect(instrument(server, { registry })).toBe(server);
    await connect();
    for (let count = 0; count < 3; count += 1) await client.callTool(call('add', { a: 1, b: 2 }));
    await client.callTool(call('fails'));
    await client.callTool(call('add', { a: 'x' })).catch(() => undefined);
    await client.callTool(call('nothing')).catch(() => undefined);
    await client.listTools();
    await client.ping();
    expect(await readOutcomes(registry)).toEqual({
      'initialize success': 1,
      'add success': 3,
      'fails tool_error': 1,
      'add client_error': 1,
      '_OTHER client_error': 1,
      'tools/list success': 1,
      'ping success': 1,
    });
    const series = await readSeries(registry);
    expect(series).toMatchObject({
      'mcp_unknown_tool_calls_total{server="demo"}': 1,
      'mcp_client_requests_total{server="demo",client="tester"}': 9,
      'mcp_protocol_requests_total{server="demo",protocol_version="2025-11-25"}': 9,
      'mcp_requests_in_flight{server="demo",transport="stdio"}': 0,
      'mcp_request_size_bytes_count{server="demo"}': 9,
      'mcp_response_size_bytes_count{server="demo"}': 9,
    });
    await client.close();
  });

  test('a session counts from its start to its end', async () => {
    const registry = createRegistry();
    const { server, client, connect } = createSdk(version);
    instrument(server, { registry });
    await connect();
    const name = 'mcp_active_sessions{server="demo",transport="stdio"}';
    expect(await readSeries(registry)).toMatchObject({ [name]: 1 });
    await client.close();
    expect(await readSeries(registry)).toMatchObject({ [name]: 0 });
  });

  test('a tool that is added later counts, also in a server that is already connected', async () => {
    const registry = createRegistry();
    const { server, client, connect } = createSdk(version);
    await connect();
    instrument(server, { registry, name: 'mine' });
    server.registerTool('later', {}, () => ({ content: [{ type: 'text', text: 'x' }] }));
    await client.callTool(call('later'));
    expect(await readOutcomes(registry)).toEqual({ 'later success': 1 });
    expect(Object.keys(await readSeries(registry)).join('\n')).toContain('server="mine"');
    await client.close();
  });

  test('a call that its client cancels is cancelled, and its handler is told', async () => {
    const registry = createRegistry();
    const { server, client, connect } = createSdk(version);
    const started = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<string>();
    server.registerTool('waits', {}, async (context) => {
      const signal =
        'signal' in context ? context.signal : (context as unknown as V2).mcpReq.signal;
      signal.addEventListener('abort', () => aborted.resolve('aborted'));
      started.resolve();
      await aborted.promise;
      return { content: [] };
    });
    instrument(server, { registry });
    await connect();
    const controller = new AbortController();
    const pending = client.callTool(call('waits'), ...optionsOf(version, controller.signal));
    await started.promise;
    const inFlight = 'mcp_requests_in_flight{server="demo",transport="stdio"}';
    expect(await readSeries(registry)).toMatchObject({ [inFlight]: 1 });
    controller.abort();
    await expect(pending).rejects.toThrow();
    expect(await aborted.promise).toBe('aborted');
    expect(await readOutcomes(registry)).toMatchObject({ 'waits cancelled': 1 });
    expect(await readSeries(registry)).toMatchObject({ [inFlight]: 0 });
    await client.close();
  });

  test('what is under way when the connection closes is cancelled', async () => {
    const registry = createRegistry();
    const { server, client, connect } = createSdk(version);
    const started = Promise.withResolvers<void>();
    server.registerTool('waits', {}, () => {
      started.resolve();
      return new Promise(() => {});
    });
    instrument(server, { registry });
    await connect();
    const pending = client.callTool(call('waits'));
    await started.promise;
    await client.close();
    await expect(pending).rejects.toThrow();
    expect(await readOutcomes(registry)).toMatchObject({ 'waits cancelled': 1 });
  });

  test('a low-level server counts the tools that it lists', async () => {
    const registry = createRegistry();
    const server = new version.LowLevel(
      { name: 'low', version: '1.0.0' },
      { capabilities: { tools: {} } },
    );
    const { client } = createSdk(version);
    const on = server.setRequestHandler.bind(server) as unknown as (
      method: string,
      handler: (request: { params: { name: string } }) => object,
    ) => void;
    const method = (name: string) =>
      version === SDKS[0]?.[1] ? (SCHEMAS[name] as unknown as string) : name;
    instrument(server, { registry });
    on(method('tools/list'), () => ({
      tools: [{ name: 'listed', inputSchema: { type: 'object' } }],
    }));
    on(method('tools/call'), ({ params }) => {
      if (params.name === 'listed') return { content: [], isError: true };
      throw new Error('Unknown tool: ' + params.name);
    });
    const [near, far] = version.Pipe.createLinkedPair();
    await server.connect(near);
    await client.connect(far);
    await client.callTool(call('listed'));
    await client.listTools();
    await client.callTool(call('listed'));
    await client.callTool(call('secret-123')).catch(() => undefined);
    const outcomes = await readOutcomes(registry);
    expect(outcomes).toMatchObject({
      '_OTHER tool_error': 1,
      'listed tool_error': 1,
      '_OTHER client_error': 1,
    });
    await client.close();
  });
});

interface V2 {
  readonly mcpReq: { readonly signal: AbortSignal };
}

const methodSchema = <const Method extends string>(method: Method) =>
  z.object({ method: z.literal(method), params: z.looseObject({}).optional() });
const SCHEMAS: Readonly<Record<string, object>> = {
  'tools/list': methodSchema('tools/list'),
  'tools/call': methodSchema('tools/call'),
};

/** SDK v1 has a schema between the call and its options. */
function optionsOf(version: (typeof SDKS)[number][1], signal: AbortSignal): [undefined, object] {
  const options = version === SDKS[0]?.[1] ? [undefined, { signal }] : [{ signal }];
  return options as [undefined, object];
}

test('a second call for the same server changes nothing', async () => {
  const registry = createRegistry();
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  instrument(instrument(server, { registry }), { registry });
  await connect();
  await client.callTool(call('add', { a: 1, b: 2 }));
  expect(await readOutcomes(registry)).toMatchObject({ 'add success': 1 });
  await client.close();
});

test('what is no server is refused, and a server without a name needs one', () => {
  expect(() => instrument({} as never)).toThrow(/needs an McpServer or a Server/);
  const nameless = { connect: () => Promise.resolve() };
  expect(() => instrument(nameless)).toThrow(/give one/);
  expect(instrument(nameless, { name: 'x', registry: createRegistry() })).toBe(nameless);
});

test('a logger gets a line for each call, failures as warnings', async () => {
  const lines: [string, Record<string, unknown>, string][] = [];
  const logger = {
    info: (fields: object, message: string) =>
      void lines.push(['info', fields as Record<string, unknown>, message]),
    warn: (fields: object, message: string) =>
      void lines.push(['warn', fields as Record<string, unknown>, message]),
  };
  const [, version] = SDKS[0]!;
  const { server, client, connect } = createSdk(version);
  instrument(server, { registry: createRegistry(), logger });
  await connect();
  await client.callTool(call('add', { a: 1, b: 2 }));
  await client.callTool(call('fails'));
  await client.close();
  const shared = { server: 'demo', transport: 'stdio', client: 'tester', client_version: '2.0.0' };
  expect(lines.slice(1)).toEqual([
    [
      'info',
      expect.objectContaining({ ...shared, type: 'access', tool: 'add', outcome: 'success' }),
      'exchange',
    ],
    [
      'warn',
      expect.objectContaining({
        ...shared,
        type: 'error',
        tool: 'fails',
        outcome: 'tool_error',
        error_type: 'tool_error',
        error: 'the disk is broken',
      }),
      'call failed',
    ],
  ]);
  expect(JSON.stringify(lines)).not.toContain('"a":1');
});
