import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeCall } from '../../../../src/sinks/journal/call-row.ts';
import { noFigures } from '../../../../src/sinks/journal/call-sums.ts';
import type { CallSumRow } from '../../../../src/sinks/journal/sum-calls.ts';
import { buildCall } from '../../../fakes/build-call.ts';
import type { JournalEntry } from '../../../../src/sinks/journal/messages.ts';
import type { JournalDatabase } from '../../../../src/sinks/journal/open-database.ts';
import { ALERT_START_MS as T, buildAlert } from '../../../fakes/build-alert.ts';
import { openInFolder } from './open-in-folder.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const DAY_MS = 86_400_000;
const MEBIBYTE = 1024 * 1024;

function check(index: number, detail = 'Answered ping.'): JournalEntry {
  return {
    fact: 'check',
    atMs: asEpochMs(T + index * 1_000),
    server: `server-${index % 50}`,
    kind: 'steady',
    outcome: 'ok',
    detail,
    durationMs: 1,
    status: 'healthy',
  };
}

function writeChecks(database: JournalDatabase, count: number, detail?: string): void {
  for (let first = 0; first < count; first += 1_000)
    database.write(Array.from({ length: 1_000 }, (_, index) => check(first + index, detail)));
}

function pruneAll(database: JournalDatabase, nowMs: number): number {
  let steps = 1;
  while (database.prune(nowMs)) steps += 1;
  return steps;
}

test('what is older than it may be goes, and nothing else', () => {
  const { database } = openInFolder({ checksMs: 10 * DAY_MS, alertsMs: 20 * DAY_MS });
  const status = { fact: 'status', server: 's', from: 'a', to: 'b', reason: '' } as const;
  const action = { fact: 'action', kind: 'check', server: 's', by: '', text: '' } as const;
  database.write([
    check(0),
    { ...check(0), atMs: T + 11 * DAY_MS } as JournalEntry,
    { ...status, atMs: asEpochMs(T) },
    { ...status, atMs: asEpochMs(T + 11 * DAY_MS) },
    { ...action, atMs: asEpochMs(T) },
    { ...action, atMs: asEpochMs(T + 11 * DAY_MS) },
    buildAlert({ fingerprint: 'old', endsAtMs: asEpochMs(T + 1) }),
    buildAlert({
      fingerprint: 'young',
      startsAtMs: asEpochMs(T),
      endsAtMs: asEpochMs(T + 2 * DAY_MS),
    }),
  ]);
  pruneAll(database, T + 20.5 * DAY_MS);
  expect(database.stats().rows).toMatchObject({
    checks: 1,
    status_changes: 1,
    alerts: 1,
    actions: 1,
  });
  expect(database.findAlerts({ limit: 10 }).map(({ fingerprint }) => fingerprint)).toEqual([
    'young',
  ]);
});

test('an alert that still fires stays however old it is, until nothing is heard of it for as long', () => {
  const { database } = openInFolder({ alertsMs: 20 * DAY_MS });
  database.write([
    buildAlert({ fingerprint: 'told of', receivedAtMs: asEpochMs(T) }),
    buildAlert({ fingerprint: 'told of', receivedAtMs: asEpochMs(T + 30 * DAY_MS) }),
    buildAlert({ fingerprint: 'forgotten', receivedAtMs: asEpochMs(T) }),
  ]);
  pruneAll(database, T + 40 * DAY_MS);
  const [record, ...others] = database.findAlerts({ limit: 10 });
  expect(others).toEqual([]);
  expect(record).toMatchObject({ fingerprint: 'told of', notificationCount: 1 });
});

test('with an alert go its notifications and the notes on it', () => {
  const { database } = openInFolder({ alertsMs: DAY_MS });
  database.write([buildAlert({ endsAtMs: asEpochMs(T + 1) })]);
  const note = { fact: 'action', kind: 'note', server: 's', by: '', text: '' } as const;
  database.saveNote({ ...note, alertId: 1, atMs: asEpochMs(T + 5 * DAY_MS) });
  expect(database.stats().rows.actions).toBe(1);
  pruneAll(database, T + 5 * DAY_MS);
  expect(database.stats().rows).toMatchObject({ alerts: 0, actions: 0 });
});

test('an id is never used again, so that an address never shows another alert', () => {
  const { database } = openInFolder({ alertsMs: DAY_MS });
  database.write([buildAlert({ endsAtMs: asEpochMs(T + 1) })]);
  pruneAll(database, T + 5 * DAY_MS);
  database.write([buildAlert({ startsAtMs: asEpochMs(T + 5 * DAY_MS) })]);
  expect(database.findAlerts({ limit: 1 })[0]?.id).toBe(2);
});

test('many old rows go in small steps, and the file gives the room back to the disk', () => {
  const { database, path } = openInFolder({ checksMs: DAY_MS });
  writeChecks(database, 40_000);
  pruneAll(database, T);
  const before = statSync(path).size;
  const steps = pruneAll(database, T + 30 * DAY_MS);
  expect(steps).toBeGreaterThan(8);
  expect(database.stats().rows.checks).toBe(0);
  expect(before).toBeGreaterThan(4 * MEBIBYTE);
  expect(statSync(path).size).toBeLessThan(before / 10);
  expect(statSync(`${path}-wal`).size).toBe(0);
});

test('the files stay within their size whatever is written, and what is dear stays longest', () => {
  const bytesMax = 24 * MEBIBYTE;
  const { database, path } = openInFolder({ bytesMax });
  database.write([
    buildAlert(),
    { fact: 'status', atMs: asEpochMs(T), server: 's', from: 'a', to: 'b', reason: '' },
  ]);
  let most = 0;
  for (let round = 0; round < 40; round += 1) {
    writeChecks(database, 2_000, 'x'.repeat(500));
    most = Math.max(most, statSync(path).size + statSync(`${path}-wal`).size);
  }
  expect(most).toBeGreaterThan(bytesMax / 2);
  expect(most).toBeLessThanOrEqual(bytesMax);
  expect(database.stats().sizeBytes).toBeLessThanOrEqual(bytesMax);
  const { checks, ...others } = database.stats().rows;
  expect(checks).toBeGreaterThan(10_000);
  expect(checks).toBeLessThan(80_000);
  expect(others).toMatchObject({ status_changes: 1, alerts: 1, actions: 0 });
});

test('sums of calls with ever new names displace neither calls nor checks', () => {
  const bytesMax = 18 * MEBIBYTE;
  const { database, path } = openInFolder({ bytesMax });
  const sum = (round: number, index: number): CallSumRow => ({
    atMs: T + round * 300_000,
    isFromServer: false,
    server: 's',
    operation: 'tools/call',
    target: 'echo',
    client: null,
    user: `user-${index}`,
    outcome: 'success',
    errorType: null,
    figures: { ...noFigures(), calls: 1 },
    summedOnly: 0,
  });
  writeChecks(database, 2_000);
  database.writeCalls(Array.from({ length: 2_000 }, () => encodeCall(buildCall(), true)));
  let most = 0;
  for (let round = 0; round < 60; round += 1) {
    database.writeSums(Array.from({ length: 4_000 }, (_, index) => sum(round, index)));
    most = Math.max(most, statSync(path).size + statSync(`${path}-wal`).size);
  }
  expect(most).toBeGreaterThan(bytesMax / 2);
  expect(most).toBeLessThanOrEqual(bytesMax);
  expect(database.stats().rows).toMatchObject({ checks: 2_000, calls: 2_000 });
});

test('where only alerts are left, those that are over go first', () => {
  const { database } = openInFolder({ bytesMax: 2 * MEBIBYTE });
  const annotations = { description: 'x'.repeat(4_000) };
  database.write([buildAlert({ fingerprint: 'firing', annotations })]);
  for (let round = 0; round < 10; round += 1) {
    database.write(
      Array.from({ length: 100 }, (_, index) =>
        buildAlert({ fingerprint: `${round}-${index}`, annotations, endsAtMs: asEpochMs(T + 1) }),
      ),
    );
  }
  expect(database.stats().rows.alerts).toBeLessThan(600);
  expect(database.findAlerts({ state: 'firing', limit: 10 })).toHaveLength(1);
});

test('a smaller size than before is reached by tidying up', () => {
  const { database, path } = openInFolder();
  writeChecks(database, 30_000, 'x'.repeat(500));
  database.close();
  const before = statSync(path).size;
  const bytesMax = 10 * MEBIBYTE;
  expect(before).toBeGreaterThan(bytesMax);
  const again = openInFolder({ bytesMax }, path).database;
  pruneAll(again, T);
  expect(statSync(path).size).toBeLessThanOrEqual(bytesMax);
});

test('the rows that are told are the rows that are there', () => {
  const { database, path } = openInFolder({ checksMs: DAY_MS });
  writeChecks(database, 3_000);
  database.write([buildAlert(), buildAlert({ fingerprint: 'b' }), buildAlert()]);
  const told = database.stats().rows;
  pruneAll(database, T + DAY_MS + 1_000_000);
  const pruned = database.stats().rows;
  database.close();
  expect(told).toMatchObject({ checks: 3_000, status_changes: 0, alerts: 2, actions: 0 });
  expect(pruned.checks).toBe(2_000);
  expect(openInFolder({}, path).database.stats().rows).toEqual(pruned);
});

test('checks are thinned by age: all for three days, one in five minutes for two weeks, then none, and every status change stays', () => {
  const { database } = openInFolder({ checksMs: 30 * DAY_MS });
  const minute = (index: number, outcome = 'ok'): JournalEntry =>
    ({ ...check(0), server: 's', outcome, atMs: T + index * 60_000 }) as JournalEntry;
  // A failure in the third five minutes, and another server.
  database.write([
    ...Array.from({ length: 20 }, (_, index) => minute(index)),
    minute(12, 'timeout'),
    minute(13, 'timeout'),
    { ...minute(12), server: 'other' } as JournalEntry,
    { fact: 'status', atMs: asEpochMs(T), server: 's', from: 'a', to: 'b', reason: '' },
  ]);
  const kept = (): readonly string[] =>
    database
      .findServerLog({ server: 's', facts: ['check'], limit: 100 })
      .entries.map((entry) =>
        entry.fact === 'check' ? `${(entry.atMs - T) / 60_000} ${entry.outcome}` : '',
      );
  pruneAll(database, T + 3 * DAY_MS);
  expect(kept()).toHaveLength(22);
  // Only what is older than three days.
  pruneAll(database, T + 3 * DAY_MS + 10 * 60_000);
  expect(kept()).toHaveLength(14);
  pruneAll(database, T + 4 * DAY_MS);
  expect(kept()).toEqual(['15 ok', '12 timeout', '10 ok', '5 ok', '0 ok']);
  expect(database.stats().rows.checks).toBe(6);
  pruneAll(database, T + 15 * DAY_MS);
  expect(kept()).toEqual([]);
  expect(database.stats().rows).toMatchObject({ checks: 0, status_changes: 1 });
  // Later checks are thinned as well.
  database.write(Array.from({ length: 10 }, (_, index) => minute(20_000 + index)));
  pruneAll(database, T + 20 * DAY_MS);
  expect(kept()).toEqual(['20005 ok', '20000 ok']);
});
