import type { Values } from './timeline.ts';

/** One series of Prometheus over a timeline. */
export interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly values: Values;
}

export type Labels = Readonly<Record<string, string>>;

/** Of everything that is made up: the job of the rules, and a gateway whose name says that it is none. */
export const TARGET: Labels = { job: 'mcp-exporter', gateway: 'demo' };
