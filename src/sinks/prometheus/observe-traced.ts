import type { TraceContext } from '../../facts/call-record.ts';
import type { LabelSet } from './create-families.ts';

/** A histogram with exemplars of the client, as far as it matters here; its own types confuse the two sets of labels. */
export interface TracedHistogram<Label extends string> {
  observe(observation: {
    readonly labels: LabelSet<Label>;
    readonly value: number;
    readonly exemplarLabels?: Readonly<Record<string, string>>;
  }): void;
}

/** Observes a duration; a sampled trace becomes the example of its bucket. */
export function observeTraced<Label extends string>(
  histogram: TracedHistogram<Label>,
  labels: LabelSet<Label>,
  durationMs: number,
  trace: TraceContext,
): void {
  const value = durationMs / 1000;
  if (trace.sampled) {
    histogram.observe({ labels, value, exemplarLabels: { trace_id: trace.traceId } });
  } else {
    histogram.observe({ labels, value });
  }
}
