import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateLimiter } from '../../../../src/facts/rules/rate-limit.ts';
import { asMonotonicMs as at } from '../../../../src/facts/time.ts';

test('lets a burst through, then requests at the configured rate', () => {
  const limiter = createRateLimiter({ requests: 10, perMs: 1_000, burst: 3 });
  expect([1, 2, 3].map(() => limiter.take('a', at(0)))).toEqual([0, 0, 0]);
  expect(limiter.take('a', at(0))).toBe(100);
  expect(limiter.take('a', at(99))).toBe(1);
  expect(limiter.take('a', at(100))).toBe(0);
  expect(limiter.take('a', at(100))).toBe(100);
});

test('charges nothing for a refused request, so that the reported wait is long enough', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 1_000, burst: 1 });
  limiter.take('a', at(0));
  for (let i = 0; i < 50; i++) expect(limiter.take('a', at(10))).toBe(990);
  expect(limiter.take('a', at(1_000))).toBe(0);
});

test('limits each client separately', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 1_000, burst: 1 });
  expect([limiter.take('a', at(0)), limiter.take('b', at(0)), limiter.take('a', at(0))]).toEqual([
    0, 0, 1_000,
  ]);
});

test('lets nobody through without a burst', () => {
  expect(createRateLimiter({ requests: 1, perMs: 1_000, burst: 0 }).take('a', at(0))).toBe(1_000);
});

test('remembers only the latest of a hundred thousand clients', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 60_000, burst: 1 }, 1_000);
  for (let i = 0; i < 100_000; i++) limiter.take(`client ${i}`, at(i / 100));
  expect(limiter.size).toBe(1_000);
  expect(limiter.take('client 99999', at(1_000))).toBeGreaterThan(0);
  expect(limiter.take('client 1', at(1_000))).toBe(0);
});

test('forgets clients with a full bucket first', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 100, burst: 1 }, 3);
  for (const client of ['a', 'b', 'c']) limiter.take(client, at(0));
  limiter.take('d', at(1_000));
  expect(limiter.size).toBe(1);
});

test('never lets more through in any window than rate and burst allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 }),
      (requests, perMs, burst, pauses) => {
        const limiter = createRateLimiter({ requests, perMs, burst });
        let nowMs = 0;
        const passed: number[] = [];
        for (const pause of pauses) {
          nowMs += pause;
          if (limiter.take('a', at(nowMs)) === 0) passed.push(nowMs);
        }
        for (const [i, from] of passed.entries())
          for (const [j, to] of passed.entries())
            if (j >= i)
              expect(j - i + 1).toBeLessThanOrEqual(
                burst + ((to - from) * requests) / perMs + 0.01,
              );
      },
    ),
    { numRuns: 100 },
  );
});
