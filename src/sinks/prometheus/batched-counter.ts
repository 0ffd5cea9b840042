import type { Metric } from '../../catalog/metric.ts';
import type { Families, LabelSet } from './create-families.ts';

/** One series of a counter with what was counted since the last flush. */
export interface Cell<Label extends string = string> {
  readonly labels: LabelSet<Label>;
  pending: number;
}

/**
 * A counter for the path of every call. The client makes a key of all labels for each increment, which costs more than
 * everything else about a call: here that happens once for each series and page instead.
 */
export interface BatchedCounter<Label extends string> {
  /** Makes the series, with zero, and a handle on it. */
  cell(labels: LabelSet<Label>): Cell<Label>;
  /** @param by zero and what is no number change nothing */
  add(cell: Cell<Label>, by?: number): void;
  /** Makes what was counted visible. */
  flush(): void;
}

export function createBatchedCounter<Label extends string>(
  families: Families,
  metric: Metric<Label> & { readonly kind: 'counter' },
): BatchedCounter<Label> {
  const counter = families.counter<string>(metric);
  let touched: Cell<Label>[] = [];
  return {
    cell(labels) {
      counter.inc(labels, 0);
      return { labels, pending: 0 };
    },
    add(cell, by = 1) {
      if (!(by > 0)) return;
      if (cell.pending === 0) touched.push(cell);
      cell.pending += by;
    },
    flush() {
      const cells = touched;
      touched = [];
      for (const cell of cells) {
        counter.inc(cell.labels, cell.pending);
        cell.pending = 0;
      }
    },
  };
}
