import { expect, test } from 'vitest';
import type { AlertRule } from '../../../src/catalog/rule-file.ts';
import { REVISIONS } from '../../../src/facts/revisions.ts';
import { lintExpression } from '../../rules/support/lint-expression.ts';
import {
  alertRules,
  isCounter,
  knownSeries,
  labelsOf,
  readGroups,
  recordingRules,
} from '../../rules/support/rule-files.ts';
import { templateLabels, templateQueries } from '../../rules/support/template-parts.ts';

const GROUPS = readGroups();
const RECORDED = recordingRules(GROUPS);
const ALERTS = alertRules(GROUPS);
const KNOWN = knownSeries(RECORDED);

const RUNBOOK = 'https://github.com/mcp-exporter/mcp-exporter/blob/main/docs/runbook.md#';
/** Names from existing monitoring guides. */
const FOREIGN_NAMES = [
  'CriticalErrorRate',
  'ErrorRateAboveThreshold',
  'HighCPUUsage',
  'HighErrorRate',
  'HighMemoryUsage',
  'HighRequestLatency',
  'HighServerErrorRate',
  'PossibleBruteForceAttack',
  'SlowResponses',
];
const LEVEL_LABELS = [
  'gateway',
  'server',
  'operation',
  'error_type',
  'direction',
  'status',
  'resource',
  'slo',
  'reason',
  'tool',
  'source',
  'client',
  'protocol_version',
  'window',
  'user',
  'instance',
];

/** `gateway_server_error_type` as labels. */
function labelsOfLevel(record: string): string[] {
  let level = `_${record.split(':')[0]}`;
  const labels: string[] = [];
  for (const label of LEVEL_LABELS) {
    if (!level.includes(`_${label}`)) continue;
    labels.push(label);
    level = level.replace(`_${label}`, '');
  }
  expect(level, `${record} has a level that is no list of labels`).toBe('');
  return labels;
}

/** Anomalies, objectives and limits name a topic, not a level. */
const LEVELLED = RECORDED.filter(({ record }) => !record.startsWith('mcp:'));

test('there are rules to check', () => {
  expect(LEVELLED.length).toBeGreaterThan(100);
  expect(ALERTS.length).toBeGreaterThan(40);
});

test.each(RECORDED.map(({ record, expr }) => [record, expr]))(
  'the query of %s uses existing series correctly: %s',
  (record, expr) => {
    const mayDrop = /^(?:mcp:|[^:]*server)/.test(record) ? [] : ['server'];
    const recordsCounter = isCounter(record);
    expect(lintExpression(expr, { known: KNOWN, mayDrop, recordsCounter })).toEqual([]);
  },
);

test.each(ALERTS.map(({ alert, expr }) => [alert, expr]))(
  'the query of the alert %s uses existing series correctly: %s',
  (_alert, expr) => {
    expect(lintExpression(expr, { known: KNOWN })).toEqual([]);
  },
);

test.each(LEVELLED.map((rule) => [rule.record, rule] as const))(
  'the level of %s lists its labels',
  (record, rule) => {
    const bucket = record.includes('_bucket:') ? ['le'] : [];
    const wanted = new Set(['job', ...labelsOfLevel(record), ...bucket]);
    expect(labelsOf(rule, KNOWN)).toEqual(wanted);
    expect(record).toMatch(/^[a-z_]+:[a-z_0-9]+:[a-z0-9_]+$/);
  },
);

test('only one expression defines failures, and one their kinds', () => {
  const places = [...RECORDED, ...ALERTS].filter(({ expr }) => /outcome[^}]*tool_error/.test(expr));
  expect(places.map((rule) => ('record' in rule ? rule.record : rule.alert))).toEqual([
    'gateway_server_operation_instance:mcp_requests_failed:process_total',
    'gateway_server_instance:mcp_requests_tool_error:process_total',
  ]);
});

test('the rules have a number for every protocol revision', () => {
  const rule = RECORDED.find(({ record }) => record.endsWith(':mcp_server_protocol:revision'));
  for (const revision of REVISIONS.keys()) {
    expect(rule?.expr).toContain(
      `${revision.replaceAll('-', '')} * max by (job, gateway, server) (mcp_server_info{protocol_version="${revision}"})`,
    );
  }
});

/** What is wrong with the looks of an alert. */
function lintAlert({ alert, expr, labels, annotations, ...rule }: AlertRule): string[] {
  const { summary, description, value, runbook_url, dashboard_url, ...others } = annotations;
  const there = new Set([...labelsOf({ expr, labels }, KNOWN), 'alertname']);
  const texts = Object.values(annotations).join('\n');
  const findings: [boolean, string][] = [
    [/^Mcp[A-Z]\w+$/.test(alert) || [...FOREIGN_NAMES, 'Watchdog'].includes(alert), 'its name'],
    [
      [
        'critical',
        'warning',
        'info',
        ...(['Watchdog', 'McpServerMaintenance'].includes(alert) ? ['none'] : []),
      ].includes(labels['severity'] ?? ''),
      'its severity',
    ],
    [labels['component'] === 'mcp', 'its component'],
    [Boolean(summary) && !summary?.includes('{{') && !summary?.endsWith('.'), 'its summary'],
    [description?.endsWith('.') === true, 'its description'],
    [
      ['Watchdog', 'McpExporterAbsent'].includes(alert) ||
        /\$(?:value|labels)/.test(description ?? ''),
      'a description that names neither who nor how much',
    ],
    // Read as a number by the history, and shown as it is in messages.
    [/^\{\{ \$value \| printf "%\.(?:0f|2f|4g)" \}\}$/.test(value ?? ''), 'its value'],
    [runbook_url === `${RUNBOOK}${alert.toLowerCase()}`, 'its runbook_url'],
    [/^\/d\/mcp-[a-z]+(?:\?var-|$)/.test(dashboard_url ?? ''), 'its dashboard_url'],
    [Object.keys(others).length === 0, 'an annotation that no template shows'],
    [
      rule.for !== undefined || rule.keep_firing_for !== undefined || /\[\d+m\]|vector/.test(expr),
      'nothing to keep it from flapping',
    ],
  ];
  return [
    ...findings.filter(([isFine]) => !isFine).map(([, what]) => what),
    ...templateLabels(texts)
      .filter((label) => !there.has(label))
      .map((label) => `a template names the label ${label}, which the alert does not have`),
    ...templateQueries(texts).flatMap((query) =>
      lintExpression(query, { known: KNOWN, mayDrop: ['job', 'gateway', 'server'] }),
    ),
  ];
}

test.each(ALERTS.map((rule) => [rule.alert, rule] as const))(
  'the alert %s has its server, problem, severity, dashboard and runbook',
  (_alert, rule) => {
    expect(lintAlert(rule)).toEqual([]);
  },
);

test('every alert name of the monitoring guides exists', () => {
  const names = ALERTS.map(({ alert }) => alert);
  expect(FOREIGN_NAMES.filter((name) => !names.includes(name))).toEqual([]);
});

test.each([
  ['an unknown metric', 'mcp_request_total > 1', 'neither in the catalog nor recorded'],
  ['an unknown recorded series', 'gateway:mcp_requests:rate9m', 'neither in the catalog'],
  ['a label that the metric lacks', 'mcp_server_up{tool="x"}', 'mcp_server_up has no label tool'],
  [
    'a value that the label never has',
    'mcp_server_status{status="down"}',
    'status of mcp_server_status is never "down"',
  ],
  [
    'one wrong value of several',
    'rate(mcp_requests_total{outcome=~"timeout|tool_eror"}[5m])',
    'outcome of mcp_requests_total is never "tool_eror"',
  ],
  ['a bare counter', 'mcp_requests_total > 5', 'is a counter without rate'],
  [
    'a recorded counter as it is',
    'gateway_server_instance:mcp_cost_usd:process_total',
    'is a counter without rate',
  ],
  ['a bare part of a histogram', 'mcp_probe_duration_seconds_sum', 'is a counter without rate'],
  [
    'a counter in a function for gauges',
    'max_over_time(mcp_cost_usd_total[5m])',
    'is a counter without rate',
  ],
  ['the rate of a gauge', 'rate(mcp_server_up[5m])', 'which is a gauge'],
  ['the rate of a recorded rate', 'rate(gateway:mcp_requests:rate5m[5m])', 'which is recorded'],
  [
    'a rate within a subquery of a rate',
    'rate(gateway_server:mcp_requests:rate5m[1h:5m])',
    'which is recorded',
  ],
  [
    'a gateway that is added up',
    'sum by (job, server) (rate(mcp_requests_total[5m]))',
    'different values of gateway',
  ],
  [
    'a server that is added up',
    'sum by (job, gateway) (mcp_active_sessions)',
    'different values of server',
  ],
  [
    'an aggregation without by',
    'sum(gateway_server:mcp_requests:rate5m)',
    'different values of job',
  ],
  [
    'a by that names nothing there is',
    'sum by (job, gateway, server, outcome) (mcp_server_up)',
    'the label outcome, which nothing in it has',
  ],
  [
    'a match on a label of one side',
    'mcp_server_up / on (server, tool) mcp_probe_success',
    'the label tool, which one side does not have',
  ],
  [
    'a whole number as bound of a bucket',
    'rate(mcp_request_duration_seconds_bucket{le="1"}[5m])',
    'is a whole number',
  ],
  [
    'a whole number with a point',
    'gateway:mcp_request_duration_seconds_bucket:rate5m{le="5.0"}',
    'is a whole number',
  ],
  [
    'a bound that is not there',
    'rate(mcp_request_duration_seconds_bucket{le="0.75"}[5m])',
    'is never "0.75"',
  ],
  ['a range of less than four scrapes', 'rate(mcp_requests_total[30s])', 'less than four scrapes'],
  ['text that does not parse', 'sum by (job (mcp_server_up)', 'does not parse'],
])('the lint finds %s', (_what, expr, finding) => {
  expect(lintExpression(expr, { known: KNOWN }).join('\n')).toContain(finding);
});

test('the lint finds what an alert lacks', () => {
  const [model] = ALERTS;
  expect(model && lintAlert(model)).toEqual([]);
  expect(
    lintAlert({
      alert: 'serverDown',
      expr: 'mcp_server_up == 0',
      labels: { severity: 'page' },
      annotations: {
        summary: 'Down.',
        description:
          '{{ $labels.tool }} {{ range query (printf "mcp_upp{server=%q}" $labels.server) }}{{ end }}',
      },
    }),
  ).toEqual([
    'its name',
    'its severity',
    'its component',
    'its summary',
    'its description',
    'its value',
    'its runbook_url',
    'its dashboard_url',
    'nothing to keep it from flapping',
    'a template names the label tool, which the alert does not have',
    'mcp_upp is neither in the catalog nor recorded',
  ]);
});
