import { expect, test } from 'vitest';
import { createEntryQueue, type WriteResult } from '../../../../src/sinks/journal/entry-queue.ts';
import type { JournalEntry } from '../../../../src/sinks/journal/messages.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

function mark(atMs: number): JournalEntry {
  return { fact: 'mark', name: 'opened', atMs };
}

/** A queue whose disk answers as it is told to; `batches` holds the first and the number of each batch. */
function setUp(answer: () => WriteResult | Promise<WriteResult> = () => 'written') {
  const clock = createFakeClock();
  const batches: [number, number][] = [];
  const queue = createEntryQueue<JournalEntry>({
    clock,
    async write(entries) {
      const [first] = entries;
      batches.push([first && 'atMs' in first ? first.atMs : -1, entries.length]);
      return answer();
    },
  });
  const add = (from: number, count: number): void => {
    for (let index = 0; index < count; index += 1) queue.add(mark(from + index));
  };
  return { clock, batches, queue, add };
}

test('entries of a moment are written together, in their order', async () => {
  const { clock, batches, add } = setUp();
  add(0, 3);
  expect(batches).toEqual([]);
  await clock.advance(50);
  expect(batches).toEqual([[0, 3]]);
  expect(clock.pendingCount()).toBe(0);
});

test('many entries are written in batches, one after the other', async () => {
  const { clock, batches, add } = setUp();
  add(0, 2_500);
  await clock.advance(50);
  expect(batches).toEqual([
    [0, 1_000],
    [1_000, 1_000],
    [2_000, 500],
  ]);
});

test('entries that come while the disk is busy wait, and go with the next batch', async () => {
  const { promise, resolve } = Promise.withResolvers<WriteResult>();
  let count = 0;
  const { clock, batches, add } = setUp(() => (count++ === 0 ? promise : 'written'));
  add(0, 1);
  await clock.advance(50);
  add(1, 5);
  await clock.advance(10_000);
  expect(batches).toEqual([[0, 1]]);
  resolve('written');
  await clock.advance(0);
  expect(batches).toEqual([
    [0, 1],
    [1, 5],
  ]);
});

test('what cannot be written now is tried again, and nothing of it is lost', async () => {
  let result: WriteResult = 'later';
  const { clock, batches, queue, add } = setUp(() => result);
  add(0, 2);
  await clock.advance(50);
  add(2, 1);
  await clock.advance(4_999);
  expect(batches).toEqual([[0, 2]]);
  result = 'written';
  await clock.advance(1);
  expect(batches).toEqual([
    [0, 2],
    [0, 3],
  ]);
  expect(queue.droppedCount()).toBe(0);
});

test('what can never be written is dropped and counted, and the rest goes on', async () => {
  let result: WriteResult = 'never';
  const { clock, batches, queue, add } = setUp(() => result);
  add(0, 2);
  await clock.advance(50);
  result = 'written';
  add(2, 1);
  await clock.advance(50);
  expect(batches.at(-1)).toEqual([2, 1]);
  expect(queue.droppedCount()).toBe(2);
});

test('while the disk takes nothing the queue grows to its bound, and beyond it the newest are dropped', async () => {
  let result: WriteResult = 'later';
  const { clock, batches, queue, add } = setUp(() => result);
  add(0, 25_000);
  await clock.advance(60_000);
  expect(queue.droppedCount()).toBe(5_000);
  result = 'written';
  await clock.advance(5_000);
  const written = batches.filter(([first]) => first > 0).reduce((sum, [, count]) => sum + count, 0);
  expect(written).toBe(19_000);
  expect(batches.at(-1)).toEqual([19_000, 1_000]);
});

test('draining writes what waits at once, takes nothing more, and counts what is left', async () => {
  const good = setUp();
  good.add(0, 3);
  await good.queue.drain();
  good.add(3, 1);
  expect(good.batches).toEqual([[0, 3]]);
  expect(good.queue.droppedCount()).toBe(1);
  expect(good.clock.pendingCount()).toBe(0);

  const bad = setUp(() => 'later');
  bad.add(0, 3);
  await bad.queue.drain();
  expect(bad.queue.droppedCount()).toBe(3);
  expect(bad.clock.pendingCount()).toBe(0);
});

test('a queue that gathers again writes full batches at once and waits with the rest', async () => {
  const clock = createFakeClock();
  const counts: number[] = [];
  const { promise, resolve } = Promise.withResolvers<WriteResult>();
  const queue = createEntryQueue<number>({
    clock,
    async write(entries) {
      counts.push(entries.length);
      return counts.length === 1 ? promise : 'written';
    },
    limits: { entriesMax: 100, sizeMax: 100, batchMax: 10, gatherMs: 250, regathers: true },
  });
  queue.add(1);
  await clock.advance(250);
  for (let index = 0; index < 13; index += 1) queue.add(index);
  resolve('written');
  await clock.advance(0);
  expect(counts).toEqual([1, 10]);
  await clock.advance(250);
  expect(counts).toEqual([1, 10, 3]);
  expect(clock.pendingCount()).toBe(0);
});

test('large entries fill a queue before many do, and make room when they are written', async () => {
  const clock = createFakeClock();
  const queue = createEntryQueue<string>({
    clock,
    write: async () => 'written',
    limits: { entriesMax: 100, sizeMax: 10, batchMax: 10, gatherMs: 50, regathers: false },
  });
  queue.add('a', 6);
  queue.add('b', 6);
  queue.add('c', 4);
  expect(queue.droppedCount()).toBe(1);
  await clock.advance(50);
  queue.add('d', 10);
  expect(queue.droppedCount()).toBe(1);
});
