import { expect, test } from 'vitest';
import type { AlertFilter } from '../../../../src/facts/ports/alert-store.ts';
import type { JournalEntry } from '../../../../src/sinks/journal/messages.ts';
import type { JournalDatabase } from '../../../../src/sinks/journal/open-database.ts';
import type { ServerLogFilter } from '../../../../src/facts/server-log.ts';
import { ALERT_START_MS as T, buildAlert } from '../../../fakes/build-alert.ts';
import { openInFolder } from './open-in-folder.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const HOUR_MS = 3_600_000;

/** Four alerts: over, over with the other name, firing, and firing of another server. */
function fourAlerts(): JournalDatabase {
  const { database } = openInFolder();
  database.write([
    buildAlert({ fingerprint: '1', endsAtMs: asEpochMs(T + HOUR_MS) }),
    buildAlert({
      fingerprint: '2',
      alertname: 'HighErrorRate',
      startsAtMs: asEpochMs(T + 2 * HOUR_MS),
      endsAtMs: asEpochMs(T + 3 * HOUR_MS),
    }),
    buildAlert({ fingerprint: '3', startsAtMs: asEpochMs(T + 4 * HOUR_MS) }),
    buildAlert({
      fingerprint: '4',
      startsAtMs: asEpochMs(T + 5 * HOUR_MS),
      labels: { server: 'files' },
    }),
  ]);
  return database;
}

test.each<[string, Partial<AlertFilter>, number[]]>([
  ['everything, newest first', {}, [4, 3, 2, 1]],
  ['what fires', { state: 'firing' }, [4, 3]],
  ['what is over', { state: 'resolved' }, [2, 1]],
  ['one name', { alertname: 'HighErrorRate' }, [2]],
  ['one server', { server: 'files' }, [4]],
  ['one id', { id: 3 }, [3]],
  ['what was on after a moment', { fromMs: asEpochMs(T + 2.5 * HOUR_MS) }, [4, 3, 2]],
  ['what was on before a moment', { toMs: asEpochMs(T + 2.5 * HOUR_MS) }, [2, 1]],
  [
    'what was on at a moment',
    { fromMs: asEpochMs(T + 2.5 * HOUR_MS), toMs: asEpochMs(T + 2.5 * HOUR_MS) },
    [2],
  ],
  ['what comes after a page', { before: 3 }, [2, 1]],
  ['a page of two', { limit: 2 }, [4, 3]],
  ['several at once', { state: 'firing', server: 'search', limit: 5 }, [3]],
  ['nothing', { alertname: "x' OR 1 = 1 --" }, []],
])('%s is found', (_what, filter, ids) => {
  const found = fourAlerts().findAlerts({ limit: 100, ...filter });
  expect(found.map(({ id }) => id)).toEqual(ids);
});

/** A check every second and a change and an action every ten, of which some are at the same moment. */
function busyServer(): JournalDatabase {
  const { database } = openInFolder();
  const entries: JournalEntry[] = [];
  for (let second = 0; second < 60; second += 1) {
    const atMs = T + second * 1_000;
    const isDown = second >= 40;
    entries.push({
      fact: 'check',
      atMs: asEpochMs(atMs),
      server: 'search',
      kind: 'steady',
      outcome: isDown ? 'refused' : 'ok',
      detail: isDown ? 'Nothing accepts 100% of connections.' : 'Answered ping.',
      durationMs: 1.5,
      status: isDown ? 'offline' : 'healthy',
    });
    if (second % 10 !== 0) continue;
    entries.push(
      {
        fact: 'status',
        atMs: asEpochMs(atMs),
        server: 'search',
        from: 'healthy',
        to: isDown ? 'offline' : 'warning',
        reason: `second ${second}`,
      },
      {
        fact: 'action',
        atMs: asEpochMs(atMs),
        server: 'search',
        kind: 'check',
        by: 'ada',
        text: `at ${second}`,
      },
      {
        fact: 'action',
        atMs: asEpochMs(atMs),
        server: 'files',
        kind: 'check',
        by: 'ada',
        text: 'another server',
      },
    );
  }
  database.write(entries);
  return database;
}

function countsOf(filter: Partial<ServerLogFilter>): Record<string, number> {
  const { entries } = busyServer().findServerLog({ server: 'search', limit: 1_000, ...filter });
  const counts = { check: 0, status: 0, action: 0 };
  for (const { fact } of entries) counts[fact] += 1;
  return counts;
}

test.each<[string, Partial<ServerLogFilter>, Record<string, number>]>([
  ['everything', {}, { check: 60, status: 6, action: 6 }],
  ['one kind', { facts: ['status'] }, { check: 0, status: 6, action: 0 }],
  ['two kinds', { facts: ['status', 'action'] }, { check: 0, status: 6, action: 6 }],
  ['a status', { statuses: ['offline'] }, { check: 20, status: 2, action: 0 }],
  ['several', { statuses: ['offline', 'warning'] }, { check: 20, status: 6, action: 0 }],
  ['what failed', { onlyFailedChecks: true }, { check: 20, status: 6, action: 6 }],
  ['a text of any kind', { search: 'SECOND 4' }, { check: 0, status: 1, action: 0 }],
  ['a text with a wildcard as it is', { search: '100%' }, { check: 20, status: 0, action: 0 }],
  ['a wildcard alone', { search: '_' }, { check: 0, status: 0, action: 0 }],
  [
    'a time',
    { fromMs: asEpochMs(T + 10_000), toMs: asEpochMs(T + 20_000) },
    { check: 11, status: 2, action: 2 },
  ],
  ['another server', { server: 'files' }, { check: 0, status: 0, action: 6 }],
  ['nobody', { server: "' OR 1=1 --" }, { check: 0, status: 0, action: 0 }],
])('of a log %s is found', (_what, filter, counts) => {
  expect(countsOf(filter)).toEqual(counts);
});

test('a log is read page by page, newest first, with nothing twice and nothing left out', () => {
  const database = busyServer();
  const whole = database.findServerLog({ server: 'search', limit: 1_000 });
  const read = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 100; pages += 1) {
    const page = database.findServerLog({
      server: 'search',
      limit: 7,
      ...(cursor === undefined ? {} : { cursor }),
    });
    read.push(...page.entries);
    cursor = page.next;
    if (cursor === undefined) break;
  }
  expect(whole.entries).toHaveLength(72);
  expect(whole.next).toBeUndefined();
  expect(read).toEqual(whole.entries);
  expect(read.map(({ atMs }) => atMs)).toEqual(
    read.map(({ atMs }) => atMs).toSorted((a, b) => b - a),
  );
});

test('entries come back as they were written', () => {
  const database = busyServer();
  const { entries } = database.findServerLog({
    server: 'search',
    limit: 4,
    fromMs: asEpochMs(T + 50_000),
  });
  expect(entries.at(0)).toMatchObject({ fact: 'check', atMs: T + 59_000 });
  const last = database.findServerLog({
    server: 'search',
    limit: 3,
    toMs: asEpochMs(T + 50_000),
  }).entries;
  expect(last).toMatchObject([
    { fact: 'action', atMs: T + 50_000, server: 'search', kind: 'check', by: 'ada', text: 'at 50' },
    {
      fact: 'status',
      atMs: T + 50_000,
      server: 'search',
      from: 'healthy',
      to: 'offline',
      reason: 'second 50',
    },
    {
      fact: 'check',
      atMs: T + 50_000,
      server: 'search',
      kind: 'steady',
      outcome: 'refused',
      detail: 'Nothing accepts 100% of connections.',
      durationMs: 1.5,
      status: 'offline',
    },
  ]);
  expect(new Set(last.map(({ id }) => id)).size).toBe(3);
});

test('checks are counted by time, with durations of steady checks that succeeded', () => {
  const { database } = openInFolder();
  const check = (second: number, changes: Partial<Extract<JournalEntry, { fact: 'check' }>>) =>
    ({
      fact: 'check',
      atMs: asEpochMs(T + second * 1_000),
      server: 'search',
      kind: 'steady',
      outcome: 'ok',
      detail: '',
      durationMs: 10,
      status: 'healthy',
      ...changes,
    }) as const;
  database.write([
    check(0, { durationMs: 10 }),
    check(20, { durationMs: 30 }),
    check(30, { durationMs: 900, kind: 'deep' }),
    check(59, { durationMs: 5_000, outcome: 'timeout' }),
    check(61, { durationMs: 5_000, outcome: 'timeout' }),
    check(70, { server: 'files' }),
    check(180, {}),
  ]);
  const filter = { server: 'search', fromMs: asEpochMs(T), toMs: asEpochMs(T + 180_000) };
  expect(database.chartChecks({ ...filter, bucketMs: 60_000 })).toEqual([
    { atMs: T, checks: 4, failures: 1, meanMs: 20, maxMs: 30 },
    { atMs: T + 60_000, checks: 1, failures: 1 },
  ]);
  expect(database.chartChecks({ ...filter, bucketMs: 60_000, server: "x' OR 1" })).toEqual([]);
});
