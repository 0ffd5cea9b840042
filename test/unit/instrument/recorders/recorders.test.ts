import { EventEmitter } from 'node:events';
import PQueue from 'p-queue';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { LIBRARY_METRICS } from '../../../../src/catalog/library.ts';
import { createRegistry } from '../../../../src/instrument/metrics/create-registry.ts';
import { createRecorders } from '../../../../src/instrument/recorders/create-recorders.ts';
import { readQueues } from '../../../../src/instrument/recorders/record-queues.ts';
import { readSeries } from '../server/support.ts';

test('agents are active from spawn to end, in their status, and fail with a reason', async () => {
  const registry = new Registry();
  const { agents } = createRecorders({ registry });
  const [one, two] = [agents.spawn('coder'), agents.spawn('coder', 'busy')];
  one.setStatus('busy');
  two.fail('timeout');
  two.end();
  two.setStatus('idle');
  expect(await readSeries(registry)).toMatchObject({
    'mcp_agents_spawned_total{type="coder"}': 2,
    'mcp_agents_active{type="coder",status="idle"}': 0,
    'mcp_agents_active{type="coder",status="busy"}': 1,
    'mcp_agents_failed_total{type="coder",reason="timeout"}': 1,
  });
});

test('tasks wait, run and end once', async () => {
  const registry = createRegistry();
  const { tasks } = createRecorders({ registry });
  const [first, second, third] = [
    tasks.add({ type: 'index', priority: 'high' }),
    tasks.add({ type: 'index' }),
    tasks.add({ type: 'index' }),
  ];
  first.start();
  second.end('cancelled');
  third.start();
  third.start();
  third.end('success');
  third.end('error');
  expect(await tasks.run('train', async () => 7)).toBe(7);
  expect(() =>
    tasks.run('train', () => {
      throw new DOMException('late', 'TimeoutError');
    }),
  ).toThrow('late');
  expect(await readSeries(registry)).toMatchObject({
    'mcp_tasks_pending{priority="high"}': 0,
    'mcp_tasks_pending{priority="normal"}': 0,
    mcp_tasks_running: 1,
    'mcp_task_duration_seconds_count{task_type="index",status="success"}': 1,
    'mcp_task_duration_seconds_count{task_type="train",status="success"}': 1,
    'mcp_task_duration_seconds_count{task_type="train",status="timeout"}': 1,
  });
});

test('memory, models and authentication are recorded', async () => {
  const registry = createRegistry();
  const { memory, neural, auth } = createRecorders({ registry });
  memory.setUsage('cache', 1024);
  memory.operation('store');
  memory.operation('retrieve', 'error');
  neural.tokens('small', { input: 10, output: 3 });
  neural.inference({ model: 'small', operation: 'embed', durationMs: 50 });
  await expect(
    neural.run({ model: 'small', operation: 'embed' }, () => Promise.reject(new Error('no'))),
  ).rejects.toThrow('no');
  auth.attempt('api_key', 'failure');
  auth.rateLimitExceeded('someone@example.com');
  const series = await readSeries(registry);
  expect(series).toMatchObject({
    'mcp_memory_usage_bytes{type="cache"}': 1024,
    'mcp_memory_operations_total{operation="store",status="success"}': 1,
    'mcp_memory_operations_total{operation="retrieve",status="error"}': 1,
    'mcp_neural_tokens_processed_total{model="small",direction="input"}': 10,
    'mcp_neural_tokens_processed_total{model="small",direction="output"}': 3,
    'mcp_neural_inference_duration_seconds_count{model="small",operation="embed"}': 2,
    'mcp_auth_attempts_total{method="api_key",status="failure"}': 1,
  });
  expect(Object.keys(series).join('\n')).toMatch(/rate_limit_exceeded_total\{user_id="\d\d"\}/);
  expect(Object.keys(series).join('\n')).not.toContain('someone');
});

test('the memory of the process is read at each scrape', async () => {
  const registry = new Registry();
  const { memory } = createRecorders({ registry });
  memory.sampleProcess();
  const rss = 'mcp_memory_usage_bytes{type="rss"}';
  expect((await readSeries(registry))[rss]).toBeGreaterThan(1_000_000);
  memory.setUsage('rss', 1);
  expect((await readSeries(registry))[rss]).toBeGreaterThan(1_000_000);
});

test('plugins are executed, and the result stays', async () => {
  const registry = createRegistry();
  const { plugins } = createRecorders({ registry });
  const command = { plugin: 'git', command: 'clone' };
  const promise = Promise.resolve('done');
  expect(plugins.execute(command, () => promise)).toBe(promise);
  await promise;
  await expect(
    plugins.execute(command, () => Promise.reject(new Error('no network'))),
  ).rejects.toThrow('no network');
  expect(await readSeries(registry)).toMatchObject({
    'mcp_plugin_executions_total{plugin="git",command="clone",status="success"}': 1,
    'mcp_plugin_executions_total{plugin="git",command="clone",status="error"}': 1,
    'mcp_plugin_execution_duration_seconds_count{plugin="git",command="clone"}': 2,
  });
});

test('a p-queue shows its size and waits, and its jobs run as without', async () => {
  const registry = createRegistry();
  const { queues } = createRecorders({ registry });
  const queue = queues.observePQueue('mail', new PQueue({ concurrency: 1 }));
  const gate = Promise.withResolvers<void>();
  const results = [queue.add(() => gate.promise.then(() => 1)), queue.add(() => 2)];
  queue.add(() => 3, { priority: 1 }).catch(() => undefined);
  expect(await readSeries(registry)).toMatchObject({ 'mcp_queue_size{plugin="mail"}': 2 });
  gate.resolve();
  expect(await Promise.all(results)).toEqual([1, 2]);
  await queue.onIdle();
  expect(await readSeries(registry)).toMatchObject({
    'mcp_queue_size{plugin="mail"}': 0,
    'mcp_queue_wait_seconds_count{plugin="mail"}': 3,
  });
});

test('a queue in the shape of BullMQ is asked, and one that does not answer keeps its size', async () => {
  const registry = createRegistry();
  const { queues } = createRecorders({ registry });
  const worker = new EventEmitter();
  let waiting: () => Promise<number> = () => Promise.resolve(4);
  queues.observeBullQueue('video', { getWaitingCount: () => waiting() }, worker);
  queues.setSize('audio', 2);
  worker.emit('active', { timestamp: 1_000, processedOn: 3_500 });
  const expected = {
    'mcp_queue_size{plugin="video"}': 4,
    'mcp_queue_size{plugin="audio"}': 2,
    'mcp_queue_wait_seconds_sum{plugin="video"}': 2.5,
  };
  expect(await readSeries(registry)).toMatchObject(expected);
  expect(await readQueues(registry)).toMatchObject({
    video: { size: 4, started_per_minute: 1, wait_seconds: 2.5 },
  });
  waiting = () => Promise.reject(new Error('no connection'));
  expect(await readSeries(registry)).toMatchObject(expected);
});

test('labels are bounded by their list, or by number', async () => {
  const registry = createRegistry();
  const { agents, plugins } = createRecorders({ registry });
  for (let count = 0; count < 80; count += 1) agents.spawn(`type-${count}`);
  plugins.executed({ plugin: 'p', command: 'c', status: 'odd' as never, durationMs: 1 });
  const series = await readSeries(registry);
  const spawned = Object.keys(series).filter((line) => line.startsWith('mcp_agents_spawned_total'));
  expect(spawned).toHaveLength(51);
  expect(series).toMatchObject({
    'mcp_agents_spawned_total{type="_OTHER"}': 30,
    'mcp_plugin_executions_total{plugin="p",command="c",status="_OTHER"}': 1,
    'mcp_label_overflow_total{metric="mcp_agents_spawned_total",label="type"}': 30,
    'mcp_label_overflow_total{metric="mcp_plugin_executions_total",label="status"}': 1,
  });
});

test('every family of the catalog has a recorder', async () => {
  const registry = createRegistry();
  const { agents, tasks, memory, neural, plugins, queues } = createRecorders({ registry });
  agents.spawn('a').fail('b');
  const task = tasks.add({ type: 'a' });
  task.start();
  task.end('success');
  memory.setUsage('a', 1);
  memory.operation('a');
  neural.inference({ model: 'a', operation: 'b', durationMs: 1 });
  neural.tokens('a', { input: 1 });
  plugins.executed({ plugin: 'a', command: 'b', status: 'success', durationMs: 1 });
  queues.setSize('a', 1);
  queues.waited('a', 1);
  const page = await registry.metrics();
  for (const { name, kind } of LIBRARY_METRICS) expect(page).toContain(`# TYPE ${name} ${kind}\n`);
});
