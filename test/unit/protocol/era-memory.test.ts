import { expect, test } from 'vitest';
import { createEraMemory } from '../../../src/protocol/era-memory.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

test('a verdict is believed for a day', async () => {
  const clock = createFakeClock();
  const memory = createEraMemory('auto', clock);
  memory.learn('legacy');
  await clock.advance(DAY_MS);
  expect(memory.era()).toBe('legacy');
  await clock.advance(1);
  expect(memory.era()).toBeUndefined();
});

test('an assumed verdict is asked again after a minute, and less often while the server stays silent', async () => {
  const clock = createFakeClock();
  const memory = createEraMemory('auto', clock);
  for (const minutes of [1, 5, 25, 60, 60]) {
    memory.learn('legacy', true);
    await clock.advance(minutes * MINUTE_MS);
    expect(memory.era()).toBe('legacy');
    expect(memory.isAssumed()).toBe(true);
    await clock.advance(1);
    expect(memory.era()).toBeUndefined();
  }
});

test('an answer ends the assumption', async () => {
  const clock = createFakeClock();
  const memory = createEraMemory('auto', clock);
  memory.learn('legacy', true);
  memory.learn('modern');
  expect(memory.era()).toBe('modern');
  expect(memory.isAssumed()).toBe(false);
  await clock.advance(60 * MINUTE_MS);
  expect(memory.era()).toBe('modern');
});

test('another handshake with the assumed era does not make it certain', async () => {
  const clock = createFakeClock();
  const memory = createEraMemory('auto', clock);
  memory.learn('legacy', true);
  await clock.advance(MINUTE_MS / 2);
  memory.learn('legacy');
  expect(memory.isAssumed()).toBe(true);
  await clock.advance(MINUTE_MS / 2 + 1);
  expect(memory.era()).toBeUndefined();
});

test('a configured era is neither learned nor forgotten', () => {
  const memory = createEraMemory('modern', createFakeClock());
  memory.learn('legacy', true);
  expect(memory.era()).toBe('modern');
  memory.forget();
  expect(memory.era()).toBe('modern');
  expect(memory.isAssumed()).toBe(false);
});
