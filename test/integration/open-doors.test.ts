import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { startService } from './support/start-service.ts';

const DISABLE = '/api/v1/mcp/servers/closed/disable';
/** Each reaches a listener on 127.0.0.1. */
const HOSTS = ['127.0.0.1', 'localhost', '0.0.0.0', '[::ffff:127.0.0.1]', '2130706433', '127.1'];

test('a call whose server is the gateway itself, behind a port mapping, is refused', async () => {
  const [gatewayPort, mappedPort] = await Promise.all([freePort(), freePort()]);
  const mapping = createServer((socket) => {
    const onward = connect(gatewayPort, '127.0.0.1');
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy()).pipe(socket);
  });
  mapping.listen(mappedPort, '127.0.0.1');
  onTestFinished(() => void mapping.close());
  await startService({
    config: `
gateway: { listen: 127.0.0.1:${gatewayPort} }
mcpServers:
  http: { url: http://127.0.0.1:${mappedPort}/http/mcp }
  sse: { url: http://127.0.0.1:${mappedPort}/sse/sse, type: sse }
`,
  });
  const call = (path: string, init: RequestInit) =>
    fetch(`http://127.0.0.1:${gatewayPort}${path}`, init);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' });
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const posted = await call('/http/mcp', { method: 'POST', headers, body });
  expect({ status: posted.status, body: await posted.json() }).toMatchObject({
    status: 508,
    body: { error: { data: { reason: 'own_request' } } },
  });
  const stream = await call('/sse/sse', { headers: { accept: 'text/event-stream' } });
  expect(stream.status).toBe(508);
});

test('a probe reaches no listener of the exporter, and is not for other pages', async () => {
  const gatewayPort = await freePort();
  const service = await startService({
    config: `
probe: { allowUrlTargets: true }
gateway: { listen: 127.0.0.1:${gatewayPort} }
mcpServers:
  closed: { url: http://127.0.0.1:9/mcp, monitor: { enabled: false } }
`,
  });
  const { port } = new URL(service.url);
  const targets = HOSTS.flatMap((host) => [
    `http://${host}:${port}${DISABLE}`,
    `http://${host}:${gatewayPort}/closed/mcp`,
  ]);
  const probe = (target: string) => `/probe?debug=true&target=${encodeURIComponent(target)}`;
  const traces = await Promise.all(targets.map((target) => service.get(probe(target))));
  for (const trace of traces) expect(trace).toMatch(/HTTP status: 508/);
  expect(await service.get('/api/v1/mcp/servers/closed')).not.toContain('disabled by');

  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
  ];
  for (const headers of foreign) {
    const answer = await fetch(`${service.url}${probe('closed')}`, { headers });
    expect(answer.status).toBe(403);
  }
});
