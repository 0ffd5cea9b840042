import { type Series, TARGET } from './series.ts';
import type { Values } from './timeline.ts';
import { combine, map, mean, shift, spread } from './window-functions.ts';

/** As `mcp-anomaly` ships them. */
const TOLERANCES = { request_rate: 0.05, p95: 0.1, error_ratio: 0.02 } as const;
type Signal = keyof typeof TOLERANCES;
const DAY_HOURS = 23.5;
const WEEK_HOURS = 167.5;

export function tolerances(length: number): Series[] {
  return Object.entries(TOLERANCES).map(([signal, tolerance]) => ({
    name: 'mcp:anomaly:tolerance',
    labels: { signal },
    values: new Float64Array(length).fill(tolerance),
  }));
}

/** `mcp-anomaly` of the rules, for one server. */
export function anomalySeries(
  server: string,
  levels: Readonly<Record<Signal, Values>>,
  samplesPerHour: number,
): Series[] {
  return (Object.keys(levels) as Signal[]).flatMap((signal) => {
    const level = levels[signal];
    const usual = mean(level, samplesPerHour);
    const deviation = spread(level, samplesPerHour);
    const margin = combine(usual, deviation, (middle, each) =>
      Math.max(3 * each, 0.5 * middle, TOLERANCES[signal]),
    );
    const upper = combine(usual, margin, (middle, each) => middle + each);
    const lower = combine(usual, margin, (middle, each) => middle - each);
    const band = (edge: Values, pick: (...values: number[]) => number): Values =>
      combine(
        shift(edge, DAY_HOURS * samplesPerHour),
        shift(edge, WEEK_HOURS * samplesPerHour),
        (day, week) => pick(...[day, week].filter((value) => !Number.isNaN(value))),
      );
    const isThere = (value: number): number => (Number.isFinite(value) ? value : NaN);
    const values: Readonly<Record<string, Values>> = {
      level,
      mean1h: usual,
      stddev1h: deviation,
      margin1h: margin,
      upper: map(band(upper, Math.max), isThere),
      lower: map(band(lower, Math.min), (value) => isThere(Math.max(0, value))),
    };
    return Object.entries(values).map(([name, each]) => ({
      name: `mcp:anomaly:${name}`,
      labels: { ...TARGET, server, signal },
      values: each,
    }));
  });
}
