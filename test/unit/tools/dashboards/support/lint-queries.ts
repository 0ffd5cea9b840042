import type { KnownSeries } from '../../../../rules/support/known-series.ts';
import { lintExpression } from '../../../../rules/support/lint-expression.ts';
import {
  type Expression,
  parsePromql,
  partsOf,
  type Selector,
  selectorsOf,
} from '../../../../rules/support/parse-promql.ts';
import { chartsOf, type Dashboard, type Panel, type Target } from './dashboard.ts';
import { selectorOfVariable } from './lint-model.ts';
import {
  labelsInText,
  labelsOfQuery,
  RANGE_SECONDS,
  RATE_INTERVAL_SECONDS,
  withoutVariables,
} from './query.ts';

/** Pages add up what they like: the whole fleet is one number. */
const MAY_DROP = ['job', 'gateway', 'server'];
/** The one rate over a window of its own: "response time" is the mean of the last minute by definition. */
const ONE_MINUTE = /^mcp_request_duration_seconds_(?:sum|count)$/;

const SCOPE = ['job', 'gateway'];
/** Whoever chooses a gateway has chosen a job before. */
const CHOSEN_BY: Readonly<Record<string, readonly string[]>> = { job: [], gateway: ['job'] };

/** Every query of panels, annotations and variables: by the catalog, and as pages should ask. */
export function lintQueries(dashboard: Dashboard, known: KnownSeries): string[] {
  const findings: string[] = [];
  const lint = (
    where: string,
    expr: string,
    isInstant: boolean,
    scope: readonly string[] = SCOPE,
  ): void => {
    const own = lintQuery(expr, { known, isInstant, scope });
    findings.push(...own.map((finding) => `${where}: ${finding}`));
  };
  for (const panel of chartsOf(dashboard))
    for (const target of promqlOf(panel))
      lint(
        `${panel.title} ${target.refId}`,
        target.expr,
        target.instant === true && target.range !== true,
      );
  for (const { name, expr = '', target, titleFormat = '', textFormat = '', datasource } of dashboard
    .annotations.list) {
    lint(name, expr, false);
    if (target?.expr !== expr) findings.push(`${name}: two queries in one annotation`);
    if (datasource?.uid !== '${datasource}') findings.push(`${name}: not of the chosen source`);
    const labels = labelsOfQuery(expr, known);
    for (const label of labelsInText(`${titleFormat} ${textFormat}`))
      if (!labels.has(label)) findings.push(`${name}: no {{${label}}} in the answer`);
  }
  for (const variable of dashboard.templating.list) {
    const query = selectorOfVariable(variable);
    if (!query) continue;
    const { selector, label } = query;
    // Values of a label do not grow: what the catalog says of counters is of no matter here.
    lint(`$${variable.name}`, `changes(${selector}[1m])`, true, CHOSEN_BY[variable.name]);
    if (!labelsOfQuery(selector, known).has(label))
      findings.push(`$${variable.name}: nothing has the label ${label}`);
  }
  return findings;
}

/** The queries of a panel that go to Prometheus. */
export function promqlOf({ targets = [] }: Panel): (Target & { readonly expr: string })[] {
  return targets.flatMap((target) =>
    target.expr === undefined || target.datasource?.type === 'loki'
      ? []
      : [{ ...target, expr: target.expr }],
  );
}

interface QueryOptions {
  readonly known: KnownSeries;
  readonly isInstant: boolean;
  /** What it has to be narrowed down to. */
  readonly scope: readonly string[];
}

function lintQuery(expr: string, { known, isInstant, scope }: QueryOptions): string[] {
  const parsed = parsePromql(withoutVariables(expr));
  if (!parsed.ok) return [`does not parse at "${parsed.at}"`];
  return [
    ...lintExpression(withoutVariables(expr), { known, mayDrop: MAY_DROP }),
    ...lintSpans(parsed.expression, isInstant),
    ...scopedSelectors(expr).flatMap((selector) => lintScope(selector, scope, known)),
    ...selectorsOf(parsed.expression).flatMap(({ metric }) =>
      /^(?:process|nodejs)_/.test(metric) && !expr.includes('mcp_exporter_build_info')
        ? [`${metric} of any program`]
        : [],
    ),
  ];
}

/** A window has to suit the width of the panel, unless the panel shows one moment only. */
function lintSpans(expression: Expression, isInstant: boolean): string[] {
  if (isInstant) return [];
  const own =
    expression.kind === 'call' && /^i?rate$/.test(expression.name)
      ? expression.args.flatMap((arg) =>
          arg.kind === 'selector' && !isRightWindow(arg)
            ? [`${expression.name} of ${arg.metric} over a window of its own`]
            : [],
        )
      : [];
  const span =
    'rangeSeconds' in expression && expression.rangeSeconds === RANGE_SECONDS
      ? ['each point is asked about all in the selected time range']
      : [];
  return [...own, ...span, ...partsOf(expression).flatMap((part) => lintSpans(part, isInstant))];
}

function isRightWindow({ metric, rangeSeconds }: Selector): boolean {
  return rangeSeconds === RATE_INTERVAL_SECONDS || (rangeSeconds === 60 && ONE_MINUTE.test(metric));
}

/** With the variables still in the matchers. */
export function scopedSelectors(expr: string): readonly Selector[] {
  const marked = withoutVariables(expr.replaceAll(/"[^"]*"/g, (text) => text.replaceAll('$', '@')));
  const parsed = parsePromql(marked);
  return parsed.ok ? selectorsOf(parsed.expression) : [];
}

/** Two installations in one Prometheus are told apart by job and gateway. Alerts belong to a job only now and then. */
function lintScope(
  { metric, matchers }: Selector,
  scope: readonly string[],
  known: KnownSeries,
): string[] {
  const labels = known.get(metric)?.labels ?? [];
  const isScoped = (label: string): boolean =>
    matchers.some(
      ({ label: matched, operator, value }) =>
        matched === label &&
        (operator === '=' || isScrape(metric) || value.replace(/\|$/, '') === `@${label}`),
    );
  if (metric.startsWith('ALERTS')) {
    return matchers.some(({ label, value }) => label === 'component' && value === 'mcp')
      ? []
      : [`${metric} of anybody`];
  }
  return scope
    .filter((label) => labels.includes('gateway') && !isScoped(label))
    .filter((label) => label !== 'gateway' || !isScrape(metric))
    .map((label) => `${metric} of every ${label}, whatever was chosen`);
}

/** Prometheus and Alertmanager are targets too, but belong to no gateway. */
function isScrape(metric: string): boolean {
  return metric === 'up' || metric.startsWith('scrape_');
}
