import { expect, test } from 'vitest';
import { forwardHeaders, returnHeaders } from '../../../../src/sources/gateway/http-headers.ts';

const FIELDS = [
  ['A', '1'],
  ['b', '2'],
  ['C', '3'],
] as const;

test.each([
  ['one field', [['Connection', 'a, B']], ['C', '3']],
  [
    'several fields',
    [
      ['Connection', 'a'],
      ['connection', 'b'],
    ],
    ['C', '3'],
  ],
  [
    'several fields, the last of which names none',
    [
      ['Connection', 'A, b'],
      ['Connection', 'keep-alive'],
    ],
    ['C', '3'],
  ],
  ['no field', [], ['A', '1', 'b', '2', 'C', '3']],
])('what %s of Connection names does not reach the client', (_what, connection, kept) => {
  const raw = [...FIELDS, ...connection].flat();
  expect(returnHeaders(raw, { status: 200 })).toEqual(kept);
  expect(
    returnHeaders(
      raw.map((text) => Buffer.from(text)),
      { status: 200 },
    ),
  ).toEqual(kept);
});

test('what several fields of Connection name does not reach the server', () => {
  const raw = [...FIELDS, ['Connection', 'a'], ['Connection', 'b']].flat();
  // As node:http joins them.
  expect(forwardHeaders(raw, 'a, b', [])).toEqual(['C', '3']);
});

test.each(['TE', 'Trailer', 'Upgrade', 'Keep-Alive', 'Proxy-Connection', 'Transfer-Encoding'])(
  '%s belongs to one connection in either direction',
  (name) => {
    expect(returnHeaders([name, 'x'], { status: 200 })).toEqual([]);
    expect(forwardHeaders([name, 'x'], undefined, [])).toEqual([]);
  },
);

test.each([
  [200, '5', false, true],
  [200, '5', true, false],
  [204, '0', false, true],
  [204, '5', false, false],
  [304, '5', false, true],
])(
  'of status %d the length %s, with a rewritten body: %s, is returned: %s',
  (status, length, isRewritten, isKept) => {
    const raw = ['Content-Length', length];
    expect(returnHeaders(raw, { status, isRewritten })).toEqual(isKept ? raw : []);
  },
);
