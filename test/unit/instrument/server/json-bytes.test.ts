import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytes } from '../../../../src/instrument/server/json-bytes.ts';

test('the size of a value is that of its JSON text in UTF-8', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
    }),
  );
});

test.each([
  ['an object with what JSON leaves out', { a: undefined, b: () => 1, c: 'ü"\n' }],
  ['a date', { at: new Date(0) }],
  ['a list with gaps', [undefined, Number.NaN, null, true]],
  ['an empty list in an empty object', { a: [], b: {} }],
])('%s has the size of its text', (_title, value) => {
  expect(jsonBytes(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
});

test('of a long text, escapes are not counted', () => {
  const text = 'ü\n'.repeat(10_000);
  expect(jsonBytes(text)).toBe(30_002);
});
