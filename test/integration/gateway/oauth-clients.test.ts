import { afterEach, expect, test } from 'vitest';
import { type OAuthMcpServer, startOAuthMcpServer } from '../../fakes/oauth-mcp-server.ts';
import { httpServer, startGateway } from '../support/start-gateway.ts';
import { createOAuthClients } from './support/oauth-clients.ts';

/*
 * Goal: an official client of a server that wants OAuth connects through the gateway, or is told why not.
 * Method: the SDKs' own providers of client credentials, against a server whose tokens are bound to its address.
 */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const CREDENTIALS = { clientId: 'test', clientSecret: 'secret' };

const { listByV1, listByV2 } = createOAuthClients(CREDENTIALS, ends);
const CLIENTS = [
  ['SDK v1', listByV1],
  ['SDK v2', listByV2],
] as const;

async function startServer(options?: Parameters<typeof startOAuthMcpServer>[0]) {
  const server = await startOAuthMcpServer(options);
  ends.push(() => server.close());
  return server;
}

/** The gateway under the public address of the server. */
async function startAtPublicAddress(server: OAuthMcpServer) {
  const gateway = await startGateway({ servers: [] });
  ends.push(() => gateway.stop(0));
  const origin = `http://127.0.0.1:${gateway.port}`;
  server.setPublicOrigin(origin);
  const publicUrl = `${origin}/mcp`;
  gateway.apply([httpServer('protected', server.url, { publicUrl })]);
  return { gateway, publicUrl };
}

test.each(CLIENTS)('%s connects directly', async (_client, list) => {
  const server = await startServer();
  expect(await list(server.url, server.origin)).toEqual(['private']);
});

test.each(CLIENTS)(
  '%s connects at the public address, and tokens are bound to it',
  async (_client, list) => {
    const server = await startServer();
    const { gateway, publicUrl } = await startAtPublicAddress(server);
    expect(await list(publicUrl, new URL(publicUrl).origin)).toEqual(['private']);
    expect(server.received).toContain('POST /token');
    expect(gateway.listedTools).toEqual(['private']);
    expect(new Set(gateway.records.map(({ server: name }) => name))).toEqual(
      new Set(['protected']),
    );
  },
);

test.each(CLIENTS)(
  '%s is told at another address that the resource is another one',
  async (_client, list) => {
    const server = await startServer();
    const gateway = await startGateway({ servers: [httpServer('protected', server.url)] });
    ends.push(() => gateway.stop(0));
    const url = gateway.url('protected');
    await expect(list(url, server.origin)).rejects.toThrow(
      `Protected resource ${server.url} does not match expected ${url}`,
    );
  },
);

test('at the public address all paths but those of other servers are the server’s, unchanged', async () => {
  const server = await startServer();
  const { gateway, publicUrl } = await startAtPublicAddress(server);
  const other = await startServer();
  gateway.apply([
    httpServer('protected', server.url, { publicUrl }),
    httpServer('other', other.url),
  ]);
  const origin = new URL(publicUrl).origin;
  const paths = ['/authorize?state=1', '/a/b', '/.well-known/openid-configuration', '/'];
  for (const path of paths) expect((await fetch(origin + path)).status).toBe(404);
  await fetch(`${origin}/register`, { method: 'POST', body: '{"client_name":"test"}' });
  await fetch(`${origin}/other/mcp`);
  expect(server.received).toEqual([
    'GET /authorize',
    'GET /a/b',
    'GET /.well-known/openid-configuration',
    'GET /',
    'POST /register',
  ]);
  expect(other.received).toEqual(['GET /mcp']);
  const metadata = await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`);
  expect(await metadata.json()).toEqual({ resource: publicUrl, authorization_servers: [origin] });
  expect(gateway.records).toEqual([]);
});
