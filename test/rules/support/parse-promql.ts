import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** A PromQL expression as far as rules and dashboards are judged by it: offsets, `@` and parentheses are left out. */
export type Expression =
  | { readonly kind: 'number' }
  | { readonly kind: 'string'; readonly value: string }
  | Selector
  | { readonly kind: 'subquery'; readonly of: Expression; readonly rangeSeconds: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | Aggregation
  | Operation;

export interface Selector {
  readonly kind: 'selector';
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Only of a range selector. */
  readonly rangeSeconds?: number;
}

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Aggregation {
  readonly kind: 'aggregation';
  readonly operator: string;
  readonly by?: readonly string[];
  readonly without?: readonly string[];
  readonly args: readonly Expression[];
}

export interface Operation {
  readonly kind: 'operation';
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
  readonly on?: readonly string[];
  readonly ignoring?: readonly string[];
  /** The many side, and the labels it takes over from the one side. */
  readonly group?: { readonly side: 'left' | 'right'; readonly labels: readonly string[] };
}

export type ParsedPromql =
  | { readonly ok: true; readonly expression: Expression }
  /** `at` is the text from the mistake on. */
  | { readonly ok: false; readonly at: string };

/** Parses by the grammar of Prometheus itself. Types of arguments and the number of them are left to promtool. */
export function parsePromql(text: string): ParsedPromql {
  const tree = parser.parse(text);
  const cursor = tree.cursor();
  do {
    if (cursor.type.isError) return { ok: false, at: text.slice(cursor.from) };
  } while (cursor.next());
  const top = tree.topNode.firstChild;
  return top ? { ok: true, expression: convert(top, text) } : { ok: false, at: text };
}

export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'call':
    case 'aggregation':
      return expression.args;
    case 'operation':
      return [expression.left, expression.right];
    case 'subquery':
      return [expression.of];
    case 'number':
    case 'string':
    case 'selector':
      return [];
  }
}

/** Every selector in an expression, subqueries included. */
export function selectorsOf(expression: Expression): readonly Selector[] {
  return expression.kind === 'selector' ? [expression] : partsOf(expression).flatMap(selectorsOf);
}

const SAME_AS_INSIDE = new Set(['ParenExpr', 'OffsetExpr', 'StepInvariantExpr']);

function convert(node: SyntaxNode, text: string): Expression {
  if (SAME_AS_INSIDE.has(node.name)) return convert(childOf(node), text);
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { kind: 'number' };
    case 'StringLiteral':
      return { kind: 'string', value: stringOf(node, text) };
    case 'VectorSelector':
      return selectorOf(node, text);
    case 'MatrixSelector':
      return { ...selectorOf(childOf(node), text), rangeSeconds: rangeOf(node, text) };
    case 'SubqueryExpr':
      return {
        kind: 'subquery',
        of: convert(childOf(node), text),
        rangeSeconds: rangeOf(node, text),
      };
    case 'UnaryExpr':
      return convert(lastChildOf(node), text);
    case 'FunctionCall':
      return {
        kind: 'call',
        name: textOf(childOf(node), text),
        args: argsOf(node, text),
      };
    case 'AggregateExpr':
      return aggregationOf(node, text);
    case 'BinaryExpr':
      return operationOf(node, text);
    default:
      throw new Error(`no meaning is known of ${node.name} in ${text}`);
  }
}

function selectorOf(node: SyntaxNode, text: string): Selector {
  const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map(
    (matcher): Matcher => ({
      label: textOf(matcher.getChild('LabelName') ?? matcher, text),
      operator: textOf(matcher.getChild('MatchOp') ?? matcher, text),
      value: stringOf(matcher.getChild('StringLiteral') ?? matcher, text),
    }),
  );
  const name = node.getChild('Identifier');
  const metric = name
    ? textOf(name, text)
    : (matchers.find(({ label }) => label === '__name__')?.value ?? '');
  return { kind: 'selector', metric, matchers };
}

function aggregationOf(node: SyntaxNode, text: string): Aggregation {
  const modifier = node.getChild('AggregateModifier');
  const labels = modifier ? labelsOf(modifier, text) : [];
  return {
    kind: 'aggregation',
    operator: textOf(childOf(node), text),
    ...(modifier?.getChild('By') && { by: labels }),
    ...(modifier?.getChild('Without') && { without: labels }),
    args: argsOf(node, text),
  };
}

function operationOf(node: SyntaxNode, text: string): Operation {
  const left = childOf(node);
  const operator = left.nextSibling;
  const clause = node.getChild('MatchingModifierClause');
  const labels = clause ? labelsOf(clause, text) : [];
  const side = clause?.getChild('GroupLeft')
    ? 'left'
    : clause?.getChild('GroupRight')
      ? 'right'
      : undefined;
  return {
    kind: 'operation',
    operator: operator ? textOf(operator, text) : '',
    left: convert(left, text),
    right: convert(lastChildOf(node), text),
    ...(clause?.getChild('On') && { on: labels }),
    ...(clause?.getChild('Ignoring') && { ignoring: labels }),
    ...(clause && side && { group: { side, labels: labelsOf(clause, text, 1) } }),
  };
}

function argsOf(node: SyntaxNode, text: string): Expression[] {
  const args: Expression[] = [];
  let arg = node.getChild('FunctionCallBody')?.firstChild;
  while (arg) {
    args.push(convert(arg, text));
    arg = arg.nextSibling;
  }
  return args;
}

/** The labels of the list at `index`: that of `on`, or that of `group_left` behind it. */
function labelsOf(node: SyntaxNode, text: string, index = 0): string[] {
  const list = node.getChildren('GroupingLabels')[index];
  return (list?.getChildren('LabelName') ?? []).map((label) => textOf(label, text));
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

function rangeOf(node: SyntaxNode, text: string): number {
  const duration = node.getChild('DurationExpr');
  const parts = duration ? textOf(duration, text).matchAll(/(\d+)(ms|[smhdwy])/g) : [];
  let seconds = 0;
  for (const [, count, unit] of parts) seconds += Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0);
  return seconds;
}

function stringOf(node: SyntaxNode, text: string): string {
  return textOf(node, text).slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

function textOf(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}

function childOf(node: SyntaxNode): SyntaxNode {
  return node.firstChild ?? node;
}

function lastChildOf(node: SyntaxNode): SyntaxNode {
  return node.lastChild ?? node;
}
