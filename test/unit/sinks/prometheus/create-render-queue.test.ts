import { expect, test } from 'vitest';
import { createRenderQueue } from '../../../../src/sinks/prometheus/create-render-queue.ts';

function createSlowRender() {
  const started: string[] = [];
  const finish: ((error?: Error) => void)[] = [];
  const queue = createRenderQueue((key: string) => {
    started.push(key);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const number = started.length;
    finish.push((error) => (error ? reject(error) : resolve(`${key} ${number}`)));
    return promise;
  });
  return { queue, started, finish };
}

async function settle(): Promise<void> {
  for (let step = 0; step < 10; step += 1) await Promise.resolve();
}

test('a hundred scrapes during one rendering share the next one, which starts when the first has ended', async () => {
  const { queue, started, finish } = createSlowRender();
  const first = queue('text');
  await settle();
  const later = Array.from({ length: 100 }, () => queue('text'));
  await settle();
  expect(started).toEqual(['text']);
  finish[0]?.();
  await settle();
  expect(started).toEqual(['text', 'text']);
  finish[1]?.();
  expect(await first).toBe('text 1');
  expect(new Set(await Promise.all(later))).toEqual(new Set(['text 2']));
});

test('two formats are rendered one after the other', async () => {
  const { queue, started, finish } = createSlowRender();
  const pages = [queue('text'), queue('openmetrics')];
  await settle();
  expect(started).toEqual(['text']);
  finish[0]?.();
  await settle();
  finish[1]?.();
  expect(await Promise.all(pages)).toEqual(['text 1', 'openmetrics 2']);
});

test('a rendering that fails fails for those who shared it and for nobody after', async () => {
  const { queue, finish } = createSlowRender();
  const failing = queue('text');
  await settle();
  const next = queue('text');
  finish[0]?.(new Error('broken'));
  await expect(failing).rejects.toThrow('broken');
  await settle();
  finish[1]?.();
  expect(await next).toBe('text 2');
});
