import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCallLines } from '../../../../src/sinks/log/call-lines.ts';
import { buildCall } from '../../../fakes/build-call.ts';

const lines = createCallLines(() => '');
const DAY_MS = 86_400_000;

test('any instant is printed as toISOString does, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -DAY_MS, max: 4_102_444_800_000 })), (instants) => {
      for (const ms of instants) {
        const { time } = JSON.parse(lines.access(buildCall(), ms)) as { time: string };
        expect(time).toBe(new Date(ms).toISOString());
      }
    }),
  );
});

test('any text that a client chooses is one JSON string without control characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (user) => {
      const line = lines.access(buildCall({ user }), 0);
      expect(line).not.toMatch(/[^\P{Cc}\n]/u);
      const { length } = user;
      expect(JSON.parse(line)).toMatchObject({ user: length > 256 ? expect.any(String) : user });
    }),
  );
});

test.each(['', 'plain', '"', '\\', 'a"b', '\u007f', '\u009b31m', 'é', '\n', 'x'.repeat(129)])(
  'the name %j is printed so that it is read back',
  (user) => {
    expect(JSON.parse(lines.access(buildCall({ user }), 0))).toMatchObject({ user });
  },
);
