import type { Dashboard, Panel, Target, Variable } from './dashboard-model.ts';
import type { PrometheusClient, TimeSpan } from './prometheus-client.ts';

/** `timeInterval` of the provisioned data source: the scrape interval as shipped. */
const SCRAPE_SECONDS = 15;
/** What Grafana asks for where a panel does not say: about one point for each pixel. */
const POINTS = 1_000;
/** What Prometheus gives in one answer. */
const POINTS_MAX = 11_000;
const UNIT_SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
export type Values = ReadonlyMap<string, string>;

/** The time that a panel shows, and how finely. */
export function spanOf(
  dashboard: Dashboard,
  panel: Panel,
  target: Pick<Target, 'interval'>,
  nowSeconds: number,
): TimeSpan {
  const rangeSeconds = panel.timeFrom ? toSeconds(panel.timeFrom) : rangeOf(dashboard);
  const leastSeconds = Math.max(
    SCRAPE_SECONDS,
    ...[panel.interval, target.interval].map((text) => toSeconds(text ?? '')),
  );
  const points = panel.maxDataPoints ?? POINTS;
  const stepSeconds = Math.max(leastSeconds, roundStep(rangeSeconds / points));
  return alignedSpan(rangeSeconds, stepSeconds, nowSeconds);
}

/** Annotations are looked for in steps of a minute, unless that were too many for Prometheus. */
export function annotationSpanOf(dashboard: Dashboard, nowSeconds: number): TimeSpan {
  const rangeSeconds = rangeOf(dashboard);
  const stepSeconds = Math.max(60, Math.ceil(rangeSeconds / POINTS_MAX));
  const steps = Math.floor(rangeSeconds / stepSeconds);
  return { startSeconds: nowSeconds - steps * stepSeconds, endSeconds: nowSeconds, stepSeconds };
}

function rangeOf({ time }: Dashboard): number {
  return toSeconds(/^now-(\w+)/.exec(time.from)?.[1] ?? '6h');
}

function alignedSpan(rangeSeconds: number, stepSeconds: number, nowSeconds: number): TimeSpan {
  // Grafana asks at whole steps.
  const align = (seconds: number): number => Math.floor(seconds / stepSeconds) * stepSeconds;
  return {
    startSeconds: align(nowSeconds - rangeSeconds),
    endSeconds: align(nowSeconds),
    stepSeconds,
  };
}

function toSeconds(text: string): number {
  const [, amount, unit] = /^>?(\d+)([smhdw])$/.exec(text) ?? [];
  return Number(amount ?? 0) * UNIT_SECONDS[(unit ?? 's') as keyof typeof UNIT_SECONDS];
}

/** To a time that people use. */
function roundStep(seconds: number): number {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800];
  return steps.findLast((step) => step <= seconds) ?? 1;
}

/** A query as Grafana would send it. */
export function substitute(expression: string, values: Values, span: TimeSpan): string {
  const rangeSeconds = Math.round(span.endSeconds - span.startSeconds);
  const builtIn: Readonly<Record<string, string>> = {
    __rate_interval: `${Math.max(span.stepSeconds + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS)}s`,
    __interval: `${span.stepSeconds}s`,
    __interval_ms: `${span.stepSeconds * 1_000}`,
    __range: `${rangeSeconds}s`,
    __range_s: `${rangeSeconds}`,
    __range_ms: `${rangeSeconds * 1_000}`,
    __from: `${span.startSeconds * 1_000}`,
    __to: `${span.endSeconds * 1_000}`,
  };
  return expression.replaceAll(
    /\$\{(\w+)(?::\w+)?\}|\$(\w+)/g,
    (whole: string, braced: string | undefined, plain: string | undefined) => {
      const name = braced ?? plain ?? '';
      return builtIn[name] ?? values.get(name) ?? whole;
    },
  );
}

/** Which value a variable with one value has, by the label that it is about. */
export type Preferred = Readonly<Record<string, string>>;

export interface VariableProblem {
  readonly variable: string;
  readonly problem: string;
}

/** The values that a page opens with, and the queries of variables that gave none. */
export async function resolveVariables(
  dashboard: Dashboard,
  client: PrometheusClient,
  nowSeconds: number,
  preferred: Preferred,
): Promise<{ readonly values: Values; readonly problems: readonly VariableProblem[] }> {
  const rangeSeconds = rangeOf(dashboard);
  const span = { startSeconds: nowSeconds - rangeSeconds, endSeconds: nowSeconds, stepSeconds: 60 };
  const values = new Map<string, string>();
  const problems: VariableProblem[] = [];
  for (const variable of dashboard.templating.list) {
    const { name, type } = variable;
    if (type !== 'query') {
      values.set(name, fixedValueOf(variable));
      continue;
    }
    const { label, found } = await queryVariable(variable, client, values, span);
    if (found.length === 0) problems.push({ variable: name, problem: 'no values' });
    const wanted = preferred[label];
    const one = wanted !== undefined && found.includes(wanted) ? wanted : found[0];
    values.set(name, variable.includeAll ? (variable.allValue ?? found.join('|')) : (one ?? ''));
  }
  return { values, problems };
}

function fixedValueOf({ current, options = [], query }: Variable): string {
  const value = current?.value ?? options.find(({ selected }) => selected)?.value;
  if (value !== undefined) return typeof value === 'string' ? value : value.join('|');
  return typeof query === 'string' ? (query.split(',')[0] ?? '') : '';
}

async function queryVariable(
  { query }: Variable,
  client: PrometheusClient,
  values: Values,
  span: TimeSpan,
): Promise<{ readonly label: string; readonly found: readonly string[] }> {
  const text = substitute((typeof query === 'string' ? query : query?.query) ?? '', values, span);
  const [, selector, label] = /^label_values\((?:(.+),)?\s*(\w+)\)$/s.exec(text.trim()) ?? [];
  if (label === undefined) throw new Error(`not a query of label values: ${text}`);
  return { label, found: await client.labelValues(label, selector?.trim(), span) };
}
