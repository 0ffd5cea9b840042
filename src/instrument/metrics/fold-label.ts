import { createLabelBound, OVERFLOW_LABEL } from '../../facts/rules/label-bound.ts';
import { labelOverflow } from '../../catalog/self.ts';
import { partOf } from '../shared-state.ts';
import { valueFamily } from './family.ts';
import type { MetricRegistry } from './metric-registry.ts';

export interface FoldedLabel {
  readonly metric: string;
  readonly label: string;
  /** This many values get series of their own, first come, first served. */
  readonly valuesMax: number;
  /** Such as the server, where its values do not take the room of others. */
  readonly owner?: string;
}

/** @returns what keeps the values of a label few: those beyond the bound become `_OTHER`, and are counted */
export function labelFolder(
  registry: MetricRegistry,
  { metric, label, valuesMax, owner = '' }: FoldedLabel,
): (value: string) => string {
  return partOf(registry, `label ${metric} ${label} ${owner}`, () => {
    const bound = createLabelBound({ valuesMax });
    const countFolded = overflowCounter(registry, metric, label);
    return (value: string) => {
      const label = bound.fold(value);
      if (label === OVERFLOW_LABEL) countFolded();
      return label;
    };
  });
}

/** @returns what counts a value that became `_OTHER` */
export function overflowCounter(
  registry: MetricRegistry,
  metric: string,
  label: string,
): () => void {
  const series = valueFamily(registry, labelOverflow).series({ metric, label });
  return () => {
    series.value += 1;
  };
}
