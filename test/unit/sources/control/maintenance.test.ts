import { expect, test } from 'vitest';
import type { ActionTaken } from '../../../../src/facts/alert-event.ts';
import { type MaintenanceWindow, WEEKDAYS } from '../../../../src/facts/maintenance.ts';
import type { MaintenanceStore } from '../../../../src/facts/ports/maintenance-store.ts';
import type { MaintenanceChanged } from '../../../../src/facts/server-facts.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { createMaintenance } from '../../../../src/sources/control/maintenance.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { createMemoryLog } from '../../../fakes/memory-log.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RETRY_MS = 10_000;

function setUp(kept: readonly MaintenanceWindow[] = [], start = '2026-06-01T00:00:00Z') {
  const startMs = Date.parse(start);
  const clock = createFakeClock(startMs);
  const log = createMemoryLog();
  const facts: MaintenanceChanged[] = [];
  const actions: Omit<ActionTaken, 'fact' | 'atMs' | 'alertId'>[] = [];
  const state = { kept: new Map(kept.map((window) => [window.id, window])), isAway: false };
  const store: MaintenanceStore = {
    isOff: false,
    async findMaintenance() {
      if (state.isAway) throw new Error('the disk is gone');
      return [...state.kept.values()];
    },
    async addMaintenance(window) {
      if (state.isAway) throw new Error('the disk is gone');
      state.kept.set(window.id, window);
    },
    async removeMaintenance(ids) {
      if (state.isAway) throw new Error('the disk is gone');
      for (const id of ids) state.kept.delete(id);
    },
  };
  let count = 0;
  const maintenance = createMaintenance({
    clock,
    store,
    log,
    newId: () => `w${(count += 1)}`,
    publish: (fact) => facts.push(fact),
    noteAction: (action) => actions.push(action),
  });
  /** Hours from the start. */
  const once = (from: number, to: number, changes: Partial<MaintenanceWindow> = {}) => ({
    id: 'given',
    source: 'api' as const,
    time: {
      kind: 'once' as const,
      startsAtMs: asEpochMs(startMs + from * HOUR_MS),
      endsAtMs: asEpochMs(startMs + to * HOUR_MS),
    },
    by: 'ann',
    reason: 'new disk',
    ...changes,
  });
  const isActive = (server: string) => maintenance.findActive(server) !== undefined;
  const texts = (server: string) =>
    actions.filter((action) => action.server === server).map(({ text }) => text);
  return { clock, log, facts, actions, state, maintenance, once, isActive, texts, startMs };
}

test('a window begins and ends at its times, and is published, noted and forgotten', async () => {
  const { clock, maintenance, once, isActive, facts, texts, state, startMs } = setUp();
  maintenance.apply(['files', 'search'], []);
  await maintenance.restore();

  const planned = await maintenance.plan(once(1, 3, { servers: ['search'] }));
  expect(planned).toMatchObject({ id: 'w1', source: 'api' });
  expect([...state.kept.keys()]).toEqual(['w1']);
  await clock.advance(HOUR_MS - 1);
  expect(isActive('search')).toBe(false);
  await clock.advance(1);
  expect([isActive('search'), isActive('files')]).toEqual([true, false]);
  expect(maintenance.findActive('search')).toEqual({
    sinceMs: startMs + HOUR_MS,
    untilMs: startMs + 3 * HOUR_MS,
    by: 'ann',
    reason: 'new disk',
  });
  await clock.advance(2 * HOUR_MS);

  expect(isActive('search')).toBe(false);
  expect(facts).toEqual([
    {
      fact: 'maintenance',
      server: 'search',
      atMs: startMs + HOUR_MS,
      isActive: true,
      reason: 'maintenance by ann: new disk',
      untilMs: startMs + 3 * HOUR_MS,
    },
    {
      fact: 'maintenance',
      server: 'search',
      atMs: startMs + 3 * HOUR_MS,
      isActive: false,
      reason: 'maintenance by ann: new disk',
    },
  ]);
  expect(texts('search')).toEqual([
    'planned: 2026-06-01 01:00 to 2026-06-01 03:00 UTC: new disk',
    'began: maintenance by ann: new disk',
    'ended: maintenance by ann: new disk',
  ]);
  expect([maintenance.windows(), state.kept.size, clock.pendingCount()]).toEqual([[], 0, 0]);
});

test('of windows that overlap the last end counts, without a gap between them', async () => {
  const { clock, maintenance, once, isActive, facts, texts, startMs } = setUp();
  maintenance.apply(['files', 'search'], []);
  await maintenance.restore();
  await maintenance.plan(once(1, 3, { servers: ['search'] }));
  await maintenance.plan(once(2, 4, { reason: 'longer' }));

  await clock.advance(2 * HOUR_MS);
  expect(maintenance.findActive('search')?.untilMs).toBe(startMs + 4 * HOUR_MS);
  await clock.advance(1.5 * HOUR_MS);
  expect([isActive('search'), isActive('files')]).toEqual([true, true]);
  await clock.advance(HOUR_MS);

  expect([isActive('search'), isActive('files')]).toEqual([false, false]);
  const ofSearch = facts.filter(({ server }) => server === 'search');
  expect(
    ofSearch.map(({ isActive: is, untilMs = 0 }) => [is, untilMs && untilMs - startMs]),
  ).toEqual([
    [true, 3 * HOUR_MS],
    [true, 4 * HOUR_MS],
    [false, 0],
  ]);
  expect(texts('search').filter((text) => text.startsWith('began'))).toHaveLength(1);
});

test('cancelling ends an active window, and says by whom', async () => {
  const { clock, maintenance, once, isActive, actions, state } = setUp();
  maintenance.apply(['search'], []);
  await maintenance.restore();
  const { id } = await maintenance.plan(once(0, 3));
  expect(isActive('search')).toBe(true);

  expect(await maintenance.cancel(id, { by: 'bob', reason: 'done' })).toMatchObject({ id });

  expect(isActive('search')).toBe(false);
  expect([state.kept.size, clock.pendingCount()]).toEqual([0, 0]);
  expect(actions).toContainEqual({
    kind: 'maintenance',
    server: '',
    by: 'bob',
    text: 'cancelled: 2026-06-01 00:00 to 2026-06-01 03:00 UTC: done',
    untilMs: expect.any(Number) as number,
  });
  expect(await maintenance.cancel(id, { by: 'bob', reason: '' })).toBeUndefined();
});

test('a window that was stored goes on after a restart, and one that ended meanwhile is forgotten', async () => {
  const first = setUp();
  const kept = [first.once(-1, 2, { id: 'on' }), first.once(-3, -2, { id: 'over' })];
  const { maintenance, isActive, facts, texts, state } = setUp(kept);

  await maintenance.restore();
  maintenance.apply(['search'], []);

  expect(isActive('search')).toBe(true);
  expect(facts).toHaveLength(1);
  expect(texts('search')).toEqual(['goes on: maintenance by ann: new disk']);
  expect([...state.kept.keys()]).toEqual(['on']);
});

test('what cannot be read at the start is read later, and said once', async () => {
  const first = setUp();
  const { clock, maintenance, isActive, state, log } = setUp([first.once(-1, 2)]);
  state.isAway = true;
  await maintenance.restore();
  maintenance.apply(['search'], []);
  await clock.advance(2 * RETRY_MS);
  expect(isActive('search')).toBe(false);
  state.isAway = false;
  await clock.advance(RETRY_MS);

  expect(isActive('search')).toBe(true);
  expect(log.lines.map(({ message }) => message)).toEqual([
    'planned maintenance windows cannot be read now',
  ]);
});

test('a window that cannot be stored is not planned, and one that cannot be removed stays', async () => {
  const { maintenance, once, isActive, state, actions } = setUp();
  maintenance.apply(['search'], []);
  await maintenance.restore();
  state.isAway = true;
  await expect(maintenance.plan(once(0, 2))).rejects.toThrow('the disk is gone');
  expect([isActive('search'), actions.length]).toEqual([false, 0]);

  state.isAway = false;
  const { id } = await maintenance.plan(once(0, 2));
  state.isAway = true;
  await expect(maintenance.cancel(id, { by: 'bob', reason: '' })).rejects.toThrow(
    'the disk is gone',
  );
  expect(isActive('search')).toBe(true);
});

test('a reload takes windows and servers of the configuration along', async () => {
  const { clock, maintenance, once, isActive, facts } = setUp();
  const configured = once(-1, 2, { id: 'patches', source: 'config' });
  await maintenance.restore();
  maintenance.apply(['files'], [configured]);
  expect(isActive('files')).toBe(true);

  maintenance.apply(['files', 'new'], [configured]);
  expect(isActive('new')).toBe(true);
  expect(await maintenance.cancel('patches', { by: 'bob', reason: '' })).toBeUndefined();

  facts.length = 0;
  maintenance.apply(['files'], []);
  expect([isActive('files'), isActive('new')]).toEqual([false, false]);
  // The server that is gone has no state to publish.
  expect(facts.map(({ server, isActive: is }) => [server, is])).toEqual([['files', false]]);
  expect(clock.pendingCount()).toBe(0);
});

test('a recurring window begins again, by the clocks of its zone', async () => {
  // In the night to 2026-10-25 clocks go back in Berlin.
  const { clock, maintenance, once, isActive } = setUp([], '2026-10-23T12:00:00Z');
  const window = once(0, 0, {
    id: 'nightly',
    source: 'config',
    time: {
      kind: 'recurring',
      days: WEEKDAYS,
      from: '23:00',
      to: '05:00',
      timeZone: 'Europe/Berlin',
    },
  });
  maintenance.apply(['search'], [window]);
  await maintenance.restore();

  const changes: string[] = [];
  let was = false;
  for (let minute = 0; minute < 3 * 24 * 60; minute += 30) {
    await clock.advance(30 * MINUTE_MS);
    if (isActive('search') !== was)
      changes.push(new Date(clock.nowMs()).toISOString().slice(5, 16));
    was = isActive('search');
  }
  expect(changes).toEqual([
    '10-23T21:00',
    '10-24T03:00',
    '10-24T21:00',
    '10-25T04:00',
    '10-25T22:00',
    '10-26T04:00',
  ]);
  maintenance.stop();
  expect(clock.pendingCount()).toBe(0);
});
