import { expect, test } from 'vitest';
import { createLifeCycle } from '../../../src/app/life-cycle.ts';
import type { Part } from '../../../src/app/part.ts';
import type { Config } from '../../../src/settings/config.ts';
import { loadFiles } from '../settings/load-text.ts';

async function someConfig(): Promise<Config> {
  const loaded = await loadFiles({ 'mcp-exporter.yml': 'mcpServers: {}' });
  if (!loaded.ok) throw new Error('the configuration of this test is invalid');
  return loaded.config;
}

/** Parts of these names, which note what is called; `special` replaces functions of some. */
function setUp(names: readonly string[], special: Readonly<Record<string, Partial<Part>>> = {}) {
  const calls: string[] = [];
  const reports: string[] = [];
  const parts = names.map((name): Part => {
    const note = (call: string) => () => void calls.push(`${call} ${name}`);
    return {
      name,
      start: note('start'),
      reload: note('reload'),
      stop: note('stop'),
      killChildren: note('kill'),
      ...special[name],
    };
  });
  const lifeCycle = createLifeCycle(parts, (line) => reports.push(line));
  return { lifeCycle, calls, reports };
}

test('parts start and reload in order, and stop once in reverse order', async () => {
  const { lifeCycle, calls } = setUp(['a', 'b', 'c']);
  expect(await lifeCycle.start()).toBeUndefined();
  expect(await lifeCycle.reload(await someConfig())).toBeUndefined();
  await lifeCycle.stop();
  await lifeCycle.stop();
  expect(calls).toEqual([
    ...['start a', 'start b', 'start c'],
    ...['reload a', 'reload b', 'reload c'],
    ...['stop c', 'stop b', 'stop a'],
  ]);
});

test('a part waits for the start of the one before it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { lifeCycle, calls } = setUp(['a', 'b'], { a: { start: () => promise } });
  const starting = lifeCycle.start();
  await Promise.resolve();
  expect(calls).toEqual([]);
  resolve();
  await starting;
  expect(calls).toEqual(['start b']);
});

test('a part that cannot start says why, and stops those that already started', async () => {
  const { lifeCycle, calls } = setUp(['a', 'b', 'c', 'd'], {
    c: { start: async () => 'the port is in use' },
  });
  expect(await lifeCycle.start()).toBe('the port is in use');
  expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  await lifeCycle.stop();
  expect(calls).toHaveLength(4);
});

test('a part that throws at its start stops those that already started', async () => {
  const { lifeCycle, calls } = setUp(['a', 'b'], {
    b: { start: () => Promise.reject(new Error('bug')) },
  });
  await expect(lifeCycle.start()).rejects.toThrow('bug');
  expect(calls).toEqual(['start a', 'stop a']);
});

test('a part that fails to stop is reported, and the others stop nevertheless', async () => {
  const { lifeCycle, calls, reports } = setUp(['a', 'b', 'c'], {
    b: { stop: () => Promise.reject(new Error('stuck')) },
  });
  await lifeCycle.start();
  await lifeCycle.stop();
  expect(calls.slice(3)).toEqual(['stop c', 'stop a']);
  expect(reports).toEqual(['b could not be stopped: Error: stuck']);
});

test('a reload reaches the parts that run, and returns what could not be applied', async () => {
  const config = await someConfig();
  const { lifeCycle, calls } = setUp(['a', 'b', 'c', 'd'], {
    b: { reload: () => 'the file cannot be written' },
    c: { start: () => lifeCycle.reload(config).then((problem) => void calls.push(`${problem}`)) },
  });
  await lifeCycle.start();
  expect(calls).toEqual([
    'start a',
    'start b',
    'reload a',
    'the file cannot be written',
    'start d',
  ]);
});

test('children are killed whether or not their part has started', () => {
  const { lifeCycle, calls } = setUp(['a', 'b']);
  lifeCycle.killChildren();
  expect(calls).toEqual(['kill a', 'kill b']);
});
