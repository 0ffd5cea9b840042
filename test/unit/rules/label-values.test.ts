import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { STATUSES } from '../../../src/facts/rules/health.ts';
import { lintExpression, lintSeries } from '../../rules/support/lint-expression.ts';
import {
  knownSeries,
  readGroups,
  readTestFiles,
  recordingRules,
} from '../../rules/support/rule-files.ts';

// Goal: no rule and no test of a rule uses a label value that no series ever has. lint.test.ts checks the rules themselves.

const KNOWN = knownSeries(recordingRules(readGroups()));

interface RuleTests {
  readonly tests: readonly {
    readonly input_series?: readonly { readonly series: string }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly exp_samples?: readonly { readonly labels: string }[];
    }[];
  }[];
}

const FILES = readTestFiles().map(({ file, text }) => {
  const { tests } = parse(text) as RuleTests;
  const checks = tests.flatMap(({ promql_expr_test }) => promql_expr_test ?? []);
  return {
    file,
    series: [
      ...tests.flatMap(({ input_series }) => (input_series ?? []).map(({ series }) => series)),
      // A sample without a name is the result of an operation.
      ...checks.flatMap(({ exp_samples }) =>
        (exp_samples ?? []).map(({ labels }) => labels).filter((labels) => /^\w/.test(labels)),
      ),
    ],
  };
});

test('there are series to check', () => {
  expect(FILES.flatMap(({ series }) => series).length).toBeGreaterThan(300);
});

test.each(FILES)('the series in $file have labels and values that exist', ({ series }) => {
  expect(series.flatMap((name) => lintSeries(name, KNOWN))).toEqual([]);
});

test.each([
  ['what rules record from a list', 'gateway_status:mcp_servers:sum', 'status', STATUSES],
  [
    'what another rule recorded',
    'gateway_server_direction:mcp_tokens:increase1h',
    'direction',
    ['input', 'output'],
  ],
])('%s keeps the values of the list', (_what, name, label, values) => {
  expect(KNOWN.get(name)?.values?.[label]).toEqual(values);
});

test.each([
  ['a value that no series has', 'mcp_requests_total{outcome="ok"}', 'outcome of'],
  ['a recorded one', 'gateway_status:mcp_servers:sum{status="down"}', 'status of'],
  ['a label that no series has', 'mcp_server_up{tool="x"}', 'has no label tool'],
  ['an unknown series', 'mcp_upp{server="x"}', 'neither in the catalog nor recorded'],
])('%s is found', (_what, series, finding) => {
  expect(lintSeries(series, KNOWN)).toEqual([expect.stringContaining(finding)]);
});

test('a query of a recorded series with an impossible value is found', () => {
  const expr = 'gateway_status:mcp_servers:sum{status="down"} > 0';
  expect(lintExpression(expr, { known: KNOWN })).toHaveLength(1);
});
