import { inferLabels } from '../../../../rules/support/infer-labels.ts';
import type { KnownSeries } from '../../../../rules/support/known-series.ts';
import { parsePromql } from '../../../../rules/support/parse-promql.ts';

/** What stands for Grafana's spans of time; odd, so that nobody else's is taken for it. */
export const RATE_INTERVAL_SECONDS = 61;
export const RANGE_SECONDS = 21_601;

const SPANS: Readonly<Record<string, string>> = {
  __rate_interval: `${RATE_INTERVAL_SECONDS}s`,
  __range: `${RANGE_SECONDS}s`,
  __interval: '60s',
  offset: '1w',
};
const NUMBERS = new Set(['__range_s', '__range_ms', '__interval_ms', '__from', '__to']);

/** A query of a page as Prometheus would take it: with spans for spans, and anything for what variables match. */
export function withoutVariables(expr: string): string {
  return expr.replaceAll(VARIABLE, (_whole: string, ...[plain, braced]: string[]) => {
    const name = plain ?? braced ?? '';
    return SPANS[name] ?? (NUMBERS.has(name) ? '1' : '.*');
  });
}

const VARIABLE = /\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)[^}]*\}/g;

/** Names of variables that a text uses, those of Grafana itself left out. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(VARIABLE)]
    .map(([, plain, braced]) => plain ?? braced ?? '')
    .filter((name) => !name.startsWith('__'));
}

/** The labels that the answer has; none for what does not parse, which is said elsewhere. */
export function labelsOfQuery(expr: string, known: KnownSeries): ReadonlySet<string> {
  const parsed = parsePromql(withoutVariables(expr));
  return (parsed.ok ? inferLabels(parsed.expression, known) : undefined) ?? new Set();
}

/** `{{label}}` in legends and texts of annotations. */
export function labelsInText(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label);
}
