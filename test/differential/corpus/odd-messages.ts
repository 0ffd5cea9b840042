import { isJsonObject, type JsonObject } from '../../../src/facts/json-object.ts';
import type { OddMessages } from '../servers/odd-server.ts';
import { errorOf, MODERN_RESULT, resultOf, TOOLS, without } from '../servers/usual-replies.ts';

type Reply = NonNullable<OddMessages['reply']>;
type Change = (usual: JsonObject, message: JsonObject) => JsonObject | undefined;

function to(method: string, change: Change): Reply {
  return (asked, usual) => (asked.method === method ? change(usual, asked.message) : usual);
}

function listed(result: unknown): Reply {
  return to('tools/list', (_, { id }) => resultOf(id, result));
}

/** Changes the result of a method. */
function inResult(method: string, change: (result: JsonObject) => unknown): Reply {
  return to(method, (usual, { id }) =>
    isJsonObject(usual['result']) ? resultOf(id, change(usual['result'])) : usual,
  );
}

function everywhere(change: Change): Reply {
  return ({ message }, usual) => change(usual, message);
}

const IDS: readonly OddMessages[] = [
  ['id-as-text', 'ids come back as text', (id: unknown) => String(id)] as const,
  ['id-null', 'ids come back as null', () => null, 'id'] as const,
  ['id-missing', 'answers have no id', () => undefined, 'id'] as const,
  ['id-of-another', 'ids come back plus 1000', (id: unknown) => Number(id) + 1_000, 'id'] as const,
].map(([name, what, change, reason]) => ({
  name,
  what,
  era: 'sessions',
  reply: everywhere((usual, { id }) => ({ ...usual, id: change(id) })),
  ...(reason !== undefined && { reason, waits: 'for ever' as const }),
}));

const ENVELOPES: readonly OddMessages[] = [
  {
    name: 'id-as-text-stateless',
    what: 'ids come back as text',
    era: 'stateless',
    reply: everywhere((usual, { id }) => ({ ...usual, id: String(id) })),
  },
  {
    name: 'envelope-extra-fields',
    what: 'unknown fields beside id and result',
    era: 'sessions',
    reply: everywhere((usual) => ({ ...usual, meta: 1, took: '3ms' })),
  },
  {
    name: 'envelope-error-null',
    what: 'error: null beside every result',
    era: 'sessions',
    reply: everywhere((usual) => ('result' in usual ? { ...usual, error: null } : usual)),
  },
  {
    name: 'envelope-no-version',
    what: 'answers without jsonrpc: "2.0"',
    era: 'sessions',
    reply: everywhere((usual) => without(usual, 'jsonrpc')),
    reason: 'jsonrpc',
  },
  {
    name: 'envelope-version-1',
    what: 'answers with jsonrpc: "1.0"',
    era: 'sessions',
    reply: everywhere((usual) => ({ ...usual, jsonrpc: '1.0' })),
    reason: 'jsonrpc',
  },
  {
    name: 'error-code-as-text',
    what: 'error codes as text, for the methods that it lacks',
    era: 'sessions',
    reply: everywhere((usual, { id }) =>
      'error' in usual
        ? { jsonrpc: '2.0', id, error: { code: '-32601', message: 'Method not found' } }
        : usual,
    ),
  },
];

const HANDSHAKES: readonly OddMessages[] = [
  {
    name: 'initialize-no-capabilities',
    what: 'initialize names no capabilities',
    era: 'sessions',
    reply: inResult('initialize', (result) => without(result, 'capabilities')),
    reason: 'capabilities',
  },
  {
    name: 'initialize-empty-capabilities',
    what: 'initialize names no capability, and tools are listed all the same',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({ ...result, capabilities: {} })),
  },
  {
    name: 'initialize-null-capability',
    what: 'capabilities that are null',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({
      ...result,
      capabilities: { tools: {}, prompts: null, resources: null },
    })),
    reason: 'capabilities',
  },
  {
    name: 'initialize-capability-true',
    what: 'the capability tools is true, not an object',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({ ...result, capabilities: { tools: true } })),
    reason: 'capabilities',
  },
  {
    name: 'initialize-unknown-capabilities',
    what: 'unknown capabilities and fields',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({
      ...result,
      capabilities: { tools: { listChanged: true, x: 1 }, 'com.example/x': { y: 2 } },
      vendor: { z: 3 },
    })),
  },
  {
    name: 'initialize-no-server-info',
    what: 'initialize does not name the server',
    era: 'sessions',
    reply: inResult('initialize', (result) => without(result, 'serverInfo')),
    reason: 'serverInfo',
  },
  {
    name: 'initialize-no-server-version',
    what: 'the server has a name and no version',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({ ...result, serverInfo: { name: 'odd' } })),
    reason: 'version',
  },
  {
    name: 'initialize-null-instructions',
    what: 'instructions are null',
    era: 'sessions',
    reply: inResult('initialize', (result) => ({ ...result, instructions: null })),
    reason: 'instructions',
  },
  {
    name: 'initialize-unknown-revision',
    what: 'initialize names a revision that does not exist',
    era: 'sessions',
    revision: '2099-01-01',
    reason: '2099-01-01',
  },
  {
    name: 'initialize-modern-revision',
    what: 'initialize names 2026-07-28',
    era: 'sessions',
    revision: '2026-07-28',
    reason: '2026-07-28',
  },
  {
    name: 'initialize-draft-revision',
    what: 'initialize names DRAFT-2025-v2',
    era: 'sessions',
    revision: 'DRAFT-2025-v2',
    reason: 'DRAFT-2025-v2',
  },
  {
    name: 'initialize-error',
    what: 'initialize is answered with an error',
    era: 'sessions',
    reply: to('initialize', (_, { id }) => errorOf(id, -32603, 'no database')),
    reason: 'no database',
  },
];

const PINGS: readonly OddMessages[] = [
  {
    name: 'ping-unsupported',
    what: 'ping is answered -32601',
    era: 'sessions',
    reply: to('ping', (_, { id }) => errorOf(id, -32601, 'Method not found')),
  },
  {
    name: 'ping-refused',
    what: 'ping is answered -32603',
    era: 'sessions',
    reply: to('ping', (_, { id }) => errorOf(id, -32603, 'Internal error')),
  },
  {
    name: 'ping-unanswered',
    what: 'ping is never answered',
    era: 'sessions',
    reply: to('ping', () => undefined),
  },
  {
    name: 'ping-null-result',
    what: 'the result of ping is null',
    era: 'sessions',
    reply: to('ping', (_, { id }) => resultOf(id, null)),
  },
  {
    name: 'ping-text-result',
    what: 'the result of ping is "pong"',
    era: 'sessions',
    reply: to('ping', (_, { id }) => resultOf(id, 'pong')),
  },
];

const [ECHO = {}] = TOOLS;

const LISTS: readonly OddMessages[] = [
  {
    name: 'list-pages',
    what: 'tools on three pages',
    era: 'sessions',
    reply: to('tools/list', (_, { id, params }) => {
      const page = isJsonObject(params) ? Number(params['cursor'] ?? 0) : 0;
      const tools = [{ ...ECHO, name: `tool-${page}` }];
      return resultOf(id, { tools, ...(page < 2 && { nextCursor: String(page + 1) }) });
    }),
  },
  {
    name: 'list-same-cursor-for-ever',
    what: 'each page names the same next page',
    era: 'sessions',
    reply: listed({ tools: TOOLS, nextCursor: 'again' }),
  },
  {
    name: 'list-empty-cursor',
    what: 'the last page has nextCursor: ""',
    era: 'sessions',
    reply: listed({ tools: TOOLS, nextCursor: '' }),
  },
  {
    name: 'list-null-cursor',
    what: 'the last page has nextCursor: null',
    era: 'sessions',
    reply: listed({ tools: TOOLS, nextCursor: null }),
    reason: 'tools/list',
  },
  { name: 'list-empty', what: 'no tools', era: 'sessions', reply: listed({ tools: [] }) },
  {
    name: 'list-null',
    what: 'tools: null',
    era: 'sessions',
    reply: listed({ tools: null }),
    reason: 'tools/list',
  },
  {
    name: 'list-missing',
    what: 'a list without tools',
    era: 'sessions',
    reply: listed({}),
    reason: 'tools/list',
  },
  {
    name: 'list-error',
    what: 'tools/list is answered -32603',
    era: 'sessions',
    reply: to('tools/list', (_, { id }) => errorOf(id, -32603, 'no database')),
    reason: 'no database',
  },
  {
    name: 'list-unsupported',
    what: 'tools/list is answered -32601, though the capability is announced',
    era: 'sessions',
    reply: to('tools/list', (_, { id }) => errorOf(id, -32601, 'Method not found')),
    reason: 'Method not found',
  },
  {
    name: 'list-unanswered',
    waits: 'for ever',
    what: 'tools/list is never answered',
    era: 'sessions',
    reply: to('tools/list', () => undefined),
    reason: 'tools/list',
  },
  {
    name: 'list-stateless-bare',
    what: 'results without resultType, ttlMs and cacheScope',
    era: 'stateless',
    reply: inResult('tools/list', () => ({ tools: TOOLS })),
    reason: 'tools/list',
  },
  {
    name: 'discover-bare',
    what: 'the answer to server/discover lacks resultType, ttlMs and cacheScope',
    era: 'stateless',
    reply: inResult('server/discover', ({ supportedVersions, capabilities }) => ({
      supportedVersions,
      capabilities,
    })),
    reason: 'server/discover',
  },
  {
    name: 'discover-more-versions',
    what: 'server/discover names future versions too',
    era: 'stateless',
    reply: inResult('server/discover', (result) => ({
      ...result,
      supportedVersions: ['2030-01-01', '2026-07-28', '2025-11-25'],
    })),
  },
  {
    name: 'discover-legacy-versions',
    what: 'server/discover names versions with sessions only',
    era: 'sessions',
    reply: to('server/discover', (_, { id }) =>
      resultOf(id, {
        ...MODERN_RESULT,
        supportedVersions: ['2025-11-25', '2025-06-18'],
        capabilities: { tools: {} },
      }),
    ),
  },
];

const TOOL_SHAPES: readonly OddMessages[] = (
  [
    ['no-description', 'without a description', { name: 'a', inputSchema: { type: 'object' } }],
    ['null-description', 'with description: null', { ...ECHO, description: null }, 'tools/list'],
    ['no-schema', 'without inputSchema', { name: 'a' }, 'tools/list'],
    ['null-schema', 'with inputSchema: null', { name: 'a', inputSchema: null }, 'tools/list'],
    ['schema-without-type', 'with inputSchema: {}', { name: 'a', inputSchema: {} }, 'tools/list'],
    ['null-annotations', 'with annotations: null', { ...ECHO, annotations: null }, 'tools/list'],
    ['null-title', 'with title: null', { ...ECHO, title: null }, 'tools/list'],
    ['no-name', 'without a name', { inputSchema: { type: 'object' } }, 'tools/list'],
    ['odd-name', 'with blanks and slashes in the name', { ...ECHO, name: 'Do it / now!' }],
    [
      'unknown-fields',
      'with unknown fields',
      { ...ECHO, x: 1, annotations: { readOnlyHint: true, y: 2 }, _meta: { z: 3 } },
    ],
    [
      'output-schema-array',
      'with an outputSchema that is no object',
      { ...ECHO, outputSchema: { type: 'array', items: {} } },
      'tools/list',
    ],
    [
      'nested-schema',
      'with $defs, anyOf and format in the schema',
      {
        name: 'a',
        inputSchema: {
          $schema: 'http://json-schema.org/draft-07/schema#',
          type: 'object',
          properties: { at: { anyOf: [{ $ref: '#/$defs/at' }, { type: 'null' }] } },
          $defs: { at: { type: 'string', format: 'date-time' } },
        },
      },
    ],
  ] as const satisfies readonly (readonly [string, string, JsonObject, string?])[]
).map(([name, what, tool, reason]) => ({
  name: `tool-${name}`,
  what: `a tool ${what}`,
  era: 'sessions',
  reply: listed({ tools: [tool] }),
  ...(reason !== undefined && { reason }),
}));

export const ODD_MESSAGES: readonly OddMessages[] = [
  ...IDS,
  ...ENVELOPES,
  ...HANDSHAKES,
  ...PINGS,
  ...LISTS,
  ...TOOL_SHAPES,
];
