import { aggregated, inferLabels } from './infer-labels.ts';
import type { KnownSeries, Series } from './known-series.ts';
import {
  type Aggregation,
  type Expression,
  type Matcher,
  type Operation,
  parsePromql,
  partsOf,
  type Selector,
} from './parse-promql.ts';

/** Four scrapes at the interval that prometheus.yml ships: from fewer samples `rate` is a guess. */
const RANGE_SECONDS_MIN = 60;
const OVER_COUNTERS = new Set(['rate', 'increase', 'irate', 'resets']);
/** Right for counters and for gauges. */
const OVER_BOTH = new Set(['changes', 'count_over_time', 'absent_over_time', 'present_over_time']);
const KEEP_TOGETHER = ['job', 'gateway', 'server'];

export interface LintOptions {
  readonly known: KnownSeries;
  /** Labels that may be added up on purpose: `server`, where the level of a rule is the gateway. */
  readonly mayDrop?: readonly string[];
  /** Whether a counter is recorded, and so counters are read as they are. */
  readonly recordsCounter?: boolean;
}

/** What is wrong with one expression, in words; empty if nothing is. */
export function lintExpression(text: string, options: LintOptions): string[] {
  const parsed = parsePromql(text);
  if (!parsed.ok) return [`does not parse at "${parsed.at}"`];
  return lintPart(parsed.expression, undefined, options);
}

/** What is wrong with the name and labels of a series that a test makes up. */
export function lintSeries(text: string, known: KnownSeries): string[] {
  const parsed = parsePromql(text);
  if (!parsed.ok || parsed.expression.kind !== 'selector') return [`${text} is not a series`];
  const { metric, matchers } = parsed.expression;
  const series = known.get(metric);
  if (!series) return [`${metric} is neither in the catalog nor recorded`];
  return matchers.flatMap(({ label, value }) =>
    // Prometheus 3 stores the bound 1 as "1.0".
    lintValues(metric, series, label, [label === 'le' ? value.replace(/\.0$/, '') : value]),
  );
}

function lintPart(
  expression: Expression,
  reader: string | undefined,
  options: LintOptions,
): string[] {
  const own = lintNode(expression, reader, options);
  const inside = expression.kind === 'call' ? expression.name : undefined;
  return [
    ...own,
    ...partsOf(expression).flatMap((part) =>
      lintPart(part, expression.kind === 'subquery' ? reader : inside, options),
    ),
  ];
}

function lintNode(
  expression: Expression,
  reader: string | undefined,
  options: LintOptions,
): string[] {
  switch (expression.kind) {
    case 'selector':
      return lintSelector(expression, reader, options);
    case 'subquery':
      return lintRange(expression.rangeSeconds, 'a subquery');
    case 'aggregation':
      return lintAggregation(expression, options);
    case 'operation':
      return lintOperation(expression, options.known);
    case 'number':
    case 'string':
    case 'call':
      return [];
  }
}

function lintSelector(
  selector: Selector,
  reader: string | undefined,
  { known, recordsCounter = false }: LintOptions,
) {
  const { metric, matchers, rangeSeconds } = selector;
  // All series of a job: which, nobody says.
  if (metric === '') return [];
  const series = known.get(metric);
  if (!series) return [`${metric} is neither in the catalog nor recorded`];
  return [
    ...(recordsCounter ? [] : lintReader(metric, series, reader)),
    ...(rangeSeconds === undefined ? [] : lintRange(rangeSeconds, metric)),
    ...matchers.flatMap((matcher) => lintMatcher(metric, series, matcher)),
  ];
}

function lintReader(metric: string, series: Series, reader: string | undefined): string[] {
  const isOverCounters = reader !== undefined && OVER_COUNTERS.has(reader);
  if (isOverCounters && series.isRecorded && !series.isCounter)
    return [`${reader} over ${metric}, which is recorded`];
  if (isOverCounters && !series.isCounter) return [`${reader} over ${metric}, which is a gauge`];
  if (series.isCounter && !isOverCounters && !OVER_BOTH.has(reader ?? ''))
    return [`${metric} is a counter without rate or increase around it`];
  return [];
}

function lintRange(seconds: number, what: string): string[] {
  return seconds < RANGE_SECONDS_MIN
    ? [`a range of ${seconds} s over ${what} is less than four scrapes`]
    : [];
}

function lintMatcher(metric: string, series: Series, { label, operator, value }: Matcher) {
  if (label === '__name__') return [];
  const wanted = wantedValues(operator, value);
  if (label === 'le' && wanted.some((bound) => /^\d+(?:\.0+)?$/.test(bound)))
    return [`le="${value}" is a whole number, which Prometheus 2 and 3 write differently`];
  return lintValues(metric, series, label, wanted);
}

function lintValues(metric: string, series: Series, label: string, wanted: readonly string[]) {
  if (!series.labels.includes(label)) return [`${metric} has no label ${label}`];
  const allowed = series.values?.[label];
  if (!allowed) return [];
  return wanted
    .filter((text) => text !== '' && !allowed.includes(text))
    .map((text) => `${label} of ${metric} is never "${text}"`);
}

/** The values that a matcher names one by one; a real pattern names none. */
function wantedValues(operator: string, value: string): string[] {
  if (!operator.endsWith('~')) return [value];
  return /^[\w|/:-]*$/.test(value) ? value.split('|') : [];
}

function lintAggregation({ by, without, args }: Aggregation, options: LintOptions): string[] {
  const inner = inferLabels(aggregated(args), options.known) ?? new Set<string>();
  const isKept = (label: string): boolean =>
    without ? !without.includes(label) : by?.includes(label) === true;
  const lost = KEEP_TOGETHER.filter(
    (label) => inner.has(label) && !isKept(label) && !options.mayDrop?.includes(label),
  );
  return [
    ...[...(by ?? []), ...(without ?? [])]
      .filter((label) => label !== '__name__' && !inner.has(label))
      .map((label) => `an aggregation names the label ${label}, which nothing in it has`),
    ...lost.map((label) => `an aggregation adds up different values of ${label}`),
  ];
}

function lintOperation({ left, right, on, ignoring }: Operation, known: KnownSeries): string[] {
  const sides = [inferLabels(left, known), inferLabels(right, known)];
  return [...(on ?? []), ...(ignoring ?? [])]
    .filter((label) => sides.some((labels) => labels && !labels.has(label)))
    .map((label) => `a match names the label ${label}, which one side does not have`);
}
