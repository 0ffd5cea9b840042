import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AlertRule, RecordingRule, RuleGroup } from '../../../src/catalog/rule-file.ts';
import { readRuleFiles } from '../../../tools/rules/read-rules.ts';
import { inferLabels } from './infer-labels.ts';
import { type KnownSeries, scrapedSeries, type Series } from './known-series.ts';
import { parsePromql, selectorsOf } from './parse-promql.ts';

export const PROMETHEUS_FOLDER = fileURLToPath(new URL('../../../prometheus', import.meta.url));

/** The files that promtool runs, as text: each caller reads the part that it needs. */
export function readTestFiles(): { readonly file: string; readonly text: string }[] {
  return readdirSync(`${PROMETHEUS_FOLDER}/tests`)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .map((name) => ({
      file: `tests/${name}`,
      text: readFileSync(`${PROMETHEUS_FOLDER}/tests/${name}`, 'utf8'),
    }));
}

export function readGroups(): RuleGroup[] {
  return readRuleFiles().flatMap(({ groups }) => groups);
}

export function recordingRules(groups: readonly RuleGroup[]): RecordingRule[] {
  return groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule));
}

export function alertRules(groups: readonly RuleGroup[]): AlertRule[] {
  return groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
}

/** Everything that an expression may ask for: what is scraped, and what the rules record, with the labels it comes out with. */
export function knownSeries(rules: readonly RecordingRule[]): KnownSeries {
  const known = scrapedSeries();
  const waiting = new Set(rules);
  // Rules read what other rules record, in any order of files: take those whose input is known until none is left.
  for (let left = Infinity; waiting.size < left;) {
    left = waiting.size;
    for (const rule of waiting) {
      const others = [...waiting].filter(({ record }) => record !== rule.record);
      if (others.some(({ record }) => rule.expr.includes(record))) continue;
      known.set(rule.record, {
        isCounter: isCounter(rule.record),
        isRecorded: true,
        labels: [...new Set([...labelsOf(rule, known), ...(known.get(rule.record)?.labels ?? [])])],
        values: valuesOf(rule, known),
      });
      waiting.delete(rule);
    }
  }
  return known;
}

/** What the rules record as a counter, for windows to be read from. */
export function isCounter(record: string): boolean {
  return record.endsWith('_total');
}

/** The labels of what a rule records: those of its expression and its own. */
export function labelsOf(
  { expr, labels }: Pick<RecordingRule, 'expr' | 'labels'>,
  known: KnownSeries,
): ReadonlySet<string> {
  const parsed = parsePromql(expr);
  const inferred = parsed.ok ? inferLabels(parsed.expression, known) : undefined;
  return new Set([...(inferred ?? []), ...Object.keys(labels ?? {})]);
}

/** The closed lists of label values that a rule takes over from the series it reads, or sets itself. */
function valuesOf({ record, expr, labels }: RecordingRule, known: KnownSeries) {
  const parsed = parsePromql(expr);
  if (!parsed.ok) return {};
  const sources = selectorsOf(parsed.expression).flatMap(({ metric }) => known.get(metric) ?? []);
  const before = known.get(record)?.values ?? {};
  const inherited = new Set(sources.flatMap((source) => Object.keys(source.values ?? {})));
  return Object.fromEntries([
    ...[...inherited].map((label) => [label, inheritedValues(label, sources, before)]),
    ...Object.entries(labels ?? {}).map(([label, value]) => [
      label,
      [...(before[label] ?? []), value],
    ]),
  ]);
}

/** `undefined` if the label has any value in one of the sources; with those of other rules of the same name. */
function inheritedValues(
  label: string,
  sources: readonly Series[],
  before: Series['values'] = {},
): string[] | undefined {
  const lists = sources
    .filter(({ labels }) => labels.includes(label))
    .map(({ values }) => values?.[label]);
  return lists.every((list) => list !== undefined)
    ? [...new Set([...(before[label] ?? []), ...lists.flat()])]
    : undefined;
}
