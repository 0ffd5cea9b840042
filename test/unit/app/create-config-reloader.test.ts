import { expect, test } from 'vitest';
import {
  createConfigReloader,
  type ReloadTrigger,
} from '../../../src/app/create-config-reloader.ts';
import type { LoadConfigResult } from '../../../src/settings/load-config.ts';
import { loadFiles } from '../settings/load-text.ts';

const GOOD = { 'mcp-exporter.yml': 'mcpServers: { a: { command: x } }' };
const BETTER = {
  'mcp-exporter.yml': 'import: [b.json]',
  'b.json': '{ "mcpServers": { "b": { "command": "x" } } }',
};
const BAD = { 'mcp-exporter.yml': 'import: [missing.json]\nmcpServer: {}' };

/** A reloader over files that the test swaps, and what it reported. */
function createBench(files: Readonly<Record<string, string>>) {
  const bench = { files, events: [] as string[], loads: 0, gate: Promise.resolve() };
  const reloader = createConfigReloader({
    async load(): Promise<LoadConfigResult> {
      bench.loads += 1;
      const seen = bench.files;
      await bench.gate;
      return loadFiles(seen);
    },
    onLoaded: ({ config }, trigger: ReloadTrigger) => {
      bench.events.push(`${trigger}: ${config.servers.map(({ name }) => name).join()}`);
    },
    onFailed: ({ problems }, trigger) => {
      bench.events.push(`${trigger}: ${problems.length} mistakes`);
    },
  });
  return { bench, reloader };
}

test('a bad file changes nothing and is reported; a good one takes over', async () => {
  const { bench, reloader } = createBench(GOOD);
  await reloader.reload('start');
  bench.files = BAD;
  expect((await reloader.reload('file')).ok).toBe(false);
  expect(reloader.current()?.servers[0]?.name).toBe('a');
  bench.files = BETTER;
  await reloader.reload('signal');
  expect(reloader.current()?.servers[0]?.name).toBe('b');
  expect(bench.events).toEqual(['start: a', 'file: 2 mistakes', 'signal: b']);
});

test('files of a bad configuration are watched too, beside those of the good one', async () => {
  const { bench, reloader } = createBench(BETTER);
  await reloader.reload('start');
  bench.files = BAD;
  await reloader.reload('file');
  expect(reloader.files().toSorted()).toEqual(['b.json', 'mcp-exporter.yml', 'missing.json']);
});

test('reloads run one at a time, and those that arrive meanwhile share one that starts afterwards', async () => {
  const { bench, reloader } = createBench(GOOD);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  bench.gate = promise.then(() => undefined);
  const first = reloader.reload('start');
  await Promise.resolve();
  const others = [reloader.reload('signal'), reloader.reload('request'), reloader.reload('file')];
  expect(bench.loads).toBe(1);
  bench.files = BETTER;
  resolve(undefined);
  await first;
  const results = await Promise.all(others);
  expect(bench.loads).toBe(2);
  expect(new Set(results).size).toBe(1);
  expect(bench.events).toEqual(['start: a', 'signal: b']);
});

test('a reload that cannot be put into effect fails alone; the next one works', async () => {
  let isBroken = true;
  const reloader = createConfigReloader({
    load: () => loadFiles(GOOD),
    onLoaded: () => {
      if (isBroken) throw new Error('cannot apply');
    },
    onFailed: () => undefined,
  });
  await expect(reloader.reload('start')).rejects.toThrow('cannot apply');
  expect(reloader.current()).toBeUndefined();
  isBroken = false;
  expect((await reloader.reload('signal')).ok).toBe(true);
  expect(reloader.current()?.servers).toHaveLength(1);
});
