import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLabelBound, OVERFLOW_LABEL } from '../../src/facts/rules/label-bound.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom('a', 'b', 'c'),
);

test('whatever is sent, labels stay few, short, well-formed and sticky, and every folding is counted', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 10 }),
      fc.integer({ min: 1, max: 200 }),
      fc.array(text),
      (valuesMax, bytesMax, values) => {
        const bound = createLabelBound({ valuesMax, bytesMax });
        const folded = values.map((value) => bound.fold(value));
        const letIn = new Set(folded.filter((value) => value !== OVERFLOW_LABEL));
        expect(letIn.size).toBeLessThanOrEqual(valuesMax);
        for (const value of letIn) {
          expect(Buffer.byteLength(value)).toBeLessThanOrEqual(bytesMax);
          expect(bound.fold(value)).toBe(value);
          expect(Buffer.from(value).toString()).toBe(value);
        }
        expect(bound.foldedCount()).toBe(folded.filter((value) => value === OVERFLOW_LABEL).length);
        folded.forEach((value, index) => expect([values[index], OVERFLOW_LABEL]).toContain(value));
      },
    ),
  );
});

test('a value is let in when there is room and its UTF-8 fits', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 150 }), (value) => {
      fc.pre(value !== OVERFLOW_LABEL);
      const isShort = Buffer.byteLength(value) <= 128;
      expect(createLabelBound({ valuesMax: 1 }).fold(value)).toBe(isShort ? value : OVERFLOW_LABEL);
    }),
  );
});
