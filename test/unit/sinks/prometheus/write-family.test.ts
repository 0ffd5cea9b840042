import { expect, test } from 'vitest';
import { writeHeader, writeSamples } from '../../../../src/sinks/prometheus/write-family.ts';
import type { Metric } from '../../../../src/catalog/metric.ts';

const counter: Metric = {
  name: 'calls_total',
  kind: 'counter',
  help: 'A "quoted" \\ and\nbroken help.',
  labels: [],
  area: 'self',
  since: '0.1.0',
};

test('text escapes backslash and line feed in help and keeps the name of a counter', () => {
  expect(writeHeader(counter, 'text')).toBe(
    '# HELP calls_total A "quoted" \\\\ and\\nbroken help.\n# TYPE calls_total counter\n',
  );
});

test('OpenMetrics escapes quotes in help as well and names the family without _total', () => {
  expect(writeHeader(counter, 'openmetrics')).toBe(
    '# HELP calls A \\"quoted\\" \\\\ and\\nbroken help.\n# TYPE calls counter\n',
  );
});

test.each([
  ['a whole number', 3, '3'],
  ['a fraction', 0.25, '0.25'],
  ['a tiny number', 1e-9, '1e-9'],
  ['a huge number', 1e21, '1e+21'],
  ['infinity', Infinity, '+Inf'],
  ['negative infinity', -Infinity, '-Inf'],
  ['not a number', Number.NaN, 'NaN'],
])('%s is written as both formats read it', (_name, value, text) => {
  expect(writeSamples('m', [{ labels: {}, value }], 'text')).toBe(`m ${text}\n`);
});

test('the bounds of a histogram are floats, so that Prometheus 2 and 3 see the same series', () => {
  const bounds = [0.25, 1, 120, '+Inf'].map((le) => ({
    labels: { le, server: 'a' },
    value: 1,
    metricName: 'm_bucket',
  }));
  expect(writeSamples('m', bounds, 'text').match(/le="[^"]+"/g)).toEqual([
    'le="0.25"',
    'le="1.0"',
    'le="120.0"',
    'le="+Inf"',
  ]);
});

test('a label value is escaped', () => {
  expect(writeSamples('m', [{ labels: { a: 'x"y\\z\nw', b: '' }, value: 1 }], 'text')).toBe(
    'm{a="x\\"y\\\\z\\nw",b=""} 1\n',
  );
});
