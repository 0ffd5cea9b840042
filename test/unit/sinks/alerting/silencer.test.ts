import { expect, test } from 'vitest';
import type { Alertmanager, PresentSilence } from '../../../../src/sinks/alerting/alertmanager.ts';
import { createSilencer } from '../../../../src/sinks/alerting/silencer.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';
import { createMemoryLog } from '../../../fakes/memory-log.ts';

function setUp() {
  const clock = createFakeClock();
  const log = createMemoryLog();
  const silences = new Map<string, PresentSilence>();
  const state = { isAway: false, wanted: ['files'], requests: 0 };
  const alertmanager: Pick<Alertmanager, 'findSilences' | 'saveSilence' | 'expireSilence'> = {
    async findSilences() {
      state.requests += 1;
      if (state.isAway) throw new Error('connect ECONNREFUSED');
      return [...silences.values()];
    },
    async saveSilence(silence, id = `s${silences.size}`) {
      silences.set(id, { ...silence, id });
      return id;
    },
    async expireSilence(id) {
      silences.delete(id);
    },
  };
  const silencer = createSilencer({
    clock,
    log,
    alertmanager,
    targetLabels: {},
    marginMs: 60_000,
    servers: () => new Set(['files']),
    wanted: () => state.wanted.map((server) => ({ server, comment: '' })),
  });
  return { clock, log, silences, state, silencer };
}

test('a silence is set at once, replaced if Alertmanager loses it, and expired when its reason ends', async () => {
  const { clock, silences, state, silencer } = setUp();
  silencer.refresh();
  await clock.advance(0);
  expect(silences.size).toBe(1);

  silences.clear();
  await clock.advance(5 * 60_000);
  expect(silences.size).toBe(1);

  state.wanted = [];
  silencer.refresh();
  await clock.advance(0);
  expect(silences.size).toBe(0);
});

test('while Alertmanager is away it is tried again, and the log says so once', async () => {
  const { clock, log, silences, state, silencer } = setUp();
  state.isAway = true;
  silencer.refresh();
  await clock.advance(45_000);
  expect(state.requests).toBe(4);
  state.isAway = false;
  await clock.advance(15_000);

  expect(silences.size).toBe(1);
  expect(log.lines.map(({ severity }) => severity)).toEqual(['warn', 'info']);
});

test('changes during a request lead to one more request', async () => {
  const { clock, state, silencer } = setUp();
  silencer.refresh();
  silencer.refresh();
  silencer.refresh();
  await clock.advance(0);
  expect(state.requests).toBe(2);
});

test('after its end nothing is sent', async () => {
  const { clock, state, silencer } = setUp();
  silencer.refresh();
  await clock.advance(0);
  silencer.stop();
  silencer.refresh();
  await clock.advance(60 * 60_000);
  expect(state.requests).toBe(1);
  expect(clock.pendingCount()).toBe(0);
});
