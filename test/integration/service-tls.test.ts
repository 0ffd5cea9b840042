import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { expect, onTestFinished, test } from 'vitest';
import { passOn } from '../fakes/pass-on.ts';
import { startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import {
  type Certificate,
  makeCertificate,
} from '../unit/sources/probe/connection/make-certificate.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

/*
 * Goal: certificates that are replaced on disk are used after a reload, by checks and by the gateway, without a restart,
 * and a server whose certificate is not verified is marked. Method: a server with mutual TLS, whose two sides change.
 */
interface Identities {
  readonly server: Certificate;
  readonly client: Certificate;
}

function makeIdentities(): Identities {
  return {
    server: makeCertificate(),
    client: makeCertificate({ altName: 'DNS:exporter.internal' }),
  };
}

/** Accepts only the client certificate of `use`, and nothing that was connected before it. */
async function startMutualTls(first: Identities) {
  const mcp = await startScriptedMcpServer();
  onTestFinished(() => mcp.close());
  const contextOf = ({ server, client }: Identities) => ({ ...server, ca: client.cert });
  const front = https.createServer(
    { ...contextOf(first), requestCert: true, rejectUnauthorized: true },
    (request, response) => passOn(request, response, mcp.url),
  );
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  onTestFinished(() => {
    front.closeAllConnections();
    front.close();
  });
  return {
    url: `https://127.0.0.1:${(front.address() as AddressInfo).port}/mcp`,
    use(next: Identities) {
      front.setSecureContext(contextOf(next));
      front.closeAllConnections();
    },
  };
}

function filesOf({ server, client }: Identities): Readonly<Record<string, string>> {
  return { 'ca.pem': server.cert, 'client.pem': client.cert, 'client.key': client.key };
}

async function replaceFiles({ folder }: Service, identities: Identities): Promise<void> {
  for (const [name, text] of Object.entries(filesOf(identities))) {
    await writeFile(join(folder, `${name}.new`), text);
    await rename(join(folder, `${name}.new`), join(folder, name));
  }
}

async function listThroughGateway(service: Service): Promise<readonly string[]> {
  const gateway = String(service.lines('started')[0]?.['gateway']);
  const client = new Client({ name: 'test', version: '1' });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway}/mutual/mcp`)));
    return (await client.listTools()).tools.map(({ name }) => name);
  } finally {
    await client.close();
  }
}

test('rotated certificates are used by checks and the gateway after a reload', async () => {
  const [before, after] = [makeIdentities(), makeIdentities()];
  const server = await startMutualTls(before);
  const client = { certFile: 'client.pem', keyFile: 'client.key' };
  const service = await startService({
    files: filesOf(before),
    config: JSON.stringify({
      gateway: { listen: '127.0.0.1:0' },
      defaults: {
        interval: '1s',
        unhealthyInterval: '1s',
        retryInterval: '1s',
        offlineAfter: 1,
        healthyAfter: 1,
      },
      mcpServers: {
        mutual: { url: server.url, tls: { caFile: 'ca.pem', ...client } },
        unverified: { url: server.url, tls: { insecureSkipVerify: true, ...client } },
      },
    }),
  });
  const shown = async (name: string) => (await service.servers()).get(name);
  const isHealthy = async () => (await shown('mutual'))?.status === 'healthy';
  await until(isHealthy);
  await expect(listThroughGateway(service)).resolves.toEqual(['echo']);

  expect(await shown('mutual')).toMatchObject({ tls_verified: true });
  expect(await shown('unverified')).toMatchObject({ tls_verified: false });
  expect(await service.get('/servers/unverified')).toContain('Certificate not verified');
  expect(await service.get('/servers/mutual')).not.toContain('Certificate not verified');

  server.use(after);
  await until(async () => (await shown('mutual'))?.status === 'offline');
  await expect(listThroughGateway(service)).rejects.toThrow();

  await replaceFiles(service, after);
  await fetch(`${service.url}/-/reload`, { method: 'POST' });
  await until(isHealthy);
  await expect(listThroughGateway(service)).resolves.toEqual(['echo']);
  expect(service.lines('started')).toHaveLength(1);
});
