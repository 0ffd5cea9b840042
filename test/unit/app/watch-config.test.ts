import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { watchConfig } from '../../../src/app/watch-config.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';

/** Watches files whose state the test sets by hand. */
function watchStates(states: Record<string, string>) {
  const clock = createFakeClock();
  const seen = { changes: 0 };
  const watch = watchConfig({
    files: () => Object.keys(states),
    clock,
    onChange: () => (seen.changes += 1),
    intervalMs: 100,
    signatureOf: async (file) => states[file] ?? 'gone',
  });
  onTestFinished(() => watch.stop());
  return { clock, seen, watch };
}

test('nothing happens as long as nothing changes', async () => {
  const { clock, seen } = watchStates({ a: '1' });
  await clock.advance(1_000);
  expect(seen.changes).toBe(0);
});

test('a change counts once it is at rest, and only once', async () => {
  const states = { a: '1', b: '1' };
  const { clock, seen } = watchStates(states);
  await clock.advance(100);
  states.a = 'half';
  await clock.advance(100);
  states.a = 'whole';
  await clock.advance(100);
  expect(seen.changes).toBe(0);
  await clock.advance(100);
  expect(seen.changes).toBe(1);
  await clock.advance(1_000);
  expect(seen.changes).toBe(1);
});

test('two files that change one after the other are one change', async () => {
  const states = { a: '1', b: '1' };
  const { clock, seen } = watchStates(states);
  await clock.advance(100);
  states.a = '2';
  await clock.advance(100);
  states.b = '2';
  await clock.advance(500);
  expect(seen.changes).toBe(1);
});

test('a file that a reload adds or drops is no change by itself, and is watched from then on', async () => {
  const states: Record<string, string> = { a: '1' };
  const { clock, seen } = watchStates(states);
  await clock.advance(100);
  states['b'] = '1';
  await clock.advance(300);
  expect(seen.changes).toBe(0);
  states['b'] = '2';
  await clock.advance(300);
  expect(seen.changes).toBe(1);
  delete states['b'];
  await clock.advance(300);
  expect(seen.changes).toBe(1);
});

test('stop leaves no timer behind, even in the middle of a look', async () => {
  const { clock, watch } = watchStates({ a: '1' });
  watch.stop();
  await clock.advance(1_000);
  expect(clock.pendingCount()).toBe(0);
});

test('real files: an atomic rename, an edit in place, a swapped link and a deletion are all seen', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-watch-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [file, link] = [join(folder, 'a.yml'), join(folder, 'link.yml')];
  await writeFile(file, 'one');
  await writeFile(join(folder, 'v2'), 'two');
  await symlink(file, link);
  const changes: string[] = [];
  let current = '';
  const clock = createFakeClock();
  const looks = { count: 0 };
  const { signatureOfFile } = await import('../../../src/app/watch-config.ts');
  const watch = watchConfig({
    files: () => [file, link],
    clock,
    onChange: () => changes.push(current),
    signatureOf: async (path) => {
      const signature = await signatureOfFile(path);
      looks.count += 1;
      return signature;
    },
  });
  onTestFinished(() => watch.stop());

  async function look(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const target = looks.count + 2;
      await clock.advance(1_000);
      await expect.poll(() => looks.count, { interval: 1 }).toBeGreaterThanOrEqual(target);
    }
  }

  await expect.poll(() => looks.count, { interval: 1 }).toBe(2);
  for (const [name, change] of [
    ['rename', () => rename(join(folder, 'v2'), file)],
    ['edit', () => writeFile(file, 'three')],
    ['delete', () => rm(link)],
    ['link', () => symlink(folder, link)],
  ] as const) {
    current = name;
    await change();
    await look(3);
  }
  expect(changes).toEqual(['rename', 'edit', 'delete', 'link']);
});
