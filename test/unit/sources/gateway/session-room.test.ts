import { expect, test } from 'vitest';
import { findSessionRoom, type HeldSession } from '../../../../src/sources/gateway/session-room.ts';
import { asMonotonicMs } from '../../../../src/facts/time.ts';

const NOW = asMonotonicMs(100_000);
const MAX = 20;

function sessions(client: string, count: number, idleMs = 0, isBusy = false): HeldSession[] {
  return Array.from({ length: count }, (_, i) => ({
    client,
    isBusy,
    usedMs: asMonotonicMs(NOW - idleMs - i),
  }));
}

function roomOf(held: readonly HeldSession[], client: string): string {
  const room = findSessionRoom(held, client, MAX, NOW);
  return room.kind === 'end' ? `end ${room.session.client}` : room.kind;
}

test.each([
  ['nobody is here', [], 'a', 'free'],
  ['the client has nearly all', sessions('a', 17), 'a', 'free'],
  ['what is left is reserved', sessions('a', 18), 'a', 'full'],
  ['a newcomer takes what is reserved', sessions('a', 18), 'b', 'free'],
  ['and its second one', [...sessions('a', 18), ...sessions('b', 1)], 'b', 'free'],
  ['all are in use', [...sessions('a', 18), ...sessions('b', 2)], 'c', 'full'],
  ['the client has idle ones of its own', sessions('a', 18, 6_000), 'a', 'end a'],
  [
    'whoever has the most makes room for a newcomer',
    [...sessions('a', 18, 6_000), ...sessions('b', 2, 9_000)],
    'c',
    'end a',
  ],
  [
    'nobody makes room for a client that has the most',
    [...sessions('a', 18), ...sessions('b', 2, 9_000)],
    'a',
    'full',
  ],
  [
    'a session with a call in flight is not idle',
    [...sessions('a', 18, 9_000, true), ...sessions('b', 2, 9_000)],
    'c',
    'end b',
  ],
])('%s', (_name, held, client, expected) => {
  expect(roomOf(held, client)).toBe(expected);
});

test('the session that was idle longest makes room', () => {
  const held = sessions('a', 18, 6_000);
  expect(findSessionRoom(held, 'a', MAX, NOW)).toEqual({ kind: 'end', session: held.at(-1) });
});

test.each([1, 2, 3])('of %i sessions none is reserved', (max) => {
  const held = sessions('a', max - 1);
  expect(findSessionRoom(held, 'a', max, NOW)).toEqual({ kind: 'free' });
});
