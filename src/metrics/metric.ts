/** One metric of the catalog: what it is called and means; pure data, the one source of truth for names and labels. */
export interface Metric<Label extends string = string> {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly Label[];
  /** Labels whose values are a closed list. */
  readonly values?: Readonly<Partial<Record<Label, readonly string[]>>>;
  /** Histograms only: upper bounds, ascending. */
  readonly buckets?: readonly number[];
  /** Where the name comes from, for docs/metrics.md. */
  readonly area: 'server' | 'probe' | 'process' | 'self';
  /** Absent until known, where a zero would page someone (timestamps, ages, certificate expiry). */
  readonly absentUntilKnown?: boolean;
}

export function metric<const Label extends string>(definition: Metric<Label>): Metric<Label> {
  return definition;
}
