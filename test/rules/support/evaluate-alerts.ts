import type { Series } from '../../../tools/demo-history/series.ts';
import type { Timeline } from '../../../tools/demo-history/timeline.ts';
import type { RuleGroup } from '../../../src/catalog/rule-file.ts';
import { askPromtool } from './ask-promtool.ts';

const HOUR_SECONDS = 3_600;
const SHOWN_CHARS = 2_000;

export interface EvaluationOptions {
  readonly groups: readonly RuleGroup[];
  readonly series: readonly Series[];
  readonly timeline: Timeline;
  /** What is counted hour by hour; its series are what is told apart. `HOUR` is the hour before. */
  readonly expressions: readonly string[];
}

/** Hours after the start in which an expression had a value, by its labels. */
export type Sightings = ReadonlyMap<string, readonly number[]>;

/** Evaluates rules over the series with promtool, and tells when the expressions had values. */
export async function evaluateAlerts(options: EvaluationOptions): Promise<Sightings> {
  const { groups, series, timeline, expressions } = options;
  const { stepSeconds, length } = timeline;
  const hours = Math.floor(((length - 1) * stepSeconds) / HOUR_SECONDS);
  const output = await askPromtool({
    groups,
    series: series.map(({ name, labels, values }) => ({
      name,
      labels,
      values: [...values].map((value) => (Number.isNaN(value) ? '_' : value)).join(' '),
    })),
    stepSeconds,
    questions: Array.from({ length: hours }, (_, index) =>
      expressions.map((expression) => ({
        expr: expression.replaceAll('HOUR', '1h'),
        eval_time: `${index + 1}h`,
      })),
    ).flat(),
  });
  return sightingsOf(output);
}

/** `expr: "…", time: 1d2h,` and then `got: {a="b"} 1E+00, {a="c"} 2E+00`. */
function sightingsOf(output: string): Sightings {
  if (!/^\s*FAILED:\s+expr: /.test(output) || /\berr(or)?: /.test(output))
    throw new Error(`promtool said something else: ${output.slice(0, SHOWN_CHARS)}`);
  const sightings = new Map<string, number[]>();
  let hour = 0;
  for (const line of output.split('\n')) {
    const [, time] = /, time: ([\dwdhms]+),$/.exec(line) ?? [];
    if (time !== undefined) hour = hoursOf(time);
    if (!line.trimStart().startsWith('got: ')) continue;
    for (const [labels] of line.matchAll(/\{[^}]*\}/g))
      sightings.set(labels, [...(sightings.get(labels) ?? []), hour]);
  }
  return sightings;
}

const UNIT_HOURS: Readonly<Record<string, number>> = { w: 168, d: 24, h: 1 };

function hoursOf(time: string): number {
  return [...time.matchAll(/(\d+)([wdh])/g)].reduce(
    (hours, [, amount, unit = '']) => hours + Number(amount) * (UNIT_HOURS[unit] ?? 0),
    0,
  );
}
