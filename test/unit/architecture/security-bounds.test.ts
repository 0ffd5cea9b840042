import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROW = /^\| (.+?) +\| (\d+) +\| `(.+?)` `(\w+)` +\|$/;
const rows = readFileSync('docs/security.md', 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, what, bound, file, constant] = ROW.exec(line) ?? [];
    return what === undefined ? [] : [{ what, bound: Number(bound), file, constant }];
  });

test('the table of bounds was read', () => {
  expect(rows.length).toBeGreaterThan(15);
});

test.each(rows)(
  'the documented bound of $what is that of the code',
  ({ bound, file, constant }) => {
    const source = readFileSync(`src/${file}`, 'utf8');
    const [, written = ''] = new RegExp(`const ${constant} = ([\\d_ *]+);`).exec(source) ?? [];
    const factors = written.replaceAll('_', '').split('*').map(Number);
    expect(factors.reduce((product, factor) => product * factor, 1)).toBe(bound);
  },
);
