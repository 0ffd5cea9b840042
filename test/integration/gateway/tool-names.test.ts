import {
  Client as ModernClient,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as HttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import type { ServerSpec } from '../../../src/facts/server.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { fakeServer } from '../../fakes/stdio-behaviour.ts';
import { serverSpec } from '../support/server-spec.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';

/*
 * Goal: the names of tools are known from what clients are offered, over every transport and in both eras.
 * Method: official clients list the tools through a gateway without checks.
 */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function startBehind(spec: ServerSpec) {
  const gateway = await startGateway({ servers: [spec] });
  ends.push(() => gateway.stop(0));
  return gateway;
}

async function listAsLegacy(url: string): Promise<void> {
  const client = new Client({ name: 'test', version: '1' });
  ends.push(() => client.close());
  const isSse = url.endsWith('/sse');
  const transport = isSse ? new SSEClientTransport(new URL(url)) : new HttpTransport(new URL(url));
  await client.connect(transport);
  const { nextCursor } = await client.listTools();
  if (nextCursor !== undefined) await client.listTools({ cursor: nextCursor });
}

async function listAsModern(url: string): Promise<void> {
  const options = { versionNegotiation: { mode: { pin: '2026-07-28' } } } as const;
  const client = new ModernClient({ name: 'test', version: '1' }, options);
  ends.push(() => client.close());
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  await client.listTools();
}

test.each([
  ['Streamable HTTP of the legacy era', 'legacy-session', '/mcp', listAsLegacy],
  ['Streamable HTTP of the modern era', 'modern', '/mcp', listAsModern],
  ['HTTP+SSE', 'sse', '/sse', listAsLegacy],
  ['HTTP+SSE behind the bridge', 'sse', '/mcp', listAsLegacy],
  ['HTTP+SSE of the modern era behind the bridge', 'sse-modern', '/mcp', listAsModern],
] as const)(
  'tools that a client was offered are known over %s',
  async (_case, profile, route, list) => {
    const server = await startScriptedMcpServer({ profile });
    ends.push(() => server.close());
    const transport = profile.startsWith('sse') ? 'sse' : 'http';
    const gateway = await startBehind(httpServer('files', server.url, {}, transport));
    await list(gateway.url('files', route));
    expect(gateway.listedTools).toEqual(['echo']);
  },
);

test.each([
  ['the legacy era', 'unknown_method', listAsLegacy],
  ['the modern era', 'modern', listAsModern],
] as const)(
  'tools that a client was offered are known over stdio of %s',
  async (_case, discover, list) => {
    const gateway = await startBehind(serverSpec('files', fakeServer({ discover })));
    await list(gateway.url('files'));
    expect(gateway.listedTools.length).toBeGreaterThan(0);
  },
);

test('every page of a list counts, however large it is', async () => {
  const server = await startScriptedMcpServer({ profile: 'legacy-stateless' });
  ends.push(() => server.close());
  const toolOf = (name: string) => ({
    name,
    description: 'name "\\" '.repeat(5_000),
    inputSchema: { type: 'object', properties: { name: { type: 'string' } } },
  });
  server.script('tools/list', ({ message, response }) => {
    const isFirst = (message['params'] as { cursor?: string } | undefined)?.cursor === undefined;
    const result = isFirst
      ? { tools: [toolOf('read'), toolOf('write')], nextCursor: '2' }
      : { tools: [toolOf('delete')] };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result }));
  });
  const gateway = await startBehind(httpServer('files', server.url));
  await listAsLegacy(gateway.url('files'));
  expect(gateway.listedTools).toEqual(['read', 'write', 'delete']);
});
