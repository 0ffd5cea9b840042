import { expect, onTestFinished, test } from 'vitest';
import {
  type ScriptedMcpServer,
  startScriptedMcpServer,
  status,
} from '../fakes/scripted-mcp-server.ts';
import { type Service, startService } from './support/start-service.ts';
import { until } from './support/until.ts';

// Goal: a server that comes back is noticed within its own interval, also after a long time Offline. Method: the real
// service, and a real server that fails for several checks.

const INTERVAL_MS = 1_500;
const RETRY_MS = 200;

async function startServer(): Promise<ScriptedMcpServer> {
  const server = await startScriptedMcpServer({ profile: 'modern' });
  onTestFinished(() => server.close());
  return server;
}

async function statusOf(service: Service): Promise<string | undefined> {
  return (await service.servers()).get('demo')?.status;
}

test('a server that was Offline for many checks is checked again within its interval', async () => {
  const server = await startServer();
  const service = await startService({
    config: `gateway: { listen: off }
defaults: { interval: ${INTERVAL_MS}ms, retryInterval: ${RETRY_MS}ms, timeout: 1s }
mcpServers: { demo: { url: "${server.url}" } }
`,
  });
  await until(async () => (await statusOf(service)) === 'healthy');
  server.script('*', status(500));
  await until(async () => (await statusOf(service)) === 'offline');
  const before = server.received.length;
  // Doubling from the interval would by now have led to pauses of eight intervals.
  await until(() => server.received.length >= before + 5);
  server.script('*');
  const backAtMs = performance.now();
  await until(async () => (await statusOf(service)) === 'healthy');
  // One interval, the second answer that clears Offline, and time for a busy machine.
  expect(performance.now() - backAtMs).toBeLessThan(INTERVAL_MS + RETRY_MS + 2_500);
}, 60_000);
