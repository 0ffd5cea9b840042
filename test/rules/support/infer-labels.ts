import type { KnownSeries } from './known-series.ts';
import type { Aggregation, Expression, Operation } from './parse-promql.ts';

/** The labels that a result may have, or `undefined` for a number, which has none to match on. */
export type Labels = ReadonlySet<string> | undefined;

const SET_OPERATORS = new Set(['and', 'or', 'unless']);
const NUMBERS = new Set(['scalar', 'time', 'pi']);

export function inferLabels(expression: Expression, known: KnownSeries): Labels {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return undefined;
    case 'selector':
      return new Set(known.get(expression.metric)?.labels);
    case 'subquery':
      return inferLabels(expression.of, known);
    case 'call':
      return ofCall(expression, known);
    case 'aggregation':
      return ofAggregation(expression, known);
    case 'operation':
      return ofOperation(expression, known);
  }
}

function ofCall({ name, args }: Extract<Expression, { kind: 'call' }>, known: KnownSeries): Labels {
  if (NUMBERS.has(name)) return undefined;
  const [first] = args;
  // The labels that absent() makes of equality matchers are no labels of the series.
  if (name === 'vector' || name.startsWith('absent')) return new Set();
  const inner =
    args.map((arg) => inferLabels(arg, known)).find((labels) => labels !== undefined) ?? new Set();
  if (name === 'histogram_quantile') return without(inner, ['le']);
  if (name === 'label_replace' && first) {
    const to = args[1];
    return new Set([...inner, ...(to?.kind === 'string' ? [to.value] : [])]);
  }
  return inner;
}

function ofAggregation(
  { operator, by, without: dropped, args }: Aggregation,
  known: KnownSeries,
): Labels {
  const inner = inferLabels(aggregated(args), known) ?? new Set();
  if (operator === 'topk' || operator === 'bottomk') return inner;
  if (dropped) return without(inner, dropped);
  return new Set(by ?? []);
}

/** What is added up: the last argument, behind the number of `topk` or the name of `count_values`. */
export function aggregated(args: readonly Expression[]): Expression {
  return args.at(-1) ?? { kind: 'number' };
}

function ofOperation(operation: Operation, known: KnownSeries): Labels {
  const left = inferLabels(operation.left, known);
  const right = inferLabels(operation.right, known);
  if (!left || !right) return left ?? right;
  if (operation.operator === 'or') return new Set([...left, ...right]);
  if (SET_OPERATORS.has(operation.operator)) return left;
  if (operation.group) {
    const many = operation.group.side === 'left' ? left : right;
    return new Set([...many, ...operation.group.labels]);
  }
  return operation.on ? new Set(operation.on) : without(left, operation.ignoring ?? []);
}

function without(labels: ReadonlySet<string>, dropped: readonly string[]): ReadonlySet<string> {
  return new Set([...labels].filter((label) => !dropped.includes(label)));
}
