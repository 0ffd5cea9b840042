import { expect, test } from 'vitest';
import { formatDuration } from '../../src/sinks/web/format.ts';
import { REAL_SERVERS } from './support/real-servers.ts';
import { type Service, startService } from './support/start-service.ts';
import { startServer } from './support/start-server.ts';
import { until } from './support/until.ts';

/*
 * Goal: page, API and metric give the same response time, and none of them shows an old one of a server that is Offline.
 * Method: the real service with a real server that is killed; everything is read between two checks.
 */
interface Shown {
  readonly status: string;
  readonly checks: number;
  readonly response_time_seconds?: number;
  readonly last_response_time?: { readonly seconds: number; readonly at: string };
}

async function shown(service: Service): Promise<Shown> {
  return JSON.parse(await service.get('/api/v1/mcp/servers/real')) as Shown;
}

async function metricOf(service: Service): Promise<number | undefined> {
  const page = await service.get('/metrics');
  const found = /^mcp_server_response_time_seconds\{server="real"\} (\S+)$/m.exec(page);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}

/** The row of the page, without markup. */
async function rowOf(service: Service): Promise<string> {
  const page = await service.get('/');
  const cell = /data-label="Response">([\s\S]*?)<\/td>/.exec(page)?.[1] ?? '';
  return cell
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

test('page, API and metric give the same response time, and none while the server is Offline', async () => {
  const row = REAL_SERVERS.find(({ name }) => name === 'everything-http')!;
  const server = await startServer(row);
  const url = server.target.kind === 'http' ? server.target.url : '';
  const service = await startService({
    config: `mcpServers: { real: { url: "${url}", monitor: { interval: 2s, retryInterval: 500ms, timeout: 1s } } }`,
  });
  await until(async () => (await shown(service)).response_time_seconds !== undefined);
  let isCompared = false;
  await until(async () => {
    const before = await shown(service);
    const [metric, cell] = [await metricOf(service), await rowOf(service)];
    if ((await shown(service)).checks !== before.checks) return false;
    const seconds = before.response_time_seconds ?? Number.NaN;
    expect(metric).toBe(seconds);
    expect(cell).toBe(formatDuration(seconds * 1_000));
    isCompared = true;
    return true;
  });
  expect(isCompared).toBe(true);

  await server.stop('SIGKILL');
  await until(async () => (await shown(service)).status === 'offline');
  const offline = await shown(service);
  expect(offline.response_time_seconds).toBeUndefined();
  expect(offline.last_response_time?.seconds).toBeGreaterThan(0);
  expect(await metricOf(service)).toBeUndefined();
  expect(await rowOf(service)).toMatch(/^last: .+, (just now|.+ ago)$/);
}, 90_000);
