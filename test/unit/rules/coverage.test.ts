import { expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  alertRules,
  isCounter,
  readGroups,
  readTestFiles,
  recordingRules,
} from '../../rules/support/rule-files.ts';

// Goal: no rule without its test, and no test of a rule that is gone. Method: reads what promtool runs.

interface AlertCheck {
  readonly alertname: string;
  readonly eval_time: string;
  readonly exp_alerts: readonly {
    readonly exp_labels: Readonly<Record<string, string>>;
    readonly exp_annotations: Readonly<Record<string, string>>;
  }[];
}

interface RuleTest {
  readonly name: string;
  readonly input_series?: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly AlertCheck[];
  readonly promql_expr_test?: readonly {
    readonly expr: string;
    readonly exp_samples: readonly unknown[];
  }[];
}

const GROUPS = readGroups();
const FILES = readTestFiles();
const TESTS = FILES.flatMap(({ file, text }) =>
  (parse(text) as { tests: readonly RuleTest[] }).tests.map((test) => ({ file, test })),
);
const ALERTS = [...new Set(alertRules(GROUPS).map(({ alert }) => alert))];
const RECORDED = [...new Set(recordingRules(GROUPS).map(({ record }) => record))];
/** Counters are tested by what is read from them: test/rules/windows.test.ts. */
const TESTED = RECORDED.filter((record) => !isCounter(record));

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

function secondsOf(time: string): number {
  return [...time.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? NaN),
    0,
  );
}

/** What one test shows of one alert, in order of time. */
interface Story {
  readonly isQuietBefore: boolean;
  readonly fires: boolean;
  readonly isQuietAfter: boolean;
}

function tellStory(checks: readonly AlertCheck[]): Story {
  const inOrder = checks.toSorted((a, b) => secondsOf(a.eval_time) - secondsOf(b.eval_time));
  const fires = inOrder.map(({ exp_alerts }) => exp_alerts.length > 0);
  return {
    fires: fires.includes(true),
    isQuietBefore: fires[0] === false,
    isQuietAfter: fires.at(-1) === false,
  };
}

function storiesOf(alert: string): Story[] {
  return TESTS.filter(({ file }) => file !== 'tests/no-series.yml').map(({ test }) =>
    tellStory((test.alert_rule_test ?? []).filter(({ alertname }) => alertname === alert)),
  );
}

test('there are tests', () => {
  expect(ALERTS.length).toBeGreaterThan(40);
  expect(RECORDED.length).toBeGreaterThan(100);
  expect(TESTS.length).toBeGreaterThan(50);
});

test.each(ALERTS.filter((alert) => alert !== 'Watchdog'))(
  'a test shows %s quiet, then firing, then resolved',
  (alert) => {
    expect(storiesOf(alert)).toContainEqual({
      isQuietBefore: true,
      fires: true,
      isQuietAfter: true,
    });
  },
);

test('a test shows the Watchdog firing', () => {
  expect(storiesOf('Watchdog').some(({ fires }) => fires)).toBe(true);
});

test.each(ALERTS)('a test covers %s without its series', (alert) => {
  const without = TESTS.filter(({ file }) => file === 'tests/no-series.yml');
  const checks = without.flatMap(({ test }) =>
    (test.alert_rule_test ?? []).filter(({ alertname }) => alertname === alert),
  );
  expect(checks).toHaveLength(without.length);
});

test.each(
  alertRules(GROUPS).map((rule) => [`${rule.alert} ${rule.labels['window'] ?? ''}`, rule] as const),
)('a test expects the labels and annotations of %s', (_name, rule) => {
  const firing = TESTS.flatMap(({ test }) =>
    (test.alert_rule_test ?? [])
      .filter(({ alertname }) => alertname === rule.alert)
      .flatMap(({ exp_alerts }) => exp_alerts),
  );
  const own = Object.entries(rule.labels);
  const matching = firing.filter(({ exp_labels }) =>
    own.every(([name, value]) => exp_labels[name] === value),
  );
  expect(matching.length).toBeGreaterThan(0);
  for (const { exp_annotations } of matching) {
    expect(Object.keys(exp_annotations).toSorted()).toEqual(
      Object.keys(rule.annotations).toSorted(),
    );
    // As the history of alerts reads it.
    expect(Number(exp_annotations['value'] ?? Number.NaN)).not.toBeNaN();
  }
});

/** A name as it stands in an expression, not as a part of a longer one. */
function mentions(expr: string, record: string): boolean {
  return new RegExp(`(?<![\\w:])${record}(?![\\w:])`).test(expr);
}

test.each(TESTED)('a test expects values of %s', (record) => {
  const checks = TESTS.flatMap(({ test }) => test.promql_expr_test ?? []);
  const covering = checks.filter(
    ({ expr, exp_samples }) => mentions(expr, record) && exp_samples.length > 0,
  );
  expect(covering.length).toBeGreaterThan(0);
});

test('tests name alerts and series that exist', () => {
  const alerts = TESTS.flatMap(({ test }) =>
    (test.alert_rule_test ?? []).map(({ alertname }) => alertname),
  );
  expect(alerts.filter((alert) => !ALERTS.includes(alert))).toEqual([]);
  const series = TESTS.flatMap(({ test }) => [
    ...(test.promql_expr_test ?? []).map(({ expr }) => expr),
    ...(test.input_series ?? []).map(({ series }) => series.split('{')[0] ?? ''),
  ]).flatMap((text) => text.match(/[a-z_]+:[a-z_0-9:]+/g) ?? []);
  expect(series.filter((name) => !RECORDED.includes(name))).toEqual([]);
});

test('every group of rules has a test file with its name', () => {
  const files = FILES.map(({ file }) => file.replace(/^tests\/(.*)\.yml$/, '$1'));
  const names = GROUPS.filter(({ rules }) =>
    rules.some((rule) => !('record' in rule && isCounter(rule.record))),
  ).map(({ name }) => name);
  expect(names.filter((name) => !files.includes(name))).toEqual([]);
});
