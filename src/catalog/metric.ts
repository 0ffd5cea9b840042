/** One metric of the catalog. Pure data, the one source of truth for names and labels. */
export interface Metric<Label extends string = string> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Closed lists of label values. */
  readonly values?: Readonly<Partial<Record<Label, readonly string[]>>>;
  /** Histograms only: upper bounds, ascending. */
  readonly buckets?: readonly number[];
  /** Which part of the exporter sets it; one catalog file each. `target` is the page of `/probe`, `library` that of an instrumented server, the others are `/metrics`; `gateway`, `usage`, `auth`, `otel` and `tracing` only with the gateway. */
  readonly area: Area;
  /** Histograms only: whether observations may point at a trace. */
  readonly hasExemplars?: boolean;
  /** Absent until known, because a zero would page someone (timestamps, ages, certificate expiry). */
  readonly absentUntilKnown?: boolean;
  /** The version that added it. */
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
  | 'library'
  | 'target';

export type MetricKind = 'counter' | 'gauge' | 'histogram';

/**
 * Keeps name, kind and label names as literal types: a recorder with a wrong label or a panel with a wrong name does not
 * compile.
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
