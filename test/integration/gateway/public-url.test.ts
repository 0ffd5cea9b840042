import { once } from 'node:events';
import http from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterEach, expect, test } from 'vitest';
import { type Profile, startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';

/* Goal: a server is reached at its public address as it would be directly, over every transport, and only there. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function startBehind(profile: Profile, publicUrlAt: (port: number) => string) {
  const server = await startScriptedMcpServer({ profile });
  ends.push(() => server.close());
  const gateway = await startGateway({ servers: [] });
  ends.push(() => gateway.stop(0));
  const publicUrl = publicUrlAt(gateway.port);
  const transport = profile.startsWith('sse') ? 'sse' : 'http';
  gateway.apply([httpServer('files', server.url, { publicUrl }, transport)]);
  return { server, gateway, publicUrl };
}

/** `fetch` sets `Host` itself. */
async function statusOf(port: number, path: string, headers: http.OutgoingHttpHeaders) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' });
  const request = http.request({
    port,
    host: '127.0.0.1',
    path,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test.each([
  ['its host is forwarded', { host: 'mcp.example.com' }, 200],
  ['its host with a port is forwarded', { host: 'mcp.example.com:443' }, 200],
  [
    'a page of its own is accepted',
    { host: 'mcp.example.com', origin: 'https://mcp.example.com' },
    200,
  ],
  [
    'a page of another site is refused',
    { host: 'mcp.example.com', origin: 'https://evil.example.com' },
    403,
  ],
  ['another host is refused', { host: 'evil.example.com' }, 403],
  ['a host of this machine is not its own', { host: 'localhost' }, 404],
])('at the public address, %s', async (_case, headers, status) => {
  const { gateway, server } = await startBehind('legacy-stateless', () => {
    return 'https://mcp.example.com/mcp';
  });
  expect(await statusOf(gateway.port, '/mcp', headers)).toBe(status);
  expect(server.keys()).toEqual(status === 200 ? ['ping'] : []);
  expect(server.received.map(({ headers: { host } }) => host)).toEqual(
    status === 200 ? [new URL(server.url).host] : [],
  );
});

test('a client of HTTP+SSE connects at the public address, and its calls are counted', async () => {
  const { gateway, publicUrl, server } = await startBehind(
    'sse',
    (port) => `http://127.0.0.1:${port}/sse`,
  );
  const client = new Client({ name: 'test', version: '1' });
  ends.push(() => client.close());
  await client.connect(new SSEClientTransport(new URL(publicUrl)));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['echo']);
  const counted = gateway.records.map(({ operation, outcome }) => [operation, outcome]);
  expect(counted).toEqual([
    ['initialize', 'success'],
    ['tools/list', 'success'],
  ]);
  await fetch(new URL('/other', publicUrl));
  expect(server.keys().at(-1)).toBe('GET');
});
