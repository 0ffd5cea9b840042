import { expect, test } from 'vitest';
import {
  type HealthAnswer,
  healthHandler,
  type HealthOptions,
} from '../../../../src/instrument/exposition/health-handler.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { createRecorders } from '../../../../src/instrument/recorders/create-recorders.ts';

async function ask(options: Omit<HealthOptions, 'version'>): Promise<HealthAnswer> {
  const handler = healthHandler({ version: '1.2.3', registry: createRegistry(), ...options });
  const response = await handler(new Request('http://localhost/health'));
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  return (await response.json()) as HealthAnswer;
}

test('a server without plugins and queues is healthy', async () => {
  expect(await ask({})).toEqual({
    status: 'healthy',
    version: '1.2.3',
    uptime: expect.any(Number),
    queue_size: 0,
    plugins: {},
    queues: {},
    checks: {},
    process: {
      memory_bytes: expect.any(Number),
      heap_used_bytes: expect.any(Number),
      cpu_ratio: expect.any(Number),
    },
  });
});

test('plugins and queues of the recorders are in the answer', async () => {
  const registry = createRegistry();
  const { plugins, queues } = createRecorders({ registry });
  const command = { plugin: 'git', command: 'clone', durationMs: 5 };
  for (const status of ['success', 'success', 'error', 'cancelled'] as const)
    plugins.executed({ ...command, status });
  queues.setSize('mail', 3);
  queues.setSize('video', () => Promise.resolve(4));
  const answer = await ask({ registry });
  expect(answer.queue_size).toBe(7);
  expect(answer.queues['video']).toEqual({ size: 4, started_per_minute: 0, wait_seconds: 0 });
  expect(answer.plugins['git']).toEqual({
    available: true,
    last_execution: expect.stringMatching(/^\d{4}-.*Z$/),
    error_rate: 0.25,
  });
  plugins.setAvailable('git', false);
  expect((await ask({ registry })).status).toBe('degraded');
});

test.each([
  ['fails', () => false],
  ['throws', () => Promise.reject(new Error('no connection'))],
])('a check that %s makes it degraded', async (_title, check) => {
  const answer = await ask({ checks: { database: check, disk: () => true } });
  expect(answer).toMatchObject({ status: 'degraded', checks: { database: false, disk: true } });
});

test('a check that hangs has failed, and the answer comes', async () => {
  const hangs = () => new Promise<boolean>(() => {});
  expect(await ask({ checks: { hangs } })).toMatchObject({ checks: { hangs: false } });
});

test('sizes and plugins of the author win', async () => {
  const answer = await ask({
    queueSize: () => 12,
    plugins: () => ({ own: { available: true, error_rate: 0 } }),
  });
  expect(answer).toMatchObject({ queue_size: 12, plugins: { own: { available: true } } });
});
