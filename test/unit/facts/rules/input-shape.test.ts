import { expect, test } from 'vitest';
import {
  contradictsShape,
  inputShapeOf,
  promptShapeOf,
} from '../../../../src/facts/rules/input-shape.ts';

test.each<[string, unknown]>([
  ['no object', 'string'],
  ['empty', { type: 'object' }],
  ['of properties without a type', { properties: { a: { anyOf: [{ type: 'string' }] }, b: true } }],
  [
    'of too many properties',
    {
      properties: Object.fromEntries(
        Array.from({ length: 201 }, (_, index) => [`p${index}`, { type: 'string' }]),
      ),
    },
  ],
  ['of a very long name', { required: ['x'.repeat(201)] }],
])('a schema that is %s has no shape', (_what, schema) => {
  expect(inputShapeOf(schema)).toBeUndefined();
});

test('further properties are allowed if a pattern or nothing forbids them', () => {
  const properties = { a: { type: 'string' } };
  const closed = { properties, additionalProperties: false };
  const shapes = [{ properties }, closed, { ...closed, patternProperties: {} }].map(inputShapeOf);
  expect(shapes.map((shape) => shape && contradictsShape(shape, { other: 1 }))).toEqual([
    false,
    true,
    false,
  ]);
});

test.each<[string, unknown, boolean]>([
  ['string', 'x', true],
  ['string', 1, false],
  ['integer', 1, true],
  ['integer', 1.5, false],
  ['number', 1, true],
  ['number', '1', false],
  ['boolean', false, true],
  ['array', [], true],
  ['array', {}, false],
  ['object', {}, true],
  ['object', null, false],
  ['null', null, true],
  ['a type of the future', 1, true],
])('as a property of type %s, %j fits: %s', (type, value, fits) => {
  const shape = inputShapeOf({ properties: { p: { type } } });
  expect(shape && contradictsShape(shape, { p: value })).toBe(!fits);
});

test('a nullable property may be null', () => {
  const shape = inputShapeOf({ properties: { p: { type: 'string', nullable: true } } });
  expect(shape && contradictsShape(shape, { p: null })).toBe(false);
});

test('arguments of a prompt are strings, some of them required', () => {
  const shape = promptShapeOf([{ name: 'city', required: true }, { name: 'unit' }]);
  expect(shape && contradictsShape(shape, { city: 'Rome' })).toBe(false);
  expect(shape && contradictsShape(shape, { unit: 'C' })).toBe(true);
  expect(shape && contradictsShape(shape, { city: 1 })).toBe(true);
  expect(promptShapeOf('none')).toBeUndefined();
});
