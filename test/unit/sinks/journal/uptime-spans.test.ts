import { expect, test } from 'vitest';
import type { Status } from '../../../../src/facts/rules/health.ts';
import type { UptimeState } from '../../../../src/facts/rules/uptime-share.ts';
import { asEpochMs, later } from '../../../../src/facts/time.ts';
import type { JournalEntry } from '../../../../src/sinks/journal/messages.ts';
import type { JournalDatabase } from '../../../../src/sinks/journal/open-database.ts';
import { createUptimeRecorder } from '../../../../src/sinks/journal/record-uptime.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { openInFolder, openInMemory } from './open-in-folder.ts';

const T = asEpochMs(Date.UTC(2026, 10, 28));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function alive(minutes: number, run = 0): JournalEntry {
  return { fact: 'alive', startedAtMs: T + run, atMs: T + minutes * MINUTE };
}

function state(minutes: number, known: UptimeState, server = 's'): JournalEntry {
  return { fact: 'uptime', server, atMs: T + minutes * MINUTE, state: known };
}

/** Minutes up and down in the last day. */
function minutesOf(database: JournalDatabase, atMinutes: number): readonly [number, number] {
  const nowMs = later(T, atMinutes * MINUTE);
  const [uptime] = database.findUptime({ withDays: false, nowMs });
  const sum = (field: 'upMs' | 'downMs'): number =>
    (uptime?.hours ?? []).reduce((total, bar) => total + bar[field], 0) / MINUTE;
  return [sum('upMs'), sum('downMs')];
}

/** A sign of life every minute. */
function beats(from: number, to: number, run = 0): JournalEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => alive(from + index, run));
}

test('a status lasts until the next, and the last one until now', () => {
  const database = openInMemory();
  database.write([alive(0), state(0, 'up'), ...beats(1, 60), state(60, 'down')]);
  expect(minutesOf(database, 90)).toEqual([60, 30]);
  database.write([state(90, 'unknown')]);
  expect(minutesOf(database, 120)).toEqual([60, 30]);
  database.write([state(100, 'up')]);
  expect(minutesOf(database, 120)).toEqual([80, 30]);
});

test('the same state again changes nothing', () => {
  const database = openInMemory();
  database.write([alive(0), state(0, 'up'), state(10, 'up'), state(20, 'down'), state(30, 'down')]);
  expect(minutesOf(database, 60)).toEqual([20, 40]);
});

test('the time in which the service did not run is unknown', () => {
  const database = openInMemory();
  database.write([alive(0), state(0, 'up'), ...beats(1, 10)]);
  // Killed in the 11th minute, and started again an hour later.
  database.write([alive(70, 1), state(71, 'down')]);
  expect(minutesOf(database, 80)).toEqual([10, 9]);
});

test('a journal that is opened again by the same run goes on', () => {
  const { database, path } = openInFolder();
  database.write([alive(0), state(0, 'up'), ...beats(1, 10)]);
  database.close();
  const again = openInFolder({}, path).database;
  again.write([alive(11), state(11, 'up')]);
  expect(minutesOf(again, 20)).toEqual([20, 0]);
});

test('a machine that slept knows nothing of that time', () => {
  const database = openInMemory();
  database.write([alive(0), state(0, 'up'), ...beats(1, 10), alive(300), state(310, 'down')]);
  expect(minutesOf(database, 320)).toEqual([20, 10]);
});

test('a clock that is set back makes no negative time', () => {
  const database = openInMemory();
  database.write([alive(60), state(60, 'up'), state(30, 'down'), state(40, 'up')]);
  expect(minutesOf(database, 50)).toEqual([10, 10]);
});

test('servers are separate, and can be asked for one by one', () => {
  const database = openInMemory();
  database.write([alive(0), state(0, 'up', 'b'), state(0, 'down', 'a')]);
  const nowMs = later(T, HOUR);
  const all = database.findUptime({ withDays: true, nowMs });
  expect(all).toMatchObject([
    { server: 'a', dayRatio: 0 },
    { server: 'b', dayRatio: 1 },
  ]);
  expect(all[0]?.days).toHaveLength(30);
  expect(database.findUptime({ server: 'b', withDays: false, nowMs })).toMatchObject([
    { server: 'b', days: [] },
  ]);
  expect(database.findUptime({ server: 'c', withDays: false, nowMs })).toEqual([]);
});

test('spans expire, except one that lasts', () => {
  const { database } = openInFolder({ checksMs: 10 * 24 * HOUR, alertsMs: HOUR });
  database.write([alive(0), state(0, 'up', 'old'), state(1, 'unknown', 'old'), state(0, 'up')]);
  const nowMs = later(T, 20 * 24 * HOUR);
  while (database.prune(nowMs));
  expect(database.findUptime({ withDays: false, nowMs })).toMatchObject([
    { server: 's', knownSinceMs: T },
  ]);
  // The last sign of life is not forgotten, however old it is.
  database.write([{ fact: 'alive', startedAtMs: nowMs, atMs: nowMs }]);
  expect(database.findUptime({ withDays: false, nowMs })).toMatchObject([{ server: 's' }]);
  expect(database.findUptime({ withDays: false, nowMs })[0]).not.toHaveProperty('dayRatio');
});

function recordInto() {
  const clock = createFakeClock();
  const entries: JournalEntry[] = [];
  const recorder = createUptimeRecorder(clock, (entry) => entries.push(entry));
  const note = (to: Status, server = 's'): void =>
    recorder.note({ fact: 'status', server, atMs: clock.nowMs(), from: 'unknown', to, reason: '' });
  const states = () =>
    entries.flatMap((entry) => (entry.fact === 'uptime' ? [`${entry.server} ${entry.state}`] : []));
  return { clock, entries, recorder, note, states };
}

test('status changes, maintenance and removal say what is known of a server', () => {
  const { clock, recorder, note, states } = recordInto();
  const maintenance = (isActive: boolean): void =>
    recorder.note({ fact: 'maintenance', server: 's', atMs: clock.nowMs(), isActive, reason: '' });
  note('healthy');
  note('offline');
  maintenance(true);
  note('healthy');
  maintenance(false);
  note('disabled');
  note('warning');
  recorder.note({ fact: 'server_removed', server: 's' });
  recorder.note({ fact: 'server_added', server: buildServer('s') });
  expect(states()).toEqual([
    's up',
    's down',
    's unknown',
    's unknown',
    's up',
    's unknown',
    's up',
    's unknown',
  ]);
});

test('it says that it runs as long as it does, and repeats what lasts for a new database', async () => {
  const { clock, entries, recorder, note, states } = recordInto();
  recorder.repeat();
  expect(entries).toEqual([]);
  recorder.start();
  note('healthy');
  await clock.advance(31_000);
  const lives = () => entries.filter(({ fact }) => fact === 'alive');
  expect(lives()).toHaveLength(3);
  recorder.repeat();
  expect(states()).toEqual(['s up', 's up']);
  recorder.stop();
  expect(lives()).toHaveLength(5);
  expect(clock.pendingCount()).toBe(0);
});
