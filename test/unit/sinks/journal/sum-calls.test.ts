import { expect, test } from 'vitest';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { encodeCall } from '../../../../src/sinks/journal/call-row.ts';
import type { WriteResult } from '../../../../src/sinks/journal/entry-queue.ts';
import { type CallSumRow, createCallSummer } from '../../../../src/sinks/journal/sum-calls.ts';
import { buildCall } from '../../../fakes/build-call.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { openInMemory } from './open-in-folder.ts';

const T = asEpochMs(Date.UTC(2026, 0, 1));
const SLOT_MS = 300_000;

function setUp({ perSecondMax = 0, results = [] as WriteResult[] } = {}) {
  const clock = createFakeClock();
  const written: (readonly CallSumRow[])[] = [];
  const summer = createCallSummer({
    clock,
    perSecondMax,
    async write(rows) {
      const result = results.shift() ?? 'written';
      if (result === 'written') written.push(rows);
      return result;
    },
  });
  /** @returns whether the call is not kept one by one */
  const take = (changes: Partial<CallRecord> = {}): boolean =>
    summer.take(buildCall({ startedAtMs: T, ...changes })) === 'summed_only';
  const callsOf = (rows: readonly CallSumRow[]): number =>
    rows.reduce((sum, { figures }) => sum + figures.calls, 0);
  const count = (): number => written.reduce((sum, rows) => sum + callsOf(rows), 0);
  return { clock, summer, take, written, count };
}

test('as many calls of a second as there is room for are kept one by one, and the rest is summed up', async () => {
  const { clock, take } = setUp({ perSecondMax: 3 });
  const summed = (): boolean[] => Array.from({ length: 6 }, () => take());
  expect(summed()).toEqual([false, false, false, true, true, true]);
  await clock.advance(1_000);
  expect(summed()).toEqual([false, false, false, true, true, true]);
});

test.each([
  'tool_error',
  'timeout',
  'client_error',
  'denied',
  'cancelled',
  'input_required',
] as const)('calls with the outcome %s are never summed up only', (outcome) => {
  const { take } = setUp();
  expect([take({ outcome }), take({ outcome }), take({ outcome })]).toEqual([false, false, false]);
});

test('one call of each tool, client and user in five minutes is kept, also if names look alike when joined', () => {
  const { take } = setUp();
  const callers: readonly Partial<CallRecord>[] = [
    { user: 'ada' },
    { user: 'bob' },
    { user: 'ada', target: 'other' },
    { user: 'ada', client: { name: 'cli', version: '1' } },
    { user: 'ada', server: 'other' },
    { server: 'ab', operation: 'c' },
    { server: 'a', operation: 'bc' },
  ];
  expect(callers.map(take)).toEqual(callers.map(() => false));
  expect(callers.map(take)).toEqual(callers.map(() => true));
  const later = { user: 'ada', startedAtMs: asEpochMs(T + SLOT_MS) };
  expect([take(later), take(later)]).toEqual([false, true]);
});

test('a few sums are written within a second, and nothing twice', async () => {
  const { clock, summer, take, written, count } = setUp();
  for (let index = 0; index < 6; index += 1) take({ durationMs: 7, costUsd: 0.5 });
  await clock.advance(999);
  expect(written).toEqual([]);
  await clock.advance(1);
  await summer.flush();
  expect(written).toMatchObject([
    [
      {
        atMs: T,
        server: 'files',
        figures: { calls: 6, durationMs: 42, costUsd: 3, lastAtMs: T },
        summedOnly: 5,
      },
    ],
  ]);
  await summer.flush();
  expect(written).toHaveLength(1);
  take();
  await summer.drain();
  expect(count()).toBe(7);
  expect(take()).toBe(false);
});

test.each([
  ['as long as they are many', 700, 7_000],
  ['at most half a minute', 10_000, 30_000],
])('many sums wait %s', async (_, users, waitMs) => {
  const { clock, take, written, count } = setUp();
  for (let index = 0; index < users; index += 1) take({ user: `user-${index}` });
  await clock.advance(waitMs - 1);
  expect(written).toEqual([]);
  await clock.advance(1);
  expect(count()).toBe(users);
});

test('sums wait for a disk that is full, and only those that can never be written are lost', async () => {
  const { clock, summer, take, count } = setUp({ results: ['later', 'later', 'written', 'never'] });
  for (let index = 0; index < 3; index += 1) take();
  await summer.flush();
  take();
  await clock.advance(5_000);
  expect([count(), summer.droppedCount()]).toEqual([0, 0]);
  await clock.advance(5_000);
  expect([count(), summer.droppedCount()]).toEqual([4, 0]);
  take();
  await summer.flush();
  expect([count(), summer.droppedCount()]).toEqual([4, 1]);
});

test('many sums are written in parts, of which only those that fail are lost', async () => {
  const { summer, take, count } = setUp({ results: ['written', 'later'] });
  for (let turn = 0; turn < 2; turn += 1)
    for (let index = 0; index < 2_500; index += 1) take({ user: `user-${index}` });
  await summer.drain();
  expect([count(), summer.droppedCount()]).toEqual([3_000, 1_000]);
});

test('sums that a closing journal cannot write are counted as lost', async () => {
  const { summer, take } = setUp({ results: ['later'] });
  for (let index = 0; index < 4; index += 1) take();
  await summer.drain();
  expect(summer.droppedCount()).toBe(3);
});

test('summaries and charts count calls that are only summed up like others, and pages of calls say how many they lack', async () => {
  const database = openInMemory();
  const { summer, take, written } = setUp();
  const call = buildCall({ startedAtMs: T, durationMs: 20, costUsd: 0.25, user: 'ada' });
  for (let index = 0; index < 10; index += 1)
    if (!take(call)) database.writeCalls([encodeCall(call, true)]);
  take({ direction: 'server_to_client' });
  take({ direction: 'server_to_client' });
  await summer.flush();
  for (const rows of written) database.writeSums(rows);

  const time = { fromMs: T, toMs: asEpochMs(T + 1_000) };
  expect(database.summarizeCalls({ by: 'user', ...time, limit: 10 })).toMatchObject([
    { key: 'ada', calls: 10, failures: 0, counted: 10, meanMs: 20, costUsd: 2.5, lastAtMs: T },
  ]);
  expect(database.chartCalls({ ...time, bucketMs: SLOT_MS })).toMatchObject([{ calls: 10 }]);
  expect(database.findCalls({ limit: 10 })).toMatchObject({ total: 1, summedOnly: 10 });
  expect(database.findCalls({ limit: 10, ...time })).toMatchObject({ summedOnly: 10 });
  const later = { fromMs: asEpochMs(T + SLOT_MS), limit: 10 };
  expect(database.findCalls(later)).not.toHaveProperty('summedOnly');
  expect(database.findCalls({ limit: 10, outcomes: ['timeout'] })).not.toHaveProperty('summedOnly');
});
