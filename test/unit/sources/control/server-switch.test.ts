import { expect, test } from 'vitest';
import type { DisablingStore } from '../../../../src/facts/ports/disabling-store.ts';
import { createServerSwitch } from '../../../../src/sources/control/server-switch.ts';
import type { Disabling } from '../../../../src/facts/disabling.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { createMemoryLog } from '../../../fakes/memory-log.ts';
import { asEpochMs, later } from '../../../../src/facts/time.ts';

const ANN = { by: 'ann', reason: 'moves' };
const RETRY_MS = 10_000;

function keptOf(...servers: readonly string[]): Disabling[] {
  return servers.map((server) => ({ server, atMs: asEpochMs(1), by: 'before', reason: '' }));
}

function setUp(kept: readonly Disabling[] = [], isOff = false) {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const changes: string[] = [];
  const actions: unknown[] = [];
  const state = { kept, isAway: false };
  const store: DisablingStore = {
    isOff,
    async findDisablings() {
      if (state.isAway) throw new Error('the disk is gone');
      return state.kept;
    },
    async saveDisablings(disablings) {
      if (state.isAway) throw new Error('the disk is gone');
      state.kept = disablings;
    },
  };
  const switches = createServerSwitch({
    clock,
    store,
    log,
    onChange: (server) => changes.push(server),
    noteAction: (action) => actions.push(action),
  });
  const names = () => state.kept.map(({ server }) => server);
  return { clock, log, changes, actions, state, switches, names };
}

test('disabling holds at once, is kept, told once and noted as an action', async () => {
  const { clock, switches, changes, actions, state } = setUp();
  await switches.restore();

  const disabling = switches.disable('files', ANN);
  expect(switches.find('files')).toEqual({ server: 'files', atMs: clock.nowMs(), ...ANN });
  expect(await disabling).toEqual({ hasChanged: true, isKept: true });
  expect(await switches.disable('files', { by: 'bob', reason: 'too' })).toEqual({
    hasChanged: false,
    isKept: true,
  });

  expect(switches.find('files')?.by).toBe('ann');
  expect(state.kept).toEqual([switches.find('files')]);
  expect(changes).toEqual(['files']);
  expect(actions).toEqual([{ kind: 'disable', server: 'files', by: 'ann', text: 'moves' }]);
});

test('enabling takes it back, and enabling what is enabled does nothing', async () => {
  const { switches, changes, actions, names } = setUp(keptOf('files'));
  await switches.restore();
  changes.length = 0;

  expect(await switches.enable('other', ANN)).toEqual({ hasChanged: false, isKept: true });
  expect(await switches.enable('files', ANN)).toEqual({ hasChanged: true, isKept: true });

  expect(switches.find('files')).toBeUndefined();
  expect(names()).toEqual([]);
  expect(changes).toEqual(['files']);
  expect(actions).toEqual([{ kind: 'enable', server: 'files', by: 'ann', text: 'moves' }]);
});

test('what was kept holds after a restart, and is said', async () => {
  const { switches, changes, actions, log } = setUp(keptOf('files', 'search'));
  await switches.restore();

  expect(switches.find('files')?.by).toBe('before');
  expect(changes).toEqual(['files', 'search']);
  expect(actions).toEqual([]);
  expect(log.lines).toMatchObject([
    { message: 'servers stay disabled', fields: { servers: ['files', 'search'] } },
  ]);
});

test('a server that leaves the configuration takes its switch along', async () => {
  const { switches, names } = setUp(keptOf('files', 'search'));
  await switches.restore();

  switches.retain(['search', 'new']);
  await expect.poll(names).toEqual(['search']);

  expect(switches.find('files')).toBeUndefined();
  expect(switches.find('search')).toBeDefined();
});

test('without a store it holds until the restart, and the answer says so', async () => {
  const { switches, clock, log } = setUp([], true);
  await switches.restore();

  expect(await switches.disable('files', ANN)).toEqual({ hasChanged: true, isKept: false });

  expect(switches.find('files')).toBeDefined();
  expect(clock.pendingCount()).toBe(0);
  expect(log.lines).toEqual([]);
});

test('a store that fails stops nobody; it is said once and tried again until it works', async () => {
  const { switches, state, clock, log, names } = setUp();
  await switches.restore();
  state.isAway = true;

  expect(await switches.disable('files', ANN)).toEqual({ hasChanged: true, isKept: false });
  expect(await switches.disable('search', ANN)).toEqual({ hasChanged: true, isKept: false });
  await clock.advance(2 * RETRY_MS);
  state.isAway = false;
  await clock.advance(RETRY_MS);

  expect(names()).toEqual(['files', 'search']);
  expect(log.lines.map(({ severity }) => severity)).toEqual(['warn']);
  expect(clock.pendingCount()).toBe(0);
});

// Goal: a journal that opens late neither loses what was kept nor overrules what was ordered meanwhile.
test('what could not be read at the start is read later, apart from what was switched and what is gone', async () => {
  const { switches, state, clock, changes, names } = setUp(keptOf('a', 'b', 'gone'));
  state.isAway = true;
  await switches.restore();
  switches.retain(['a', 'b', 'c']);

  await switches.disable('a', ANN);
  await switches.enable('a', ANN);
  await switches.disable('c', ANN);
  state.isAway = false;
  await clock.advance(RETRY_MS);

  expect(['a', 'b', 'c', 'gone'].filter((name) => switches.find(name))).toEqual(['b', 'c']);
  expect(names().toSorted()).toEqual(['b', 'c']);
  expect(changes.at(-1)).toBe('b');
});

test('after its end nothing is tried any more', async () => {
  const { switches, state, clock } = setUp();
  await switches.restore();
  state.isAway = true;
  await switches.disable('files', ANN);

  switches.stop();
  await switches.disable('search', ANN);

  expect(clock.pendingCount()).toBe(0);
});

test('a server that is disabled for a time is enabled when that is over, and the end can be moved', async () => {
  const { switches, clock, actions, names } = setUp();
  await switches.restore();
  const endIn = (ms: number) => ({ ...ANN, untilMs: later(clock.nowMs(), ms) });

  await switches.disable('files', endIn(60_000));
  await clock.advance(59_000);
  expect(await switches.disable('files', { ...endIn(60_000), reason: '' })).toMatchObject({
    hasChanged: true,
  });
  await clock.advance(59_999);
  const stillDisabled = switches.find('files');
  await clock.advance(1);

  expect(stillDisabled).toMatchObject({ reason: 'moves', atMs: Date.UTC(2026, 0, 1) });
  expect(switches.find('files')).toBeUndefined();
  expect(names()).toEqual([]);
  expect(actions.at(-1)).toEqual({
    kind: 'enable',
    server: 'files',
    by: 'mcp-exporter',
    text: 'the time is over',
  });
  expect(clock.pendingCount()).toBe(0);
});

test('an order without an end takes the end away', async () => {
  const { switches, clock } = setUp();
  await switches.restore();
  await switches.disable('files', { ...ANN, untilMs: later(clock.nowMs(), 60_000) });
  expect(await switches.disable('files', ANN)).toMatchObject({ hasChanged: true });
  await clock.advance(120_000);
  expect(switches.find('files')).toBeDefined();
});

test('a time that ended while the service was down enables the server at its start', async () => {
  const { switches, clock } = setUp([
    { server: 'files', atMs: asEpochMs(1), by: 'ann', reason: '', untilMs: asEpochMs(2) },
  ]);
  await switches.restore();
  await clock.advance(0);
  expect(switches.find('files')).toBeUndefined();
});

test('what the service disabled, somebody can disable, and only the service itself enables automatically', async () => {
  const { switches, actions } = setUp();
  await switches.restore();
  switches.disableAutomatically('files', 'Offline for 1d');
  expect(switches.find('files')).toMatchObject({ by: 'mcp-exporter', isAutomatic: true });

  expect(await switches.disable('files', ANN)).toMatchObject({ hasChanged: true });
  switches.disableAutomatically('files', 'Offline for 1d');
  switches.enableAutomatically('files', 'the server answers again');

  expect(switches.find('files')).toMatchObject({ by: 'ann' });
  expect(switches.find('files')?.isAutomatic).toBeUndefined();
  expect(actions).toMatchObject([{ kind: 'auto_disable' }, { kind: 'disable' }]);
});
