import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRateLimiter } from '../../../../src/facts/rules/rate-limit.ts';

test('a burst is let through, then one request per share of the time', () => {
  const limiter = createRateLimiter({ requests: 10, perMs: 1_000, burst: 3 });
  expect([1, 2, 3].map(() => limiter.take('a', 0))).toEqual([0, 0, 0]);
  expect(limiter.take('a', 0)).toBe(100);
  expect(limiter.take('a', 99)).toBe(1);
  expect(limiter.take('a', 100)).toBe(0);
  expect(limiter.take('a', 100)).toBe(100);
});

test('what is refused costs nothing, so that the wait that was told is enough', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 1_000, burst: 1 });
  limiter.take('a', 0);
  for (let i = 0; i < 50; i++) expect(limiter.take('a', 10)).toBe(990);
  expect(limiter.take('a', 1_000)).toBe(0);
});

test('clients do not pay for each other', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 1_000, burst: 1 });
  expect([limiter.take('a', 0), limiter.take('b', 0), limiter.take('a', 0)]).toEqual([0, 0, 1_000]);
});

test('a limit without a burst lets nobody through', () => {
  expect(createRateLimiter({ requests: 1, perMs: 1_000, burst: 0 }).take('a', 0)).toBe(1_000);
});

test('a hundred thousand clients are not remembered, and those that came last are', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 60_000, burst: 1 }, 1_000);
  for (let i = 0; i < 100_000; i++) limiter.take(`client ${i}`, i / 100);
  expect(limiter.size).toBe(1_000);
  expect(limiter.take('client 99999', 1_000)).toBeGreaterThan(0);
  expect(limiter.take('client 1', 1_000)).toBe(0);
});

test('clients whose bucket is full again make room first', () => {
  const limiter = createRateLimiter({ requests: 1, perMs: 100, burst: 1 }, 3);
  for (const client of ['a', 'b', 'c']) limiter.take(client, 0);
  limiter.take('d', 1_000);
  expect(limiter.size).toBe(1);
});

test('whatever the requests, no window of time lets more through than rate and burst allow', () => {
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
          if (limiter.take('a', nowMs) === 0) passed.push(nowMs);
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
