import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPendingMap } from '../../../src/protocol/pending-map.ts';

test('whatever is set and deleted, it holds the same as a map in the same order', () => {
  const steps = fc.array(fc.record({ key: fc.nat(20), deletes: fc.boolean() }), {
    minLength: 300,
    maxLength: 600,
  });
  fc.assert(
    fc.property(steps, (taken) => {
      const map = new Map<number, number>();
      const pending = createPendingMap<number, number>();
      for (const [value, { key, deletes }] of taken.entries()) {
        if (deletes) {
          expect(pending.delete(key)).toBe(map.delete(key));
        } else {
          map.set(key, value);
          pending.set(key, value);
        }
        expect(pending.get(key)).toBe(map.get(key));
        expect(pending.size).toBe(map.size);
      }
      expect([...pending.keys()]).toEqual([...map.keys()]);
      expect([...pending.values()]).toEqual([...map.values()]);
    }),
  );
});

test('each of a thousand members may be deleted while they are walked', () => {
  const pending = createPendingMap<number, number>();
  for (let key = 0; key < 1_000; key += 1) pending.set(key, key);
  const seen: number[] = [];
  for (const key of pending.keys()) {
    seen.push(key);
    pending.delete(key);
  }
  expect(seen).toHaveLength(1_000);
  expect(pending.size).toBe(0);
});
