import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

/* Goal: whoever has to find out why the gateway is full can still do so. Method: calls that are never answered take every place. */
const IN_FLIGHT_MAX = 64;
const CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"never"}}';

async function startSilentServer(): Promise<{
  readonly url: string;
  readonly waiting: () => number;
}> {
  let waiting = 0;
  const server = http.createServer((request) =>
    request.on('data', (chunk: Buffer) => {
      if (chunk.includes('tools/call')) waiting += 1;
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/mcp`, waiting: () => waiting };
}

function gatewayOf(service: Service): string {
  return String(service.lines('started')[0]?.['gateway']);
}

test('metrics, health, pages and API answer while every place of the gateway is taken', async () => {
  const silent = await startSilentServer();
  const service = await startService({
    config: `
gateway: { listen: '127.0.0.1:0' }
mcpServers:
  silent:
    type: http
    url: ${silent.url}
    monitor: { interval: 1h }
    gateway: { maxInFlight: ${IN_FLIGHT_MAX}, timeout: 1m }
`,
  });
  const call = () =>
    fetch(`${gatewayOf(service)}/silent/mcp`, {
      method: 'POST',
      body: CALL,
      headers: { 'content-type': 'application/json' },
      signal: ending.signal,
    });
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  for (let i = 0; i < IN_FLIGHT_MAX; i++) void call().catch(() => undefined);
  await until(() => silent.waiting() >= (IN_FLIGHT_MAX * 7) / 8);
  expect((await call()).status).toBe(503);
  for (const path of ['/metrics', '/health', '/', '/servers/silent', '/api/v1/mcp/servers']) {
    const answer = await fetch(`${service.url}${path}`, { signal: AbortSignal.timeout(5_000) });
    expect([path, answer.status]).toEqual([path, 200]);
    await answer.text();
  }
});
