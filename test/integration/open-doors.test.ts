import { expect, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { startService } from './support/start-service.ts';

const DISABLE = '/api/v1/mcp/servers/closed/disable';
/** Each reaches a listener on 127.0.0.1. */
const HOSTS = ['127.0.0.1', 'localhost', '0.0.0.0', '[::ffff:127.0.0.1]', '2130706433', '127.1'];

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
