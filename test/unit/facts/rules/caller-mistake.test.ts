import { expect, test } from 'vitest';
import type { Definition } from '../../../../src/facts/capability-snapshot.ts';
import {
  type FailedCall,
  isCallersMistake,
  type ListedDefinition,
} from '../../../../src/facts/rules/caller-mistake.ts';
import { inputShapeOf } from '../../../../src/facts/rules/input-shape.ts';

const NO_DEMANDS: Definition = { name: 'echo', hash: '', description: '' };

/** A tool that wants `a` as a number, and allows nothing besides `a` and `note`. */
const ADD: Definition = {
  ...NO_DEMANDS,
  input: inputShapeOf({
    type: 'object',
    properties: { a: { type: 'number' }, note: { type: ['string', 'null'] } },
    required: ['a'],
    additionalProperties: false,
  })!,
};

function failed(text: string, over: Partial<FailedCall> = {}): FailedCall {
  return { operation: 'tools/call', arguments: {}, areArgumentsUnknown: false, text, ...over };
}

// As sent by real servers; test/integration/gateway/callers-mistakes.test.ts asks some of them.
test.each<[string, string]>([
  [
    'TypeScript SDK 1',
    'MCP error -32602: Input validation error: Invalid arguments for tool echo: Required at message',
  ],
  ['TypeScript SDK 1, older', 'MCP error -32602: Invalid arguments for tool echo: [ { } ]'],
  ['TypeScript SDK 1, thrown by a tool', 'MCP error -32602: location is not a city'],
  [
    'TypeScript SDK 2',
    'Input validation error: Invalid arguments for tool query-docs: query: Invalid input',
  ],
  ['a server that checks by itself', 'Error: Invalid arguments for read_file: Required'],
  ['Python SDK, low level', "Input validation error: 'a' is a required property"],
  [
    'Python SDK',
    'Error executing tool add: 2 validation errors for addArguments\na\n  Field required',
  ],
  ['FastMCP', '1 validation error for call[add]\na\n  Missing required argument'],
  ['Go SDK', 'validating "arguments": validating root: required: missing properties: ["a"]'],
  ['FastMCP for TypeScript', "Tool 'add' parameter validation failed: a: Required"],
  ['Ruby SDK', 'Missing required arguments: a, b'],
])('the text of the %s rejects arguments', (_sdk, text) => {
  expect(isCallersMistake(failed(text), undefined)).toBe(true);
  expect(isCallersMistake(failed(text), NO_DEMANDS)).toBe(true);
});

test.each<[string, string]>([
  ['TypeScript SDK 1', 'MCP error -32602: Tool no-such-tool not found'],
  ['Python SDK', 'Unknown tool: no-such-tool'],
  ['FastMCP', "Unknown tool: 'no-such-tool'"],
  ['a server that catches all', 'Error: Unknown tool: no-such-tool'],
  ['Ruby SDK', 'Tool not found: no-such-tool'],
])('the text of the %s rejects a name unless the server lists it', (_sdk, text) => {
  expect(isCallersMistake(failed(text), undefined)).toBe(true);
  expect(isCallersMistake(failed(text), 'unlisted')).toBe(true);
  expect(isCallersMistake(failed(text), NO_DEMANDS)).toBe(false);
});

test.each<[string, string]>([
  ['output that does not fit its schema', 'MCP error -32602: Output validation error: Invalid'],
  ['an exception', 'Error executing tool add: connection refused'],
  [
    'a model of the tool itself',
    'Error executing tool weather: 1 validation error for WeatherAnswer\nsky\n  Field required',
  ],
  ['a resource that is not there', 'ENOENT: no such file or directory'],
  ['something else that is not found', 'Repository x not found'],
  ['a text that only contains the words', 'The API said: Input validation error'],
  ['nothing', ''],
])('%s remains an error of the tool', (_what, text) => {
  expect(isCallersMistake(failed(text), undefined)).toBe(false);
  expect(isCallersMistake(failed(text), NO_DEMANDS)).toBe(false);
});

test('a name that the server does not list is a mistake, whatever the text', () => {
  expect(isCallersMistake(failed('no handler'), 'unlisted')).toBe(true);
});

test.each<[string, unknown, boolean]>([
  ['lack a required property', {}, true],
  ['are absent although a property is required', undefined, true],
  ['have a property of another type', { a: '1' }, true],
  ['have a property that is not allowed', { a: 1, b: 2 }, true],
  ['are no object', [1], true],
  ['have an inherited name instead of the required one', { toString: 1 }, true],
  ['fit', { a: 1 }, false],
  ['fit with an optional property', { a: 1, note: null }, false],
])('a failed call whose arguments %s is a mistake or not', (_what, args, expected) => {
  const call = failed("An error occurred invoking 'add'.", { arguments: args });
  expect(isCallersMistake(call, ADD)).toBe(expected);
});

test('arguments that were not read contradict nothing', () => {
  const { arguments: _none, ...call } = failed('no', { areArgumentsUnknown: true });
  expect(isCallersMistake(call, ADD)).toBe(false);
});

test.each<[string, string, ListedDefinition, boolean]>([
  ['prompts/get', 'Unknown prompt: x', undefined, true],
  ['prompts/get', 'database is down', 'unlisted', true],
  ['resources/read', 'Unknown resource: file:///x', undefined, true],
  ['resources/read', 'Unknown tool: x', undefined, false],
  ['tools/list', 'Unknown tool: x', undefined, false],
  ['completion/complete', 'Input validation error', undefined, false],
])('%s that fails with %s is a mistake or not', (operation, text, listed, expected) => {
  expect(isCallersMistake(failed(text, { operation }), listed)).toBe(expected);
});
