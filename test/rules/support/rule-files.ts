import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { inferLabels } from './infer-labels.ts';
import { type KnownSeries, scrapedSeries } from './known-series.ts';
import { parsePromql } from './parse-promql.ts';

export const PROMETHEUS_FOLDER = fileURLToPath(new URL('../../../prometheus', import.meta.url));

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

export interface RuleFile {
  /** Relative to `prometheus/`. */
  readonly file: string;
  readonly groups: readonly RuleGroup[];
}

export function readRuleFiles(): RuleFile[] {
  return readFolder('rules').map(({ file, text }) => ({
    file,
    groups: (parse(text) as RuleFile).groups,
  }));
}

/** The files that promtool runs, as text: whoever reads them knows what for. */
export function readTestFiles(): { readonly file: string; readonly text: string }[] {
  return readFolder('tests');
}

function readFolder(folder: string): { file: string; text: string }[] {
  return readdirSync(`${PROMETHEUS_FOLDER}/${folder}`)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .map((name) => ({
      file: `${folder}/${name}`,
      text: readFileSync(`${PROMETHEUS_FOLDER}/${folder}/${name}`, 'utf8'),
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
      const others = rules.filter(({ record }) => record !== rule.record);
      if (others.some(({ record }) => !known.has(record) && rule.expr.includes(record))) continue;
      known.set(rule.record, {
        isCounter: false,
        isRecorded: true,
        labels: [...new Set([...labelsOf(rule, known), ...(known.get(rule.record)?.labels ?? [])])],
        ...(rule.record.includes('_bucket:') ? { values: bucketBounds(rule.record, known) } : {}),
      });
      waiting.delete(rule);
    }
  }
  return known;
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

function bucketBounds(record: string, known: KnownSeries) {
  const metric = record.split(':')[1] ?? '';
  return { le: known.get(metric)?.values?.['le'] };
}
