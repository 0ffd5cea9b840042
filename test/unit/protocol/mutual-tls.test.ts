import { once } from 'node:events';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import type { RemoteAccess } from '../../../src/facts/server.ts';
import { createAgentPool } from '../../../src/protocol/http/agent-pool.ts';
import { type Connections, openConnections } from '../../../src/protocol/http/connections.ts';
import { createOAuthFetch } from '../../../src/protocol/oauth/oauth-fetch.ts';
import { createUpstreamPool } from '../../../src/protocol/upstream-pool.ts';
import { makeCertificate } from '../sources/probe/connection/make-certificate.ts';

const SERVER = makeCertificate({ altName: 'DNS:mcp.internal' });
const CLIENT = makeCertificate({ altName: 'DNS:exporter.internal' });
const COMPLETE: RemoteAccess = {
  tlsCa: SERVER.cert,
  tlsCert: CLIENT.cert,
  tlsKey: new Secret(CLIENT.key),
  tlsServerName: 'mcp.internal',
  tlsSkipVerify: false,
};

/** Answers with the name that was asked for, and refuses clients without the certificate. */
async function startServer(): Promise<string> {
  const server = createServer(
    { ...SERVER, ca: CLIENT.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) =>
      response.end(String((request.socket as TLSSocket & { servername: unknown }).servername)),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function askOver(connections: Connections, url: string): Promise<string> {
  expect(connections.agent).toBeInstanceOf(Agent);
  onTestFinished(() => connections.release());
  const request = connections.request(url, { agent: connections.agent });
  request.end();
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream];
  return readAll(response);
}

const WAYS: Readonly<Record<string, (url: string, tls: RemoteAccess) => Promise<string>>> = {
  checks: (url, tls) =>
    askOver(
      createAgentPool(1).lease({ kind: 'http', url, transport: 'http', headers: {}, ...tls }),
      url,
    ),
  bridges: async (url, tls) => askOver(await openConnections(new URL(url), tls), url),
  async gateway(url, tls) {
    const pool = createUpstreamPool(url, tls);
    onTestFinished(() => pool.destroy());
    // As with `gateway.preserveHost`: the name of the certificate is not that of the Host.
    const headers = { host: 'gateway.example' };
    const { body } = await pool.request({ path: '/', method: 'GET', headers });
    return body.text();
  },
  async OAuth(url, tls) {
    const { signal } = new AbortController();
    const target = { url, ...tls };
    const oauth = createOAuthFetch({ target, userAgent: 'test', nowMs: () => 0 as never, signal });
    onTestFinished(() => oauth.close());
    return (await oauth.fetch(url)).text();
  },
};

test.each(Object.entries(WAYS))(
  '%s present the certificate, and ask for and verify the configured name',
  async (_, ask) => {
    await expect(ask(await startServer(), COMPLETE)).resolves.toBe('mcp.internal');
  },
);

test.each(Object.entries(WAYS))('%s refuse a certificate of another name', async (_, ask) => {
  const url = await startServer();
  const failure = await ask(url, { ...COMPLETE, tlsServerName: 'other.internal' }).catch(
    (error: unknown) => error,
  );
  expect(codesOf(failure)).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
});

test.each(Object.entries(WAYS))(
  '%s fail without the authority or without the certificate',
  async (_, ask) => {
    const url = await startServer();
    const { tlsCa, tlsCert, tlsKey, ...rest } = COMPLETE;
    const untrusting = { ...rest, ...(tlsCert && { tlsCert }), ...(tlsKey && { tlsKey }) };
    await expect(ask(url, untrusting)).rejects.toThrow();
    await expect(ask(url, { ...rest, ...(tlsCa !== undefined && { tlsCa }) })).rejects.toThrow();
  },
);

/** The codes of an error and of its causes. */
function codesOf(error: unknown): unknown[] {
  return error instanceof Error
    ? ['code' in error ? error.code : undefined, ...codesOf(error.cause)]
    : [];
}
