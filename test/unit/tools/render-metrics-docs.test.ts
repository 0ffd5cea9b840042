import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CATALOG } from '../../../src/catalog/catalog.ts';
import { renderMetricsDocs } from '../../../tools/docs/render-metrics-docs.ts';

const docs = new URL('../../../docs/metrics.md', import.meta.url);

test('docs/metrics.md is what the catalog says', () => {
  expect(readFileSync(docs, 'utf8')).toBe(renderMetricsDocs(CATALOG));
});

test('every metric has one row with type, labels, closed values, meaning and version', () => {
  const rows = renderMetricsDocs(CATALOG).split('\n');
  for (const { name, kind, help, since } of CATALOG) {
    const found = rows.filter((row) => row.startsWith(`| \`${name}\` |`));
    expect(found, name).toHaveLength(1);
    expect(found[0]).toContain(`| ${kind} |`);
    expect(found[0]).toContain(help);
    expect(found[0]).toMatch(new RegExp(`\\| ${since} \\|$`));
  }
  expect(rows.join('\n')).toContain('`change` (added, removed, changed)');
});

test('a pipe in a text does not break the table', () => {
  const text = renderMetricsDocs([
    { name: 'x', kind: 'gauge', help: 'a|b', labels: [], area: 'self', since: '0.1.0' },
  ]);
  expect(text).toContain('| `x` | gauge | – | a\\|b | 0.1.0 |');
});
