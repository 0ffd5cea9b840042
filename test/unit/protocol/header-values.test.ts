import { expect, test } from 'vitest';
import {
  encodeHeaderValue,
  findMirroredParams,
  mirrorParams,
} from '../../../src/protocol/header-values.ts';

test.each([
  ['plain ASCII', 'a tool.name/1', 'a tool.name/1'],
  ['nothing', '', '=?base64??='],
  ['a blank at an end', ' a', '=?base64?IGE=?='],
  ['a line break', 'a\nb', '=?base64?YQpi?='],
  ['other letters', 'ü', '=?base64?w7w=?='],
  ['what looks encoded', '=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?='],
])('%s in a header', (_name, value, encoded) => {
  expect(encodeHeaderValue(value)).toBe(encoded);
});

test('only annotated properties with a usable name are mirrored, at any depth', () => {
  const schema = {
    'x-mcp-header': 'Root',
    properties: {
      plain: { type: 'string' },
      a: { type: 'string', 'x-mcp-header': 'A' },
      b: { properties: { c: { type: 'integer', 'x-mcp-header': 'C' } } },
      bad: { type: 'string', 'x-mcp-header': 'no header\r\nInjected: 1' },
    },
  };
  expect(findMirroredParams(schema)).toEqual([
    { name: 'A', path: ['a'] },
    { name: 'C', path: ['b', 'c'] },
  ]);
});

test.each([
  ['text', 'x', 'x'],
  ['a number', 3, '3'],
  ['a truth value', false, 'false'],
  ['null', null, undefined],
  ['an object', {}, undefined],
  ['a number that is not exact', 2 ** 60, undefined],
  ['nothing', undefined, undefined],
])('an argument that is %s', (_name, value, header) => {
  expect(mirrorParams([{ name: 'A', path: ['a'] }], { a: value })['mcp-param-a']).toBe(header);
});
