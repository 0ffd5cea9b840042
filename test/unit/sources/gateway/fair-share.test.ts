import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFairShare, type FairShare } from '../../../../src/sources/gateway/fair-share.ts';

function fill(share: FairShare, client: string): number {
  let entered = 0;
  while (share.enter(client)) entered++;
  return entered;
}

test('one greedy client gets seven eighths and leaves room for others', () => {
  const share = createFairShare(256);
  expect(fill(share, 'greedy')).toBe(224);
  expect(share.enter('other')).toBe(true);
  expect(share.enter('greedy')).toBe(false);
});

test('at the cap everybody is refused, and the cap is never exceeded', () => {
  const share = createFairShare(16);
  for (let i = 0; i < 100; i++) fill(share, `client ${i}`);
  expect(share.inFlight).toBe(16);
});

test('a place that is left can be taken again, and leaving twice frees only what is held', () => {
  const share = createFairShare(2);
  share.enter('a');
  share.enter('b');
  expect(share.enter('c')).toBe(false);
  share.leave('a');
  share.leave('a');
  expect(share.inFlight).toBe(1);
  expect(share.enter('c')).toBe(true);
  expect(share.enter('c')).toBe(false);
});

test.each([1, 2, 7])('a cap of %i has no eighth to keep and is used up', (max) => {
  expect(fill(createFairShare(max), 'a')).toBe(max);
});

test('a smaller cap holds for new requests, and a larger one at once', () => {
  const share = createFairShare(4);
  fill(share, 'a');
  share.setMax(2);
  share.leave('a');
  share.leave('a');
  expect(share.enter('a')).toBe(false);
  share.setMax(8);
  expect(share.enter('a')).toBe(true);
});

test('among several greedy clients that all want everything, a newcomer still finds a place', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 64, max: 500 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(), { minLength: 50, maxLength: 2_000 }),
      (max, clients, choices) => {
        const share = createFairShare(max);
        for (const choice of choices) share.enter(`client ${choice % clients}`);
        for (let i = 0; i < clients; i++) fill(share, `client ${i}`);
        expect(share.inFlight).toBeLessThanOrEqual(max);
        expect(share.enter('newcomer')).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test('entering and leaving in any order never loses or invents a place', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat(5)), { maxLength: 300 }),
      (max, steps) => {
        const share = createFairShare(max);
        const held = Array.from({ length: 6 }, () => 0);
        for (const [enters, client] of steps) {
          const own = held[client] ?? 0;
          if (enters && share.enter(String(client))) held[client] = own + 1;
          if (!enters && own > 0) {
            share.leave(String(client));
            held[client] = own - 1;
          }
          expect(share.inFlight).toBe(held.reduce((sum, each) => sum + each, 0));
          expect(share.inFlight).toBeLessThanOrEqual(max);
        }
      },
    ),
  );
});
