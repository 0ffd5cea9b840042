import type { ServerResponse } from 'node:http';
import tls from 'node:tls';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/facts/secret.ts';
import type { HttpTarget, ServerSpec } from '../../src/facts/server.ts';
import { createConnector } from '../../src/sources/probe/connection/connector.ts';
import { probeOnce } from '../../src/sources/probe/probe-once.ts';
import { REAL_CLOCK } from '../fakes/real-clock.ts';
import { type ScriptedMcpServer, startScriptedMcpServer } from '../fakes/scripted-mcp-server.ts';
import { makeCertificate } from '../unit/sources/probe/connection/make-certificate.ts';
import { startForwardProxy } from './support/start-forward-proxy.ts';
import { startGateway } from './support/start-gateway.ts';
import { startService } from './support/start-service.ts';
import { serverSpec } from './support/server-spec.ts';
import { until } from './support/until.ts';

/*
 * Goal: checks and the gateway reach a server through a proxy that nobody here wrote, with credentials and over TLS, and
 * streams stay open through it. Method: proxy-chain from the registry; only it can resolve the name of the server.
 */
const CHANGED = { jsonrpc: '2.0', method: 'notifications/tools/list_changed' };
const PROXY_TLS = makeCertificate();

/** The MCP server under a name that only the proxy knows, with a stream that `push` writes to. */
async function startBehindProxy(transport: HttpTarget['transport']) {
  const server = await startScriptedMcpServer({
    profile: transport === 'sse' ? 'sse' : 'legacy-session',
  });
  onTestFinished(() => server.close());
  let stream: ServerResponse | undefined;
  if (transport === 'http')
    server.script('GET', ({ response }) => {
      stream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
  const push = (): void => {
    if (transport === 'sse') server.push(CHANGED);
    else stream?.write(`data: ${JSON.stringify(CHANGED)}\n\n`);
  };
  const { port, pathname } = new URL(server.url);
  const host = `mcp.invalid:${port}`;
  return { server, push, host, url: `http://${host}${pathname}` };
}

function specOf(url: string, transport: HttpTarget['transport'], proxy: string): ServerSpec {
  return serverSpec('proxied', {
    kind: 'http',
    url,
    transport,
    headers: {},
    tlsSkipVerify: false,
    proxy: new Secret(proxy),
  });
}

async function check(spec: ServerSpec) {
  const connector = createConnector({ clientName: 'test', clientVersion: '0', clock: REAL_CLOCK });
  const { signal } = new AbortController();
  return probeOnce(connector, spec, REAL_CLOCK, { signal, deep: true });
}

/** Our process trusts the certificate of the proxy, as one does that is started with NODE_EXTRA_CA_CERTS. */
function trust(certificate: string): void {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, certificate]);
  onTestFinished(() => tls.setDefaultCACertificates(before));
}

async function keepsStreamOpen(
  gatewayUrl: (server: string, route?: string) => string,
  transport: HttpTarget['transport'],
  { push, server }: { readonly push: () => void; readonly server: ScriptedMcpServer },
): Promise<void> {
  const client = new Client({ name: 'test', version: '1' });
  onTestFinished(() => client.close());
  let changes = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  const opened = server.arrival('GET');
  await client.connect(
    transport === 'sse'
      ? new SSEClientTransport(new URL(gatewayUrl('proxied', '/sse')))
      : new StreamableHTTPClientTransport(new URL(gatewayUrl('proxied'))),
  );
  await opened;
  push();
  await until(() => changes === 1);
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['echo']);
  push();
  await until(() => changes === 2);
}

test.each([
  ['http', 'http'],
  ['http', 'https'],
  ['sse', 'http'],
  ['sse', 'https'],
] as const)(
  'checks and the gateway reach a server over %s through an %s proxy, streams included',
  async (transport, scheme) => {
    if (scheme === 'https') trust(PROXY_TLS.cert);
    const proxy = await startForwardProxy(scheme === 'https' ? PROXY_TLS : undefined);
    const { url, host, ...behind } = await startBehindProxy(transport);
    const spec = specOf(url, transport, proxy.url);

    expect((await check(spec)).map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(new Set(proxy.targets)).toEqual(new Set([host]));

    const ofChecks = proxy.targets.length;
    const gateway = await startGateway({ servers: [spec] });
    onTestFinished(() => gateway.stop(0));
    await keepsStreamOpen(gateway.url, transport, behind);
    expect(proxy.targets.length).toBeGreaterThan(ofChecks);
    expect(new Set(gateway.records.map(({ outcome }) => outcome))).toEqual(new Set(['success']));

    await proxy.stop();
    const [report] = await check(spec);
    expect(report?.detail).toContain(`the proxy ${proxy.host} cannot be used (ECONNREFUSED)`);
  },
);

test('an https proxy whose certificate is not trusted is named', async () => {
  const proxy = await startForwardProxy(PROXY_TLS);
  const [report] = await check(specOf('http://mcp.invalid/mcp', 'http', proxy.url));
  expect(report?.outcome).not.toBe('ok');
  expect(report?.detail).toContain(`the proxy ${proxy.host} cannot be used`);
  expect(proxy.targets).toEqual([]);
});

test('the service takes the proxy from the environment, but not for what NO_PROXY lists', async () => {
  const proxy = await startForwardProxy();
  const { url, host } = await startBehindProxy('http');
  const service = await startService({
    shell: [
      `export HTTP_PROXY='${proxy.url}' NO_PROXY='' no_proxy='direct.invalid'`,
      `export HTTPS_PROXY='socks5://user:planted@tor:9050'`,
    ].join('; '),
    config: JSON.stringify({
      defaults: { interval: '1s' },
      mcpServers: {
        proxied: { url },
        direct: { url: url.replace('mcp.invalid', 'direct.invalid') },
        secure: { url: 'https://direct.example.invalid/mcp' },
      },
    }),
  });
  await until(async () => (await service.servers()).get('proxied')?.status === 'healthy');
  const direct = await until(async () => {
    const shown = (await service.servers()).get('direct');
    return shown?.reason !== 'not checked yet' && shown;
  });
  expect(direct.reason).not.toContain('proxy');
  expect(new Set(proxy.targets)).toEqual(new Set([host]));
  expect(service.lines('configuration warning').map(({ detail }) => detail)).toEqual([
    'environment  the variable HTTPS_PROXY is not the URL of an HTTP proxy (http:// or https://), so that requests to https servers use no proxy',
  ]);
  expect(service.out()).not.toContain('planted');
  expect(service.out()).not.toContain(proxy.url);
});
