import { parser } from '@prometheus-io/lezer-promql';
import { expect, test } from 'vitest';
import { renderUserAlerts } from '../../../../src/sinks/alerting/user-alerts.ts';
import { ALERT_METRICS, COMPARISONS, type UserAlert } from '../../../../src/facts/user-alert.ts';
import { METRICS_PAGE } from '../../../../src/catalog/catalog.ts';

function build(fields: Partial<UserAlert> = {}): UserAlert {
  return {
    name: 'Mine',
    metric: 'response_time',
    op: '>',
    threshold: 0.5,
    thresholdText: '500ms',
    forMs: 300_000,
    servers: 'all',
    severity: 'warning',
    ...fields,
  };
}

function ruleOf(fields: Partial<UserAlert>) {
  const [rule] = renderUserAlerts([build(fields)], METRICS_PAGE).groups[0]?.rules ?? [];
  if (!rule) throw new Error('no rule');
  return rule;
}

function mistakesIn(expression: string): number {
  let mistakes = 0;
  parser.parse(expression).iterate({
    enter: ({ type }) => {
      if (type.isError) mistakes++;
    },
  });
  return mistakes;
}

const METRICS = [...ALERT_METRICS, ...METRICS_PAGE.map(({ name }) => name)];
const NAMES = ['all', ['one'], ['a "b"', String.raw`c.d\e|(f)`, '{{ $g }}']] as const;

test('every metric, with every comparison and any names of servers, is good PromQL', () => {
  expect(METRICS.length).toBeGreaterThan(80);
  for (const metric of METRICS)
    for (const op of COMPARISONS)
      for (const servers of NAMES) {
        const { expr } = ruleOf({ metric, op, servers });
        expect([expr, mistakesIn(expr)]).toEqual([expr, 0]);
      }
});

test('the check finds bad PromQL', () => {
  expect(mistakesIn('sum by (a (b)')).toBeGreaterThan(0);
});

test('every rule carries what routes and messages need', () => {
  for (const metric of METRICS) {
    const { labels, annotations } = ruleOf({ metric });
    expect(labels).toEqual({ severity: 'warning', component: 'mcp', origin: 'user' });
    expect(Object.keys(annotations).toSorted()).toEqual([
      'dashboard_url',
      'description',
      'runbook_url',
      'summary',
      'value',
    ]);
  }
});

test('channels travel as a label', () => {
  expect(ruleOf({ channels: ['email', 'slack'] }).labels['channels']).toBe('email,slack');
});

test('names of servers are compared as a whole and never as a pattern', () => {
  expect(ruleOf({ servers: ['a.b'] }).expr).toContain('{server="a.b"}');
  expect(ruleOf({ servers: ['a.b', 'c'] }).expr).toContain(String.raw`{server=~"a\\.b|c"}`);
});

test('a metric of the exporter itself asks for no server', () => {
  const { expr, annotations } = ruleOf({
    metric: 'nodejs_eventloop_lag_p99_seconds',
    servers: ['a'],
  });
  expect(expr).toBe('max by (job, gateway) (nodejs_eventloop_lag_p99_seconds) > 0.5');
  expect(annotations['description']).not.toContain('$labels.server');
});

test('a metric that is not there is a mistake of the programmer', () => {
  expect(() => ruleOf({ metric: 'nothing' })).toThrow('no metric nothing');
});

test('without alerts there are no groups', () => {
  expect(renderUserAlerts([], METRICS_PAGE)).toEqual({ groups: [] });
});
