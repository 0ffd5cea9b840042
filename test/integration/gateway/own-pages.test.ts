import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Secret } from '../../../src/facts/secret.ts';
import { startScriptedMcpServer } from '../../fakes/scripted-mcp-server.ts';
import { httpServer, startGateway, type StartGatewayOptions } from '../support/start-gateway.ts';

/* Goal: the gateway's own pages are for those who may use the gateway, and take nothing from the servers. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const TOKEN = 'planted-gateway-token';
const AUTHENTICATION = {
  authentication: { bearerTokens: [{ name: 'ci', token: new Secret(TOKEN) }] },
};

async function start(gateway: StartGatewayOptions['gateway'] = {}) {
  const server = await startScriptedMcpServer({ profile: 'legacy-stateless' });
  ends.push(() => server.close());
  const started = await startGateway({
    gateway,
    servers: [
      httpServer('files', server.url),
      httpServer("it's <b>odd</b>", server.url),
      httpServer('unserved', server.url, { enabled: false }),
      httpServer('public', server.url, { publicUrl: 'https://mcp.example.com/mcp' }),
    ],
  });
  ends.push(() => started.stop(0));
  return { ...started, server };
}

interface Asked {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** `fetch` sets `Host` itself. */
async function ask(
  port: number,
  { path = '/', method = 'GET', headers = {}, body = '' }: Asked = {},
) {
  const length = body === '' ? {} : { 'content-length': body.length };
  const request = http.request({
    ...{ port, host: '127.0.0.1', path, method },
    headers: { ...length, ...headers },
  });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(answer, 'end');
  const { statusCode: status, headers: given } = answer;
  return { status, headers: given, text: Buffer.concat(chunks).toString() };
}

test('a browser gets a page, and nothing of a server is in it but its name and address', async () => {
  const { port, server, records } = await start();
  const { status, headers, text } = await ask(port, { headers: BROWSER });
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect(text).toContain(`http://127.0.0.1:${port}/files/mcp`);
  expect(text).toContain('https://mcp.example.com/mcp');
  expect(text).toContain('it&#39;s &lt;b&gt;odd&lt;/b&gt;');
  expect(text).not.toContain('unserved');
  expect(text).not.toContain(new URL(server.url).host);
  expect(records).toEqual([]);
  expect(server.received).toEqual([]);
});

test('a program gets the same as JSON', async () => {
  const { port } = await start();
  const { headers, text } = await ask(port, { headers: { accept: 'application/json' } });
  expect(headers['content-type']).toBe('application/json');
  const disabled = false;
  const transport = 'http';
  const base = `http://127.0.0.1:${port}`;
  expect(JSON.parse(text)).toEqual({
    service: 'mcp-exporter gateway',
    version: expect.any(String) as string,
    authentication: 'none',
    servers: [
      { name: 'files', url: `${base}/files/mcp`, transport, disabled },
      {
        name: "it's <b>odd</b>",
        url: `${base}/it's%20%3Cb%3Eodd%3C%2Fb%3E/mcp`,
        transport,
        disabled,
      },
      { name: 'public', url: 'https://mcp.example.com/mcp', transport, disabled },
    ],
  });
});

test('the page explains how to connect to the chosen server', async () => {
  const { port } = await start();
  const { text } = await ask(port, { path: '/?server=public', headers: BROWSER });
  expect(text).toContain('claude mcp add --transport http public https://mcp.example.com/mcp');
});

test('health says that the gateway serves', async () => {
  const { port, records } = await start();
  const { status, text } = await ask(port, { path: '/health' });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ status: 'ok', servers: { total: 3, disabled: 0 } });
  const head = await ask(port, { path: '/health', method: 'HEAD' });
  expect([head.status, head.text]).toEqual([200, '']);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(10);
  expect(records).toEqual([]);
});

test.each(['/', '/health'])('%s requires the credentials of the gateway', async (path) => {
  const { port, records } = await start(AUTHENTICATION);
  const refused = await ask(port, { path, headers: BROWSER });
  expect(refused.status).toBe(401);
  expect(refused.text).toContain('"reason":"unauthorized"');
  expect(refused.text).not.toContain('files');
  expect(records.map(({ server, errorType }) => [server, errorType])).toEqual([
    ['_OTHER', 'unauthorized'],
  ]);
  const headers = { ...BROWSER, authorization: `Bearer ${TOKEN}` };
  const { status, text } = await ask(port, { path, headers });
  expect(status).toBe(200);
  expect(text).not.toContain(TOKEN);
});

test.each([
  ['of a host that is not allowed', { headers: { host: 'evil.example.com' } }, 403],
  ['of a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
  ['of this process itself', { headers: { 'mcp-exporter-instance': 'of-the-test' } }, 508],
  ['to call something', { method: 'POST', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' }, 404],
  ['for an event stream', { headers: { accept: 'text/event-stream' } }, 404],
  ['with a body', { body: '{}' }, 404],
  ['for a path below', { path: '/health/' }, 404],
])('a request %s is refused and counted', async (_case, asked, status) => {
  const { port, records } = await start();
  const answer = await ask(port, asked);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain('"source":"mcp-exporter"');
  expect(records.map(({ outcome }) => outcome)).toEqual(['denied']);
});

test('at the public address of a server, both paths are the server’s', async () => {
  const { port, server } = await start();
  for (const path of ['/', '/health'])
    await ask(port, { path, headers: { host: 'mcp.example.com' } });
  expect(server.received).toHaveLength(2);
});

test('a gateway that stops is not healthy', async () => {
  const hanging = http.createServer().listen(0, '127.0.0.1');
  await once(hanging, 'listening');
  ends.push(async () => hanging.close());
  const { port: hangingPort } = hanging.address() as AddressInfo;
  const gateway = await startGateway({
    servers: [httpServer('slow', `http://127.0.0.1:${hangingPort}/mcp`)],
  });
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const call = ask(gateway.port, { path: '/slow/mcp', method: 'POST', body }).catch(
    () => undefined,
  );
  const [, answer] = (await once(hanging, 'request')) as [unknown, http.ServerResponse];
  const stopped = gateway.stop(5_000);
  const { status, text } = await ask(gateway.port, { path: '/health' });
  expect([status, text]).toEqual([503, expect.stringContaining('"reason":"stopping"')]);
  answer.end('{"jsonrpc":"2.0","id":1,"result":{}}');
  await Promise.all([call, stopped]);
});
