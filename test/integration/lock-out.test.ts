import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: an entry with a wrong token does not lock its healthy sibling and real clients out. Method: the real service, and a
// server that refuses everybody for a while after several wrong tokens within a short time.

const REFUSALS_MAX = 6;
const WITHIN_MS = 5_000;

/** A modern MCP server with one token. */
async function startLimitedServer() {
  const refusedAtMs: number[] = [];
  let lockOuts = 0;
  const server = createServer((request, response) => {
    const nowMs = performance.now();
    const recent = refusedAtMs.filter((atMs) => nowMs - atMs < WITHIN_MS);
    request.resume();
    if (recent.length >= REFUSALS_MAX) {
      lockOuts += 1;
      response.writeHead(429, { 'retry-after': '2' }).end();
    } else if (request.headers.authorization === 'Bearer right') {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { id } = JSON.parse(body) as { id?: unknown };
        const result = {
          resultType: 'complete',
          ttlMs: 0,
          cacheScope: 'private',
          supportedVersions: ['2026-07-28'],
          capabilities: {},
          _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'limited', version: '1' } },
        };
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    } else {
      refusedAtMs.push(nowMs);
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    refusals: () => refusedAtMs.length,
    lockOuts: () => lockOuts,
  };
}

test('a wrong token backs off, and locks out neither its sibling nor clients', async () => {
  const server = await startLimitedServer();
  const service = await startService({
    config: `gateway: { listen: off }
defaults: { interval: 500ms, retryInterval: 100ms, timeout: 500ms }
mcpServers:
  right: { url: "${server.url}", type: http, headers: { Authorization: Bearer right } }
  wrong: { url: "${server.url}", type: http, headers: { Authorization: Bearer wrong } }
`,
  });
  await until(async () => (await service.servers()).get('right')?.status === 'healthy');
  await until(async () => (await service.servers()).get('wrong')?.status === 'critical');
  await delay(8_000);
  // Twenty checks at the interval; doubling leaves 0, 0.5, 1.5, 3.5, 7.5 s.
  expect(server.refusals()).toBeLessThanOrEqual(6);
  expect(server.lockOuts()).toBe(0);
  expect((await service.servers()).get('right')?.status).toBe('healthy');
  const shown = JSON.parse(await service.get('/api/v1/mcp/servers/wrong')) as {
    next_check_at: string;
  };
  expect(Date.parse(shown.next_check_at)).toBeGreaterThan(Date.now() + 1_000);
}, 60_000);
