/** A value, a list of allowed values, or one of the conditions below. */
export type LabelMatch = string | readonly string[] | Condition;

export interface Condition {
  readonly operator: '!=' | '!~' | '=~';
  /** For `!~` and `=~` an RE2 expression. */
  readonly value: string;
}

/** Label → required value. A label that is `undefined` matches everything. */
export type Matchers<Label extends string = string> = Readonly<
  Partial<Record<Label, LabelMatch | undefined>>
>;

/** None of these values. */
export function not(...values: readonly string[]): Condition {
  const [first = '', ...more] = values;
  return more.length === 0
    ? { operator: '!=', value: first }
    : { operator: '!~', value: alternatives(values) };
}

/** A regular expression that the complete value has to match, for Grafana variables and real patterns. */
export function matching(expression: string): Condition {
  return { operator: '=~', value: expression };
}

/** `a="x", b=~"y|z"`, with values escaped. All of the matchers have to hold, those on the same label too. */
export function renderMatchers(...matchers: readonly Matchers[]): string {
  return matchers
    .flatMap((one) => Object.entries(one))
    .flatMap(([label, match]) => (match === undefined ? [] : `${label}${renderMatch(match)}`))
    .join(', ');
}

function renderMatch(match: LabelMatch): string {
  const { operator, value } = conditionOf(match);
  return `${operator}${quote(value)}`;
}

function conditionOf(match: LabelMatch): { readonly operator: string; readonly value: string } {
  if (typeof match === 'string') return { operator: '=', value: match };
  if ('operator' in match) return match;
  const [first = '', ...more] = match;
  return more.length === 0
    ? { operator: '=', value: first }
    : { operator: '=~', value: alternatives(match) };
}

function alternatives(values: readonly string[]): string {
  return values.map(escapeRegExp).join('|');
}

/** Double-quoted strings of PromQL have the escapes of Go, which include those of JSON. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
