import { expect, test } from 'vitest';
import {
  attributesOf,
  createSpanNamer,
  errorTypeOf,
  exceptionOf,
  shorten,
} from '../../../../src/sinks/otel/span-of-call.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { buildCall } from '../../../fakes/build-call.ts';

test.each<[string, Partial<CallRecord>, string]>([
  ['a tool call is named after method and tool', {}, 'tools/call read_file'],
  [
    'a prompt is named after method and prompt',
    { operation: 'prompts/get', target: 'greet' },
    'prompts/get greet',
  ],
  [
    'a resource is named after the method alone, since URIs are many',
    { operation: 'resources/read', target: 'file:///a' },
    'resources/read',
  ],
  ['a method that no revision knows is not named', { operation: 'debug/traceAll' }, '_OTHER'],
  ['a name as long as a novel is left out', { target: 'x'.repeat(10_000) }, 'tools/call'],
])('%s', (_, overrides, name) => {
  expect(createSpanNamer()(buildCall(overrides))).toBe(name);
});

test('after a thousand names the tool is left out, and names known by then stay', () => {
  const nameOf = createSpanNamer();
  const names = new Set<string>();
  for (let index = 0; index < 5_000; index += 1)
    names.add(nameOf(buildCall({ target: `tool-${index}` })));

  expect(names.size).toBe(1_001);
  expect(nameOf(buildCall({ target: 'tool-3' }))).toBe('tools/call tool-3');
  expect(nameOf(buildCall({ target: 'tool-4999' }))).toBe('tools/call');
});

test('a tool call has the attributes of the conventions, and ours beside them', () => {
  const call = buildCall({
    tokens: { input: 10, output: 20, source: 'reported' },
    costUsd: 0.01,
    progressCount: 3,
  });

  expect(attributesOf(call)).toEqual({
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'read_file',
    'mcp.protocol.version': '2025-11-25',
    'mcp.session.id': 'session-1',
    'jsonrpc.request.id': '7',
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'enduser.id': 'alice',
    'mcp_exporter.server': 'files',
    'mcp_exporter.transport': 'http',
    'mcp_exporter.direction': 'client_to_server',
    'mcp_exporter.outcome': 'success',
    'mcp_exporter.request_bytes': 120,
    'mcp_exporter.response_bytes': 4_000,
    'mcp_exporter.overhead_ms': 0.25,
    'mcp_exporter.client.name': 'editor',
    'mcp_exporter.client.version': '1.2.3',
    'mcp_exporter.tokens.input': 10,
    'mcp_exporter.tokens.output': 20,
    'mcp_exporter.tokens.source': 'reported',
    'mcp_exporter.cost_usd': 0.01,
    'mcp_exporter.progress_count': 3,
  });
});

test.each<[string, Partial<CallRecord>, string, unknown]>([
  ['a prompt has its name', { operation: 'prompts/get' }, 'gen_ai.prompt.name', 'read_file'],
  ['a prompt is no tool call', { operation: 'prompts/get' }, 'gen_ai.operation.name', undefined],
  [
    'a resource has its URI',
    { operation: 'resources/read', target: 'file:///a' },
    'mcp.resource.uri',
    'file:///a',
  ],
  ['stdio is a pipe', { transport: 'stdio' }, 'network.transport', 'pipe'],
  ['a text id loses its quotes', { requestId: '"a\\"b"' }, 'jsonrpc.request.id', 'a"b'],
  ['an empty text id is an id', { requestId: '""' }, 'jsonrpc.request.id', ''],
  [
    'arguments do not leave for the collector',
    { argumentsText: '{"a":1}' },
    'arguments',
    undefined,
  ],
])('%s', (_, overrides, name, value) => {
  expect(attributesOf(buildCall(overrides))[name]).toBe(value);
});

test.each<[string, Partial<CallRecord>, string | undefined]>([
  ['success is no error', {}, undefined],
  ['input asked for is no error', { outcome: 'input_required' }, undefined],
  ['a failing tool is', { outcome: 'tool_error', errorType: 'tool_error' }, 'tool_error'],
  [
    'an error of the server is, by its code',
    { outcome: 'rpc_error', errorType: 'internal_error', rpcCode: -32603 },
    '-32603',
  ],
  [
    'a fault of the caller is none on the receiving side',
    { outcome: 'client_error', errorType: 'invalid_params', rpcCode: -32602 },
    undefined,
  ],
  ['a timeout is', { outcome: 'timeout', errorType: 'timeout' }, 'timeout'],
])('%s', (_, overrides, expected) => {
  const call = buildCall(overrides);

  expect(errorTypeOf(call)).toBe(expected);
  expect(attributesOf(call)['error.type']).toBe(expected);
});

test('the code of an answer is an attribute even where it is no error', () => {
  const call = buildCall({ outcome: 'client_error', errorType: 'invalid_params', rpcCode: -32602 });

  expect(attributesOf(call)['rpc.response.status_code']).toBe('-32602');
});

test('a stack becomes an exception, and is cut', () => {
  const call = buildCall({ errorMessage: 'no', errorStack: 'at '.repeat(10_000) });

  expect(exceptionOf(call)?.['exception.message']).toBe('no');
  expect(String(exceptionOf(call)?.['exception.stacktrace']).length).toBe(8_192);
  expect(exceptionOf(buildCall())).toBeUndefined();
});

test('every text of a client is cut', () => {
  const long = 'é'.repeat(1_000_000);
  const attributes = attributesOf(
    buildCall({
      operation: long,
      requestId: JSON.stringify(long),
      session: long,
      protocolVersion: long,
      user: long,
      client: { name: long, version: long },
    }),
  );

  for (const value of Object.values(attributes)) expect(String(value).length).toBeLessThan(1_100);
  expect(shorten(`${'x'.repeat(1_023)}😀`).isWellFormed()).toBe(true);
});
