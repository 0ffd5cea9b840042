import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, expect, test } from 'vitest';
import { passOn } from '../../fakes/pass-on.ts';
import { type ScriptedMcpServer, startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';

/* Goal: a server that redirects works through the gateway as it does directly, and no other host gets credentials. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

interface Redirecting {
  readonly url: string;
  /** Path and `Authorization` of each request. */
  readonly received: (readonly [string, string | undefined])[];
}

/** Redirects `/mcp` to what `locate` returns, and passes everything else to the MCP server. */
async function startRedirecting(
  behind: ScriptedMcpServer,
  status: number,
  locate: (origin: string) => string,
): Promise<Redirecting> {
  const received: (readonly [string, string | undefined])[] = [];
  const server = http.createServer((request, response) => {
    received.push([request.url ?? '', request.headers.authorization]);
    if (request.url === '/mcp') {
      request.resume();
      response.writeHead(status, { location: locate(origin) }).end('moved');
      return;
    }
    passOn(request, response, behind.url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${origin}/mcp`, received };
}

async function startBehindGateway(status: number, locate: (origin: string) => string) {
  const mcp = await startScriptedMcpServer({ profile: 'legacy-session' });
  ends.push(() => mcp.close());
  const redirecting = await startRedirecting(mcp, status, locate);
  const gateway = await startGateway({ servers: [httpServer('files', redirecting.url)] });
  ends.push(() => gateway.stop(0));
  return { ...redirecting, gateway };
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });

function post(url: string, body: string | Buffer = PING) {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer secret' };
  return fetch(url, { method: 'POST', headers, body, redirect: 'manual' });
}

test.each([
  [307, () => '/mcp/'],
  [308, (origin: string) => `${origin}/mcp/`],
])(
  'a redirect %i within the server is followed, and the call counts once',
  async (status, locate) => {
    const { gateway } = await startBehindGateway(status, locate);
    const client = new Client({ name: 'test', version: '1' });
    ends.push(() => client.close());
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url('files'))));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    const counted = gateway.records.map(({ operation, outcome }) => [operation, outcome]);
    expect(counted).toEqual([
      ['initialize', 'success'],
      ['tools/list', 'success'],
    ]);
  },
);

test('a redirect to another origin is returned, and the other host gets nothing', async () => {
  const other = await startScriptedMcpServer();
  ends.push(() => other.close());
  const { gateway } = await startBehindGateway(307, () => other.url);
  const answer = await post(gateway.url('files'));
  expect([answer.status, answer.headers.get('location')]).toEqual([307, other.url]);
  expect(other.received).toEqual([]);
});

test('a redirect in a circle ends, and is returned', async () => {
  const { gateway, received } = await startBehindGateway(307, () => '/mcp');
  const answer = await post(gateway.url('files'));
  expect([answer.status, answer.headers.get('location')]).toEqual([307, '/files/mcp']);
  expect(received).toHaveLength(6);
});

test.each([
  ['a relative', () => 'mcp/'],
  ['an absolute', (origin: string) => `${origin}/mcp/`],
])('%s redirect of another kind leads to the gateway, where it works', async (_kind, locate) => {
  const { gateway, received } = await startBehindGateway(302, locate);
  const answer = await post(gateway.url('files'));
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/files/mcp/']);
  expect(await answer.text()).toBe('moved');
  await post(new URL('/files/mcp/', gateway.url('files')).href);
  expect(received.map(([path]) => path)).toEqual(['/mcp', '/mcp/']);
});

test('a body that has passed cannot be sent again: the client gets the redirect', async () => {
  const { gateway } = await startBehindGateway(307, () => '/mcp/');
  const large = Buffer.from(
    JSON.stringify({ jsonrpc: '2.0', method: 'x', params: 'x'.repeat(400_000) }),
  );
  const answer = await post(gateway.url('files'), large);
  expect([answer.status, answer.headers.get('location')]).toEqual([307, '/files/mcp/']);
});
