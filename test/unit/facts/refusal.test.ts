import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type Refusal,
  type RefusalName,
  REFUSALS,
  renderRefusal,
} from '../../../src/facts/refusal.ts';

const page = readFileSync('docs/errors.md', 'utf8');
const rows = page
  .split('\n')
  .filter((line) => /^\| -\d/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
const refusals = Object.entries(REFUSALS) as [RefusalName, Refusal][];

test.each(refusals)(
  'the page says of %s what the code does, and what to do about it',
  (name, { code, status, verdict }) => {
    const row = rows.find((cells) => cells[2] === name) ?? [];
    expect(row.slice(1, 5)).toEqual([String(code), name, String(status), verdict.outcome]);
    expect(row[5]).toMatch(/\.$/);
    expect(row[6]).toMatch(/\.$/);
  },
);

test('the page speaks of no error that is not in the code', () => {
  expect(rows.map((row) => row[2]).toSorted()).toEqual(Object.keys(REFUSALS).toSorted());
});

test('codes of our own are unique, and all lie in the range that JSON-RPC reserves', () => {
  const own = refusals
    .map(([, { code }]) => code)
    .filter((code) => code <= -32040 && code > -32070);
  expect(new Set(own).size).toBe(own.length);
  for (const [, { code }] of refusals) expect(code >= -32768 && code <= -32000).toBe(true);
});

test.each(refusals)('%s is a well-formed JSON-RPC error whatever its detail holds', (name) => {
  const detail = 'quote " backslash \\ line\nfeed \u2028 😀';
  expect(JSON.parse(renderRefusal(name, '"a\\"b"', detail))).toEqual({
    jsonrpc: '2.0',
    id: 'a"b',
    error: {
      code: REFUSALS[name].code,
      message: `${REFUSALS[name].message}: ${detail}`,
      data: { reason: name, source: 'mcp-exporter' },
    },
  });
});

test('an unknown id is null', () => {
  expect(JSON.parse(renderRefusal('timeout', undefined))).toMatchObject({ id: null });
});
