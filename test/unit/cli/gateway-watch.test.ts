import { expect, test } from 'vitest';
import { createGatewayWatch } from '../../../src/cli/gateway-watch.ts';
import { createFakeClock } from '../../fakes/fake-clock.ts';

function setUp() {
  const clock = createFakeClock();
  const asked: number[] = [];
  let isThere = false;
  let found = 0;
  const watch = createGatewayWatch({
    clock,
    async ask() {
      asked.push(clock.monotonicMs() / 1_000);
      return isThere;
    },
    onFound: () => (found += 1),
  });
  return {
    clock,
    watch,
    asked,
    found: () => found,
    appear: () => {
      isThere = true;
    },
  };
}

test('a gateway that is away is asked for at growing intervals of up to a minute', async () => {
  const { clock, watch, asked, found } = setUp();
  watch.start();
  await clock.advance(190_000);
  expect(asked).toEqual([1, 3, 7, 15, 31, 63, 123, 183]);
  expect(found()).toBe(0);
});

test('once it is found it is asked no more, unless it was of no use', async () => {
  const { clock, watch, asked, found, appear } = setUp();
  appear();
  watch.start();
  await clock.advance(100_000);
  expect(found()).toBe(1);
  expect(asked).toEqual([1]);
  watch.retry();
  await clock.advance(2_000);
  expect(found()).toBe(2);
  expect(asked).toEqual([1, 102]);
});

test('after a stop nothing is asked or found', async () => {
  const { clock, watch, found, appear } = setUp();
  watch.start();
  watch.stop();
  appear();
  await clock.advance(100_000);
  expect(found()).toBe(0);
  expect(clock.pendingCount()).toBe(0);
});
