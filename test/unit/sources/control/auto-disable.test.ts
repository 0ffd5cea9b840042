import { expect, test } from 'vitest';
import type { Status } from '../../../../src/facts/rules/health.ts';
import { asEpochMs } from '../../../../src/facts/time.ts';
import { createAutoDisable } from '../../../../src/sources/control/auto-disable.ts';
import { buildServer } from '../../../fakes/build-server.ts';
import { createFakeClock } from '../../../fakes/fake-clock.ts';

const DAY_MS = 86_400_000;

function setUp(disableAfterMs: number | undefined = DAY_MS) {
  const clock = createFakeClock();
  const orders: string[] = [];
  const autoDisable = createAutoDisable({
    clock,
    switches: {
      disableAutomatically: (server, reason) => orders.push(`disable ${server}: ${reason}`),
      enableAutomatically: (server) => orders.push(`enable ${server}`),
    },
  });
  const configure = (afterMs: number | undefined) => {
    const { monitor, ...server } = buildServer('files');
    const own = afterMs === undefined ? monitor : { ...monitor, disableAfterMs: afterMs };
    autoDisable.apply([{ ...server, monitor: own }]);
  };
  configure(disableAfterMs);
  const become = (to: Status) =>
    autoDisable.note({
      fact: 'status',
      server: 'files',
      atMs: clock.nowMs(),
      from: 'unknown',
      to,
      reason: '',
    });
  return { clock, orders, autoDisable, configure, become };
}

test('a server that is Offline for the configured time is disabled, and enabled when it answers', async () => {
  const { clock, orders, become } = setUp();
  become('offline');
  await clock.advance(DAY_MS - 1);
  expect(orders).toEqual([]);
  await clock.advance(1);
  expect(orders).toEqual(['disable files: Offline for 1d']);
  become('critical');
  expect(orders.at(-1)).toBe('enable files');
  expect(clock.pendingCount()).toBe(0);
});

test('a server that was back meanwhile has the whole time again', async () => {
  const { clock, orders, become } = setUp();
  become('offline');
  await clock.advance(DAY_MS / 2);
  become('healthy');
  become('offline');
  await clock.advance(DAY_MS - 1);
  expect(orders.filter((order) => order.startsWith('disable'))).toEqual([]);
});

test('without the key nothing is disabled, and a reload can set it for a server that is Offline already', async () => {
  const { clock, orders, configure, become } = setUp();
  configure(undefined);
  become('offline');
  await clock.advance(2 * DAY_MS);
  expect(orders).toEqual([]);
  configure(3 * DAY_MS);
  await clock.advance(DAY_MS);
  expect(orders).toEqual(['disable files: Offline for 3d']);
});

test('whoever enables a server that is still Offline gives it the whole time again', async () => {
  const { clock, orders, autoDisable, become } = setUp();
  become('offline');
  await clock.advance(DAY_MS);
  autoDisable.note({
    fact: 'action',
    kind: 'enable',
    server: 'files',
    atMs: asEpochMs(1),
    by: 'ann',
    text: '',
  });
  await clock.advance(DAY_MS - 1);
  expect(orders).toHaveLength(1);
  await clock.advance(1);
  expect(orders).toHaveLength(2);
});

test('a server that leaves the configuration is forgotten', async () => {
  const { clock, autoDisable, become } = setUp();
  become('offline');
  autoDisable.note({ fact: 'server_removed', server: 'files' });
  expect(clock.pendingCount()).toBe(0);
});
