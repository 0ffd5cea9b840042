import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterEach, expect, test } from 'vitest';
import { CLIENT, startOAuthGuard } from '../../fakes/oauth-guard.ts';
import { startOAuthMcpServer } from '../../fakes/oauth-mcp-server.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import { createOAuthClients } from './support/oauth-clients.ts';
import { startProtectedServer } from '../support/start-oauth.ts';

/*
 * Goal: with `gateway.authorization: rewrite` an official client gets its token for the gateway's own address.
 * Method: the SDKs' own providers of client credentials, against a real authorization server (oidc-provider) that issues
 * tokens for the resource that the client names.
 */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const REWRITE = { authorization: 'rewrite' } as const;
const CREDENTIALS = { clientId: 'exporter', clientSecret: 'a-client-secret-of-the-test' };
const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const { listByV1, listByV2 } = createOAuthClients(CREDENTIALS, ends);
const CLIENTS = [
  ['SDK v1', listByV1],
  ['SDK v2', listByV2],
] as const;

async function startBehind(url: string, settings: Parameters<typeof httpServer>[2] = REWRITE) {
  const gateway = await startGateway({ servers: [httpServer('protected', url, settings)] });
  ends.push(() => gateway.stop(0));
  const metadata = (route = '/mcp') =>
    `http://127.0.0.1:${gateway.port}${WELL_KNOWN}/protected${route}`;
  return { gateway, url: gateway.url('protected'), metadata };
}

async function startUpstream(answer: RequestListener): Promise<string> {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

test('clients of a server that does not check the audience of tokens connect', async () => {
  const server = await startProtectedServer(600, { checksAudience: false });
  ends.push(() => server.stop());
  for (const [, list] of CLIENTS) {
    const { gateway, url } = await startBehind(server.url);
    expect(await list(url, server.issuer)).toEqual(['echo']);
    expect(gateway.listedTools).toEqual(['echo']);
  }
  expect(server.statuses.filter((status) => status === 401)).toHaveLength(CLIENTS.length);
});

test('a server that checks the audience refuses tokens for the gateway’s address', async () => {
  const server = await startProtectedServer(600);
  ends.push(() => server.stop());
  const { url } = await startBehind(server.url);
  await expect(listByV1(url, server.issuer)).rejects.toThrow(
    'Server returned 401 after successful authentication',
  );
  await expect(listByV2(url, server.issuer)).rejects.toThrow(
    'Server returned 401 after re-authentication',
  );
  expect(new Set(server.statuses)).toEqual(new Set([401]));
});

test('a client of HTTP+SSE connects, wherever the server says that its metadata is', async () => {
  const upstream = await startScriptedMcpServer({ profile: 'sse' });
  ends.push(() => upstream.close());
  const guard = await startOAuthGuard({ upstream: upstream.url, lifeS: 600, isHidden: true });
  ends.push(() => guard.close());
  const gateway = await startGateway({
    servers: [httpServer('protected', guard.url, REWRITE, 'sse')],
  });
  ends.push(() => gateway.stop(0));
  const client = new Client({ name: 'v1', version: '1' });
  ends.push(() => client.close());
  const authProvider = new ClientCredentialsProvider({
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    expectedIssuer: guard.origin,
  });
  const url = new URL(gateway.url('protected', '/sse'));
  await client.connect(new SSEClientTransport(url, { authProvider }));
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo']);
  expect(guard.tokenRequests.map(({ form }) => form.get('resource'))).toEqual([url.href]);
  guard.revoke('access');
  await client.ping();
  expect(guard.tokenRequests).toHaveLength(2);
});

test('challenges and metadata name the gateway as the client sees it, and all else is the server’s', async () => {
  const server = await startOAuthMcpServer();
  ends.push(() => server.close());
  const { gateway, url, metadata } = await startBehind(server.url);
  const refused = await fetch(url, { method: 'POST', body: '{}' });
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toBe(
    `Bearer error="invalid_token", resource_metadata="${metadata()}"`,
  );
  const answers = await Promise.all([metadata(), metadata('/sse')].map((each) => fetch(each)));
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(
    ['/mcp', '/sse'].map((route) => ({
      resource: gateway.url('protected', route),
      authorization_servers: [server.origin],
    })),
  );
  expect(server.received).toEqual(['POST /mcp', `GET ${WELL_KNOWN}/mcp`]);
  const other = metadata().replace('127.0.0.1', 'localhost');
  expect(await (await fetch(other)).json()).toMatchObject({
    resource: url.replace('127.0.0.1', 'localhost'),
  });
  expect((await fetch(metadata(), { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(metadata(), { method: 'POST' })).status).toBe(405);
});

test('by default, and at the public address, challenges pass unchanged', async () => {
  const server = await startOAuthMcpServer();
  ends.push(() => server.close());
  const challenge = `Bearer error="invalid_token", resource_metadata="${server.origin}${WELL_KNOWN}/mcp"`;
  const passing = await startBehind(server.url, {});
  expect((await fetch(passing.url)).headers.get('www-authenticate')).toBe(challenge);
  expect((await fetch(passing.metadata())).status).toBe(404);
  const { gateway } = await startBehind(server.url);
  const publicUrl = `http://127.0.0.1:${gateway.port}/v1`;
  gateway.apply([httpServer('protected', server.url, { ...REWRITE, publicUrl })]);
  expect((await fetch(publicUrl)).headers.get('www-authenticate')).toBe(challenge);
});

test.each<[string, RequestListener, number, string]>([
  ['has none', (_request, response) => response.writeHead(404).end(), 404, 'no_resource_metadata'],
  [
    'answers with a page',
    (_request, response) => response.end('<html>'),
    404,
    'no_resource_metadata',
  ],
  [
    'redirects',
    (_request, response) => response.writeHead(302, { location: '/' }).end(),
    404,
    'no_resource_metadata',
  ],
  ['is in trouble', (_request, response) => response.writeHead(503).end(), 502, 'unreachable'],
  ['breaks off', (request) => request.socket.destroy(), 502, 'unreachable'],
  [
    'answers without end',
    (_request, response) => void response.write(`{"resource":"${'a'.repeat(300_000)}`),
    502,
    'unreachable',
  ],
])('a server that %s is no reason to wait', async (_what, answer, status, reason) => {
  const { metadata } = await startBehind(await startUpstream(answer));
  const response = await fetch(metadata());
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { data: { reason } } });
});

test.each([
  ['another path of the server', '', 200],
  ['another host', 'http://localhost:9', 404],
])('metadata that are redirected to %s (%j) end with %s', async (_what, origin, status) => {
  const upstream = await startUpstream(({ url }, response) => {
    if (url?.endsWith('/end')) response.end('{"resource":"http://127.0.0.1/mcp"}');
    else response.writeHead(302, { location: `${origin}/end` }).end();
  });
  const { metadata } = await startBehind(upstream);
  expect((await fetch(metadata())).status).toBe(status);
});

test('a server whose address leads back to the gateway is not asked in a circle', async () => {
  const { gateway, url, metadata } = await startBehind('http://127.0.0.1:9/mcp');
  gateway.apply([httpServer('protected', url, REWRITE)]);
  const response = await fetch(metadata());
  expect(await response.json()).toMatchObject({ error: { data: { reason: 'unreachable' } } });
  expect(gateway.upstreamRequests()).toBeLessThan(4);
});
