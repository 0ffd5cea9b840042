import { expect, test } from 'vitest';
import type { AlertEvent } from '../../../../src/facts/alert-event.ts';
import { ALERT_START_MS as T, buildAlert } from '../../../fakes/build-alert.ts';
import { openInFolder } from './open-in-folder.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';

const MINUTE_MS = 60_000;

function historyOf(...events: readonly AlertEvent[]) {
  const { database } = openInFolder();
  for (const event of events) database.write([event]);
  return database.findAlerts({ limit: 100 });
}

test('an alert that fires is open, with everything that was told of it', () => {
  expect(historyOf(buildAlert({ value: 0.5 }))).toEqual([
    {
      id: 1,
      fingerprint: 'f00d',
      alertname: 'McpServerOffline',
      server: 'search',
      gateway: 'exporter:19110',
      severity: 'critical',
      summary: 'An MCP server is offline',
      description: 'search does not answer.',
      labels: buildAlert().labels,
      annotations: buildAlert().annotations,
      startsAtMs: T,
      isEndInferred: false,
      value: 0.5,
      notificationCount: 1,
      notifications: [{ atMs: T + 10_000, status: 'firing', receiver: 'history' }],
      actions: [],
    },
  ]);
});

test('repeated notifications and the resolution belong to one record', () => {
  const records = historyOf(
    buildAlert(),
    buildAlert({ receivedAtMs: asEpochMs(T + MINUTE_MS) }),
    buildAlert({
      endsAtMs: asEpochMs(T + 2 * MINUTE_MS),
      receivedAtMs: asEpochMs(T + 3 * MINUTE_MS),
    }),
  );
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    startsAtMs: T,
    endsAtMs: T + 2 * MINUTE_MS,
    isEndInferred: false,
    notificationCount: 3,
    notifications: [{ status: 'firing' }, { status: 'firing' }, { status: 'resolved' }],
  });
});

test('the last addresses of the rule and of Alertmanager are kept', () => {
  const urls = (name: string) => ({
    generatorUrl: `http://${name}/graph`,
    alertmanagerUrl: `http://${name}:9093/`,
  });
  const [record] = historyOf(
    buildAlert(urls('a')),
    buildAlert(urls('b')),
    // Of an Alertmanager that does not know them.
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
  );
  expect(record).toMatchObject(urls('b'));
});

test('the last value and words while it fired are kept, not those of the resolution', () => {
  const [record] = historyOf(
    buildAlert({ value: 1, annotations: { summary: 'first' } }),
    buildAlert({ value: 2, annotations: { summary: 'second' } }),
    buildAlert({ value: 0, annotations: { summary: 'over' }, endsAtMs: asEpochMs(T + 1) }),
  );
  expect(record).toMatchObject({ value: 2, summary: 'second' });
});

test('one that is only heard of when it is over is in the history, with the value of its end', () => {
  const [record] = historyOf(buildAlert({ value: 3, endsAtMs: asEpochMs(T + MINUTE_MS) }));
  expect(record).toMatchObject({ startsAtMs: T, endsAtMs: T + MINUTE_MS, value: 3 });
});

test('the same alert later is another record', () => {
  const records = historyOf(
    buildAlert(),
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
    buildAlert({ startsAtMs: asEpochMs(T + 5 * MINUTE_MS) }),
  );
  expect(records.map(({ id, startsAtMs, endsAtMs }) => [id, startsAtMs, endsAtMs])).toEqual([
    [2, T + 5 * MINUTE_MS, undefined],
    [1, T, T + MINUTE_MS],
  ]);
});

test('where the resolution was lost, the next start ends the record, and it says so', () => {
  const records = historyOf(buildAlert(), buildAlert({ startsAtMs: asEpochMs(T + 5 * MINUTE_MS) }));
  expect(records[1]).toMatchObject({ endsAtMs: T + 5 * MINUTE_MS, isEndInferred: true });
  expect(records[0]).not.toHaveProperty('endsAtMs');
});

test('a resolution that arrives after all replaces the inferred end', () => {
  const records = historyOf(
    buildAlert(),
    buildAlert({ startsAtMs: asEpochMs(T + 5 * MINUTE_MS) }),
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
  );
  expect(records[1]).toMatchObject({ endsAtMs: T + MINUTE_MS, isEndInferred: false });
  expect(records[0]).not.toHaveProperty('endsAtMs');
});

test('of two Prometheus servers the earlier start holds, and one record is closed by one resolution', () => {
  const records = historyOf(
    buildAlert({ startsAtMs: asEpochMs(T + 7_000) }),
    buildAlert({ startsAtMs: asEpochMs(T) }),
    buildAlert({ startsAtMs: asEpochMs(T), endsAtMs: asEpochMs(T + MINUTE_MS) }),
  );
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({
    startsAtMs: T,
    endsAtMs: T + MINUTE_MS,
    notificationCount: 3,
  });
});

test('an alert that is told to fire again with the same start is open again', () => {
  const [record] = historyOf(
    buildAlert(),
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
    buildAlert({ receivedAtMs: asEpochMs(T + 2 * MINUTE_MS) }),
  );
  expect(record).not.toHaveProperty('endsAtMs');
  expect(record?.notificationCount).toBe(3);
});

test('a late word on an earlier episode leaves the present one alone', () => {
  const records = historyOf(
    buildAlert(),
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
    buildAlert({ startsAtMs: asEpochMs(T + 5 * MINUTE_MS) }),
    buildAlert({ receivedAtMs: asEpochMs(T + 6 * MINUTE_MS) }),
  );
  expect(records.map(({ endsAtMs }) => endsAtMs)).toEqual([undefined, T + MINUTE_MS]);
  expect(records[1]?.notificationCount).toBe(3);
});

test('other labels are another alert', () => {
  const records = historyOf(buildAlert(), buildAlert({ fingerprint: 'beef' }));
  expect(records).toHaveLength(2);
  expect(records.every(({ endsAtMs }) => endsAtMs === undefined)).toBe(true);
});

test('of many notifications the last are shown and all are counted', () => {
  const { database } = openInFolder();
  for (let index = 0; index < 50; index += 1)
    database.write([buildAlert({ receivedAtMs: asEpochMs(T + index) })]);
  const [record] = database.findAlerts({ limit: 1 });
  expect(record?.notificationCount).toBe(50);
  expect(record?.notifications).toHaveLength(20);
  expect(record?.notifications.at(-1)?.atMs).toBe(T + 49);
});

test('actions on a server belong to the alerts that were on meanwhile, and notes to their own', () => {
  const { database } = openInFolder();
  database.write([
    buildAlert({ endsAtMs: asEpochMs(T + MINUTE_MS) }),
    buildAlert({ fingerprint: 'beef', startsAtMs: asEpochMs(T + 5 * MINUTE_MS) }),
    buildAlert({ fingerprint: 'other', labels: { alertname: 'A' }, startsAtMs: asEpochMs(T) }),
  ]);
  const action = { fact: 'action', kind: 'check', by: 'ada', server: 'search' } as const;
  database.write([
    { ...action, atMs: asEpochMs(T + 1_000), text: 'during the first' },
    { ...action, atMs: asEpochMs(T + 2 * MINUTE_MS), text: 'between both' },
    { ...action, atMs: asEpochMs(T + 9 * MINUTE_MS), text: 'during the second' },
    { ...action, atMs: asEpochMs(T + 1_000), server: '', text: 'of no server' },
  ]);
  const note = {
    ...action,
    kind: 'note',
    atMs: asEpochMs(T + 10 * MINUTE_MS),
    text: 'afterwards',
  } as const;
  expect(database.saveNote({ ...note, alertId: 1 })).toBe(true);
  expect(database.saveNote({ ...note, alertId: 99 })).toBe(false);
  const texts = database
    .findAlerts({ limit: 10 })
    .map(({ fingerprint, actions }) => [fingerprint, ...actions.map(({ text }) => text)]);
  expect(texts).toEqual([
    ['other'],
    ['beef', 'during the second'],
    ['f00d', 'during the first', 'afterwards'],
  ]);
});
