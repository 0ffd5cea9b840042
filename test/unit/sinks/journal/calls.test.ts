import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CALLS_EXAMINED_MAX, type CallFilter } from '../../../../src/facts/call-log.ts';
import type { CallRecord } from '../../../../src/facts/call-record.ts';
import { asEpochMs, later } from '../../../../src/facts/time.ts';
import { encodeCall } from '../../../../src/sinks/journal/call-row.ts';
import type { JournalDatabase } from '../../../../src/sinks/journal/open-database.ts';
import { buildCall } from '../../../fakes/build-call.ts';
import { openInFolder, openInMemory } from './open-in-folder.ts';

const T = asEpochMs(Date.UTC(2026, 0, 1));
const SECOND = 1_000;
const DAY_MS = 86_400_000;

function write(database: JournalDatabase, calls: readonly Partial<CallRecord>[]): void {
  database.writeCalls(calls.map((call) => encodeCall(buildCall(call))));
}

function at(seconds: number): { readonly startedAtMs: CallRecord['startedAtMs'] } {
  return { startedAtMs: later(T, seconds * SECOND) };
}

test('a call comes back as it was', () => {
  const database = openInMemory();
  write(database, [
    {
      outcome: 'rpc_error',
      status: 500,
      errorType: 'internal_error',
      rpcCode: -32_603,
      errorMessage: 'broke',
      tokens: { input: 12, output: 34.5, source: 'reported' },
      costUsd: 0.25,
      argumentsText: '{"path":"/tmp"}',
    },
  ]);
  expect(database.findCalls({ limit: 10 })).toEqual({
    entries: [
      {
        id: 1,
        atMs: T,
        durationMs: 12.5,
        server: 'files',
        direction: 'client_to_server',
        transport: 'http',
        operation: 'tools/call',
        target: 'read_file',
        requestId: '7',
        session: 'session-1',
        client: { name: 'editor', version: '1.2.3' },
        user: 'alice',
        protocolVersion: '2025-11-25',
        outcome: 'rpc_error',
        status: 500,
        errorType: 'internal_error',
        rpcCode: -32_603,
        errorMessage: 'broke',
        errorGroupId: 1,
        argumentsText: '{"path":"/tmp"}',
        requestBytes: 120,
        responseBytes: 4_000,
        tokens: { input: 12, output: 34.5, source: 'reported' },
        costUsd: 0.25,
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
      },
    ],
    total: 1,
    isTotalExact: true,
  });
});

test('what is unknown of a call is absent', () => {
  const database = openInMemory();
  const {
    session: _s,
    client: _c,
    user: _u,
    target: _t,
    protocolVersion: _p,
    ...call
  } = buildCall();
  database.writeCalls([encodeCall({ ...call, direction: 'server_to_client' })]);
  const [entry] = database.findCalls({ limit: 1 }).entries;
  expect(entry).toMatchObject({ direction: 'server_to_client' });
  for (const field of [
    'session',
    'client',
    'user',
    'target',
    'protocolVersion',
    'tokens',
    'costUsd',
  ])
    expect(entry).not.toHaveProperty(field);
});

test('texts from outside are shortened', () => {
  const database = openInMemory();
  const long = 'x'.repeat(100_000);
  write(database, [{ target: long, outcome: 'tool_error', errorMessage: long, errorStack: long }]);
  const [entry] = database.findCalls({ limit: 1 }).entries;
  expect(entry?.target).toHaveLength(256);
  expect(entry?.errorMessage).toHaveLength(1_024);
  const [group] = database.findErrors({ limit: 1, samples: 1 }).groups;
  expect(group?.samples[0]?.stack).toHaveLength(8_192);
});

/** One a second: ten of each of two servers in turn. */
function twentyCalls(): JournalDatabase {
  const database = openInMemory();
  const calls = Array.from({ length: 20 }, (_, second): Partial<CallRecord> => {
    const isOdd = second % 2 === 1;
    return {
      ...at(second),
      server: isOdd ? 'search' : 'files',
      target: second < 10 ? 'read_file' : 'find',
      user: second < 5 ? 'ada' : 'alice',
      client: { name: second >= 15 ? 'agent' : 'editor', version: '1' },
      session: `session-${second % 4}`,
      requestId: String(second),
      operation: second === 19 ? 'tools/list' : 'tools/call',
      trace: { traceId: String(second).padStart(32, '0'), spanId: '1'.repeat(16), sampled: true },
      ...(second % 5 === 0 && {
        outcome: 'tool_error',
        errorType: 'tool_error',
        errorMessage: second === 10 ? '100% of disk_full' : 'no such file',
      }),
    };
  });
  write(database, calls);
  return database;
}

const atS = (seconds: number) => later(T, seconds * SECOND);

test.each<[string, Partial<CallFilter>, number[]]>([
  [
    'everything, newest first',
    {},
    [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  ],
  ['one server', { server: 'search', fromMs: atS(15) }, [19, 17, 15]],
  ['an unknown server', { server: 'none' }, []],
  ['failures', { outcomes: ['tool_error'] }, [15, 10, 5, 0]],
  ['failures of a server', { outcomes: ['tool_error', 'timeout'], server: 'search' }, [15, 5]],
  ['failures and successes', { outcomes: ['tool_error', 'success'], fromMs: atS(18) }, [19, 18]],
  ['a user', { user: 'ada' }, [4, 3, 2, 1, 0]],
  ['a user at a server', { user: 'ada', server: 'search' }, [3, 1]],
  ['a client', { client: 'agent' }, [19, 18, 17, 16, 15]],
  ['failures of a client', { client: 'agent', outcomes: ['tool_error'] }, [15]],
  ['a tool', { target: 'find', toMs: atS(12) }, [12, 11, 10]],
  ['a method', { operation: 'tools/list' }, [19]],
  ['a session', { session: 'session-3' }, [19, 15, 11, 7, 3]],
  ['a trace', { traceId: '7'.padStart(32, '0') }, [7]],
  ['a group of errors', { errorGroupId: 1 }, [0]],
  ['a group of errors in a time', { errorGroupId: 4, fromMs: atS(6) }, [15]],
  ['a time', { fromMs: atS(3), toMs: atS(5) }, [5, 4, 3]],
  ['part of a message', { search: 'SUCH file', outcomes: ['tool_error'] }, [15, 5, 0]],
  ['special characters', { search: '0% of disk_f' }, [10]],
  ['part of a tool', { search: 'read_', fromMs: atS(8) }, [9, 8]],
  ['part of a method', { search: 'tools/l' }, [19]],
  ['a few', { limit: 2 }, [19, 18]],
])('%s is found and counted', (_what, filter, seconds) => {
  const database = twentyCalls();
  const { entries, total, isTotalExact } = database.findCalls({ limit: 100, ...filter });
  expect(entries.map(({ requestId }) => Number(requestId))).toEqual(seconds);
  expect(total).toBe(filter.limit === undefined ? seconds.length : 20);
  expect(isTotalExact).toBe(true);
});

test.each<[string, Partial<CallFilter>]>([
  ['everything', {}],
  ['one server', { server: 'files' }],
  ['failures', { outcomes: ['tool_error'] }],
  ['a search', { search: 'find' }],
])('the pages of %s hold every call once', (_what, filter) => {
  const database = twentyCalls();
  const all = database.findCalls({ ...filter, limit: 100 }).entries.map(({ id }) => id);
  const paged: number[] = [];
  let cursor: string | undefined;
  do {
    const page = database.findCalls({
      ...filter,
      limit: 3,
      ...(cursor !== undefined && { cursor }),
    });
    paged.push(...page.entries.map(({ id }) => id));
    expect(page.total).toBe(all.length);
    cursor = page.next;
  } while (cursor !== undefined);
  expect(paged).toEqual(all);
});

test('a search ends after as many calls as a page may examine, and goes on with the next page', () => {
  const database = openInMemory();
  const count = CALLS_EXAMINED_MAX + 100;
  for (let first = 0; first < count; first += 1_010)
    write(
      database,
      Array.from({ length: 1_010 }, (_, index) => ({
        ...at(first + index),
        ...(first + index === 50 && { target: 'needle' }),
      })),
    );
  const first = database.findCalls({ search: 'needle', limit: 10 });
  expect(first).toMatchObject({ entries: [], total: 0, isTotalExact: false });
  const second = database.findCalls({ search: 'needle', limit: 10, cursor: first.next ?? '' });
  expect(second.entries.map(({ target }) => target)).toEqual(['needle']);
  expect(second.next).toBeUndefined();
  const all = database.findCalls({ limit: 500 });
  expect(all).toMatchObject({ total: CALLS_EXAMINED_MAX, isTotalExact: false });
});

test('errors that look the same are one group with its count and its newest samples', () => {
  const database = openInMemory();
  for (let batch = 0; batch < 3; batch += 1)
    write(
      database,
      Array.from({ length: 8 }, (_, index) => ({
        ...at(batch * 8 + index),
        outcome: 'tool_error',
        errorType: 'tool_error',
        errorMessage: `row ${batch * 8 + index} not found`,
        errorStack: 'at f (a.js:1)',
      })),
    );
  write(database, [
    { ...at(100), outcome: 'client_error', errorType: 'invalid_params', rpcCode: -32_602 },
    { ...at(101), outcome: 'denied', errorType: 'unauthorized' },
    { ...at(102) },
  ]);
  const { groups, total } = database.findErrors({ limit: 10, samples: 10 });
  expect(total).toBe(2);
  expect(groups[0]).toMatchObject({ outcome: 'client_error', message: '', count: 1 });
  expect(groups[1]).toMatchObject({
    id: 1,
    server: 'files',
    operation: 'tools/call',
    target: 'read_file',
    outcome: 'tool_error',
    errorType: 'tool_error',
    message: 'row 23 not found',
    pattern: 'row <n> not found',
    count: 24,
    firstAtMs: T,
    lastAtMs: T + 23 * SECOND,
  });
  expect(groups[1]?.samples.map(({ message }) => message)).toEqual(
    Array.from({ length: 10 }, (_, index) => `row ${23 - index} not found`),
  );
  expect(groups[1]?.samples[0]).toEqual({
    atMs: T + 23 * SECOND,
    message: 'row 23 not found',
    stack: 'at f (a.js:1)',
    durationMs: 12.5,
    client: { name: 'editor', version: '1.2.3' },
    user: 'alice',
    session: 'session-1',
    requestId: '7',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  });
  const window = { fromMs: atS(4), toMs: atS(9), limit: 10, samples: 0 };
  expect(database.findErrors(window).groups).toMatchObject([{ id: 1, countInWindow: 6 }]);
  expect(database.findErrors({ pattern: 'row <n> not found', limit: 10, samples: 1 }).total).toBe(
    1,
  );
  expect(database.findErrors({ search: 'ROW', server: 'files', limit: 10, samples: 1 }).total).toBe(
    1,
  );
  expect(database.findErrors({ outcomes: ['timeout'], limit: 10, samples: 1 }).total).toBe(0);
});

test('a group that was quiet in a window is not in it', () => {
  const database = openInMemory();
  const error = { outcome: 'timeout', errorType: 'timeout' } as const;
  write(database, [
    { ...error, ...at(0) },
    { ...error, ...at(100) },
  ]);
  const filter = { limit: 10, samples: 0 };
  expect(database.findErrors({ ...filter, fromMs: atS(50), toMs: atS(60) }).groups).toEqual([]);
  expect(database.findErrors({ ...filter, fromMs: atS(50), toMs: atS(100) }).groups).toHaveLength(
    1,
  );
});

test('without calls, errors are kept all the same', () => {
  const database = openInMemory();
  const rows = [buildCall({ outcome: 'timeout' }), buildCall()].map((call) => encodeCall(call));
  database.writeCalls(rows, true);
  expect(database.findErrors({ limit: 10, samples: 1 }).groups).toMatchObject([{ count: 1 }]);
  expect(database.findCalls({ limit: 10 }).total).toBe(0);
  expect(database.summarizeCalls({ by: 'server', fromMs: T, toMs: T, limit: 9 })).toEqual([]);
  expect(database.stats().rows).toMatchObject({ calls: 0, errors: 1 });
});

test('calls are summed up by what they have in common', () => {
  const database = twentyCalls();
  const filter = { fromMs: T, toMs: atS(60), limit: 10 };
  const servers = database.summarizeCalls({ ...filter, by: 'server' });
  expect(servers).toHaveLength(2);
  expect(servers).toContainEqual({
    key: 'files',
    server: 'files',
    calls: 10,
    failures: 2,
    counted: 10,
    meanMs: 12.5,
    p50Ms: 17.5,
    p95Ms: 24.25,
    p99Ms: 24.85,
    users: 2,
    tokens: 0,
    costUsd: 0,
    lastAtMs: T + 18 * SECOND,
  });
  const tools = database.summarizeCalls({ ...filter, by: 'target', server: 'search' });
  expect(tools.map(({ key, calls }) => [key, calls])).toEqual([
    ['read_file', 5],
    ['find', 4],
  ]);
  expect(database.summarizeCalls({ ...filter, by: 'user', operation: 'tools/call' })).toMatchObject(
    [
      { key: 'alice', calls: 14 },
      { key: 'ada', calls: 5 },
    ],
  );
  expect(database.summarizeCalls({ ...filter, by: 'error_type' })).toMatchObject([
    { key: 'tool_error', server: 'files', calls: 2, failures: 2 },
    { key: 'tool_error', server: 'search', calls: 2, failures: 2 },
  ]);
  expect(database.summarizeCalls({ ...filter, by: 'client', limit: 1 })).toMatchObject([
    { key: 'editor', calls: 15 },
  ]);
});

test('tokens and costs add up, and calls that were refused have no duration', () => {
  const database = openInMemory();
  const tokens = { input: 10, output: 20, source: 'estimated' } as const;
  write(database, [
    { tokens, costUsd: 0.5, durationMs: 100 },
    { tokens, costUsd: 0.25, durationMs: 300 },
    { outcome: 'denied', durationMs: 90_000 },
    { direction: 'server_to_client', durationMs: 90_000 },
  ]);
  expect(database.summarizeCalls({ by: 'server', fromMs: T, toMs: T, limit: 1 })).toMatchObject([
    { calls: 3, counted: 2, tokens: 60, costUsd: 0.75, meanMs: 200, p99Ms: expect.any(Number) },
  ]);
});

test('a chart has a point for each bucket with calls', () => {
  const database = openInMemory();
  write(database, [at(0), at(10), { ...at(310), outcome: 'timeout' }, at(1_000)]);
  const filter = { fromMs: T, toMs: atS(2_000) };
  expect(database.chartCalls({ ...filter, bucketMs: 300_000 })).toMatchObject([
    { atMs: T, calls: 2, failures: 0, meanMs: 12.5 },
    { atMs: T + 300_000, calls: 1, failures: 1 },
    { atMs: T + 900_000, calls: 1, failures: 0 },
  ]);
  expect(database.chartCalls({ ...filter, bucketMs: 900_000, server: 'files' })).toMatchObject([
    { atMs: T, calls: 3, failures: 1 },
    { atMs: T + 900_000, calls: 1, failures: 0 },
  ]);
  expect(database.chartCalls({ ...filter, bucketMs: 900_000, server: 'none' })).toEqual([]);
});

test('calls and errors expire, and texts with the last call that has them', () => {
  const { database } = openInFolder({ callsMs: 10 * DAY_MS, errorsMs: 20 * DAY_MS });
  const error = { outcome: 'timeout', errorType: 'timeout' } as const;
  write(database, [
    { ...at(0), user: 'old', ...error, server: 'gone' },
    { ...at(0), user: 'both' },
    { startedAtMs: later(T, 9 * DAY_MS), user: 'both', ...error },
  ]);
  while (database.prune(T + 12 * DAY_MS));
  expect(database.findCalls({ limit: 10 }).entries).toMatchObject([{ user: 'both' }]);
  expect(database.stats().rows).toMatchObject({ calls: 1, errors: 2 });
  expect(
    database.summarizeCalls({ by: 'user', fromMs: T, toMs: later(T, 20 * DAY_MS), limit: 9 }),
  ).toMatchObject([{ key: 'both', calls: 1 }]);
  while (database.prune(T + 25 * DAY_MS));
  expect(database.stats().rows).toMatchObject({ calls: 0, errors: 1 });
  expect(database.findErrors({ limit: 9, samples: 9 }).groups).toMatchObject([
    { server: 'files', samples: [{ message: '' }] },
  ]);
  // A text that was deleted is kept again when it is used again.
  write(database, [{ startedAtMs: later(T, 25 * DAY_MS), user: 'old' }]);
  expect(database.findCalls({ user: 'old', limit: 9 }).entries).toMatchObject([{ user: 'old' }]);
});

test('calls make room for themselves, not checks', () => {
  const bytesMax = 32 * 1024 * 1024;
  const { database, path } = openInFolder({ bytesMax });
  const check = {
    fact: 'check',
    atMs: T,
    server: 's',
    kind: 'steady',
    outcome: 'ok',
    detail: '',
    durationMs: 1,
    status: 'healthy',
  } as const;
  database.write(Array.from({ length: 1_000 }, () => check));
  const argumentsText = 'x'.repeat(20_000);
  for (let batch = 0; batch < 20; batch += 1)
    write(
      database,
      Array.from({ length: 100 }, (_, index) => ({ ...at(index), argumentsText })),
    );
  const { checks, calls } = database.stats().rows;
  expect(checks).toBe(1_000);
  expect(calls).toBeLessThan(1_600);
  expect(statSync(path).size).toBeLessThanOrEqual(bytesMax);
});

test('a batch that cannot be written leaves nothing behind', () => {
  const { database } = openInFolder();
  const good = encodeCall(buildCall({ user: 'new', outcome: 'timeout' }));
  const bad = good.with(7, null) as never;
  expect(() => database.writeCalls([good, bad])).toThrow(/NOT NULL/);
  expect(database.stats().rows).toMatchObject({ calls: 0, errors: 0 });
  database.writeCalls([good]);
  expect(database.findCalls({ user: 'new', limit: 9 }).entries).toHaveLength(1);
  expect(database.findErrors({ limit: 9, samples: 9 }).groups).toMatchObject([{ count: 1 }]);
});
