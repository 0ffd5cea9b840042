import { expect, test } from 'vitest';
import { createActiveUsers } from '../../../../src/facts/rules/active-users.ts';
import { hashText } from '../../../../src/facts/rules/hash-text.ts';
import { asEpochMs, type EpochMs, later } from '../../../../src/facts/time.ts';

const HOUR_MS = 3_600_000;
const START_MS = asEpochMs(1_767_225_600_000);

function see(
  users: ReturnType<typeof createActiveUsers>,
  from: number,
  to: number,
  nowMs: EpochMs,
) {
  for (let number = from; number < to; number += 1) users.seen(hashText(`user ${number}`), nowMs);
}

test('counts few users exactly, each once, and only within the window', () => {
  const users = createActiveUsers();
  see(users, 0, 3, START_MS);
  see(users, 2, 5, later(START_MS, 2 * HOUR_MS));
  const nowMs = later(START_MS, 2 * HOUR_MS);
  expect(users.count('1h', nowMs)).toBe(3);
  expect(users.count('24h', nowMs)).toBe(5);
  expect(users.count('1h', later(nowMs, HOUR_MS))).toBe(0);
  expect(users.count('24h', later(nowMs, 23 * HOUR_MS))).toBe(3);
  expect(users.count('7d', later(nowMs, 167 * HOUR_MS))).toBe(3);
  expect(users.count('7d', later(nowMs, 168 * HOUR_MS))).toBe(0);
  expect(users.keptCount()).toBe(0);
});

test('counts exactly up to the bound', () => {
  const users = createActiveUsers();
  see(users, 0, 2_048, START_MS);
  expect(users.count('7d', START_MS)).toBe(2_048);
});

test.each([3_000, 10_000, 100_000, 1_000_000])(
  'counts %i users within 10 percent in bounded memory',
  (total) => {
    const users = createActiveUsers();
    see(users, 0, total, START_MS);
    expect(users.keptCount()).toBeLessThanOrEqual(2_048);
    expect(Math.abs(users.count('24h', START_MS) / total - 1)).toBeLessThan(0.1);
  },
);

test('scales windows that include a flood, and becomes exact again for shorter ones', () => {
  const users = createActiveUsers();
  see(users, 0, 100_000, START_MS);
  let nowMs = START_MS;
  // The sample widens by one step an hour once the flood is a week old.
  for (let hour = 1; hour <= 200; hour += 1) {
    nowMs = later(START_MS, hour * HOUR_MS);
    see(users, 0, 20, nowMs);
    users.count('1h', nowMs);
    if (hour === 24) {
      expect(Math.abs(users.count('7d', nowMs) / 100_000 - 1)).toBeLessThan(0.1);
    }
  }
  expect(users.count('1h', nowMs)).toBe(20);
});

test('counts the users of an hour well after many users earlier in the week', () => {
  const users = createActiveUsers();
  see(users, 0, 20_000, START_MS);
  see(users, 0, 5_000, later(START_MS, 5 * HOUR_MS));
  expect(Math.abs(users.count('1h', later(START_MS, 5 * HOUR_MS)) / 5_000 - 1)).toBeLessThan(0.2);
});
