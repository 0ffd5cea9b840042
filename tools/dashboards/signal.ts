import type { Mapping } from './mappings.ts';
import type { Threshold } from './thresholds.ts';

/**
 * A measurement: its title, meaning, unit and thresholds, and its query at each level. Panels are built from signals, so that
 * a number looks and means the same on every page.
 */
export interface Signal<Level extends string = string> {
  readonly title: string;
  /** The description of the panel: what it shows, and what to do about it. */
  readonly description: string;
  /** A unit of Grafana, such as `s` or `percentunit`. */
  readonly unit: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** From good to bad, or from bad to good; `undefined` if neither direction is better. */
  readonly thresholds?: readonly Threshold[];
  readonly mappings?: readonly Mapping[];
  /** PromQL by level. */
  readonly by: Readonly<Record<Level, string>>;
}

/** Keeps the levels as literal types, so that a panel on a level that is not there does not compile. */
export function signal<const Level extends string>(definition: Signal<Level>): Signal<Level> {
  return definition;
}
