/** One metric of the catalog: what it is called and means; pure data, the one source of truth for names and labels. */
export interface Metric<Label extends string = string> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Labels whose values are a closed list. */
  readonly values?: Readonly<Partial<Record<Label, readonly string[]>>>;
  /** Histograms only: upper bounds, ascending. */
  readonly buckets?: readonly number[];
  /** Which part of the exporter fills it; one catalog file each. `target` is the page of `/probe`, the others are `/metrics`; `gateway`, `usage`, `auth`, `otel` and `tracing` only with the gateway. */
  readonly area: Area;
  /** Histograms only: whether observations may point at a trace. */
  readonly hasExemplars?: boolean;
  /** Absent until known, where a zero would page someone (timestamps, ages, certificate expiry). */
  readonly absentUntilKnown?: boolean;
  /** The version that brought it. */
  readonly since: string;
}

export type Area =
  | 'server'
  | 'probe'
  | 'process'
  | 'gateway'
  | 'usage'
  | 'auth'
  | 'otel'
  | 'self'
  | 'runtime'
  | 'target';

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/**
 * Keeps name, kind and label names as literal types, so that a recorder with a wrong label or a panel on a wrong name does
 * not compile.
 */
export function metric<
  const Label extends string,
  const Kind extends MetricKind,
  const Name extends string,
>(
  definition: Metric<Label> & { readonly kind: Kind; readonly name: Name },
): Metric<Label> & { readonly kind: Kind; readonly name: Name } {
  return definition;
}
