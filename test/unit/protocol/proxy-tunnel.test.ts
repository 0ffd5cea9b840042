import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import type { RemoteAccess } from '../../../src/facts/server.ts';
import { createAgentPool } from '../../../src/protocol/http/agent-pool.ts';
import { type Connections, openConnections } from '../../../src/protocol/http/connections.ts';
import { describeNetworkError } from '../../../src/protocol/network-failure.ts';
import { createOAuthFetch } from '../../../src/protocol/oauth/oauth-fetch.ts';
import { createUpstreamPool } from '../../../src/protocol/upstream-pool.ts';
import { makeCertificate } from '../sources/probe/connection/make-certificate.ts';
import { startServer as startMcpServer, watchUrl } from '../sources/probe/connection/http-setup.ts';

const CERTIFICATE = makeCertificate({ altName: 'DNS:mcp.invalid' });

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server whose name no resolver knows: only the proxy leads there. */
async function startTarget(scheme: string): Promise<string> {
  const answer: RequestListener = (_request, response) => response.end('from the server');
  const server =
    scheme === 'https' ? createSecureServer(CERTIFICATE, answer) : createServer(answer);
  return `${scheme}://mcp.invalid:${await listen(server)}`;
}

/** A forward proxy for every name, which asks for credentials; `asked` lists the targets. */
async function startProxy(): Promise<{ host: string; url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(400).end());
  proxy.on('connect', (request, client) => {
    client.on('error', () => undefined);
    const wanted = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    if (request.headers['proxy-authorization'] !== wanted) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    asked.push(request.url ?? '');
    const server = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('close', () => server.destroy());
    onTestFinished(() => void client.destroy());
  });
  const host = `127.0.0.1:${await listen(proxy)}`;
  return { host, url: `http://user:p%40ss@${host}`, asked };
}

function access(proxy: string): RemoteAccess {
  return { tlsCa: CERTIFICATE.cert, tlsSkipVerify: false, proxy: new Secret(proxy) };
}

async function askOver(connections: Connections, url: string): Promise<string> {
  onTestFinished(() => connections.release());
  const request = connections.request(url, { agent: connections.agent });
  request.end();
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  return readAll(response);
}

const WAYS: Readonly<Record<string, (url: string, by: RemoteAccess) => Promise<string>>> = {
  checks: (url, by) =>
    askOver(
      createAgentPool(1).lease({ kind: 'http', url, transport: 'http', headers: {}, ...by }),
      url,
    ),
  bridges: async (url, by) => askOver(await openConnections(new URL(url), by), url),
  async gateway(url, by) {
    const pool = createUpstreamPool(url, by);
    onTestFinished(() => pool.destroy());
    return (await pool.request({ path: '/', method: 'GET' })).body.text();
  },
  async OAuth(url, by) {
    const { signal } = new AbortController();
    const target = { url, ...by };
    const oauth = createOAuthFetch({ target, userAgent: 'test', nowMs: () => 0 as never, signal });
    onTestFinished(() => oauth.close());
    return (await oauth.fetch(url)).text();
  },
};
const CASES = Object.entries(WAYS).flatMap(([name, ask]) =>
  ['http', 'https'].map((scheme) => [name, scheme, ask] as const),
);

test.each(CASES)('%s reach %s servers through the proxy', async (_name, scheme, ask) => {
  const url = await startTarget(scheme);
  const proxy = await startProxy();
  await expect(ask(url, access(proxy.url))).resolves.toBe('from the server');
  expect(proxy.asked).toEqual([new URL(url).host]);
});

test.each(CASES)('%s of %s name a proxy that refuses or is away', async (_name, scheme, ask) => {
  const url = await startTarget(scheme);
  const { host } = await startProxy();
  const failureOf = async (proxy: string): Promise<string> =>
    describeNetworkError(await ask(url, access(proxy)).catch((error: unknown) => error));
  expect(await failureOf(`http://${host}`)).toBe(
    `the proxy ${host} answered 407 (it asks for credentials)`,
  );
  expect(await failureOf('http://127.0.0.1:1')).toBe(
    'the proxy 127.0.0.1:1 cannot be used (ECONNREFUSED)',
  );
});

test.each([false, true])('a check through a proxy knows its phases (TLS: %s)', async (isTls) => {
  const tls = makeCertificate();
  const server = await startMcpServer(isTls ? { tls } : {});
  const { url } = await startProxy();
  const target = { proxy: new Secret(url), tlsCa: tls.cert };
  const { check, connection } = watchUrl(server.url, { target });
  const report = await check();
  expect(report).toMatchObject({ outcome: 'ok' });
  expect(report.phasesMs.connect).toBeGreaterThan(0);
  expect((report.phasesMs.tls ?? 0) > 0).toBe(isTls);
  expect(report.tlsExpiresAtMs !== undefined).toBe(isTls);
  expect((await check()).phasesMs.connect).toBeUndefined();
  await connection.close();
});

test('credentials with a bare percent sign are sent as they are', async () => {
  const { host } = await startProxy();
  const by = access(`http://user:100%@${host}`);
  const failure = await WAYS['checks']?.('http://mcp.invalid', by).catch((error: unknown) => error);
  expect(describeNetworkError(failure)).toContain('answered 407');
});

test('a check through a proxy that refuses is not blamed on the server', async () => {
  const { host } = await startProxy();
  const target = { proxy: new Secret(`http://${host}`) };
  const report = await watchUrl('http://mcp.invalid/mcp', { target }).check();
  expect(report).toMatchObject({
    outcome: 'refused',
    detail: `No connection to mcp.invalid:80: the proxy ${host} answered 407 (it asks for credentials).`,
  });
});
