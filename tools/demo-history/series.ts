import type { Values } from './timeline.ts';

/** One series of Prometheus over a timeline. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly values: Values;
}

export type Labels = Readonly<Record<string, string>>;

/** Labels of all synthetic data: the job that the rules expect, and a gateway of its own. */
export const TARGET: Labels = { job: 'mcp-exporter', gateway: 'demo' };
