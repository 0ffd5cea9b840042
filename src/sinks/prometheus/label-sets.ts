import type { Metric } from '../../catalog/metric.ts';
import type { LabelSet } from './create-families.ts';

/** One label set for each value of a closed list, made once, so that recording a fact makes none. */
export function createLabelSets<Label extends string, Value extends string>(
  server: string,
  label: Label,
  values: readonly Value[],
): Readonly<Record<Value, LabelSet<'server' | Label>>> {
  return Object.fromEntries(values.map((value) => [value, { server, [label]: value }])) as Record<
    Value,
    LabelSet<'server' | Label>
  >;
}

/**
 * All label sets that a metric can have with `known` given and each other label from its closed list.
 * Empty when one of its labels is open, as the labels of `mcp_server_info` are.
 */
export function expandLabelSets(metric: Metric, known: LabelSet = {}): readonly LabelSet[] {
  let sets: readonly LabelSet[] = [{}];
  for (const label of metric.labels) {
    const own = known[label];
    const values = own === undefined ? (metric.values?.[label] ?? []) : [own];
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
  }
  return sets;
}
