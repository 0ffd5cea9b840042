import type { RuleGroup } from '../../../src/catalog/rule-file.ts';
import { askPromtool } from './ask-promtool.ts';
import type { Labels, MadeUpSeries } from './made-up-counters.ts';

interface RuleEvaluation {
  readonly groups: readonly RuleGroup[];
  readonly series: readonly MadeUpSeries[];
  /** Between samples, and between evaluations. */
  readonly stepSeconds: number;
  readonly questions: readonly { readonly name: string; readonly expr: string }[];
  readonly atSeconds: readonly number[];
}

export interface Sample {
  readonly name: string;
  readonly atSeconds: number;
  readonly labels: Labels;
  readonly value: number;
}

const SHOWN_CHARS = 2_000;

/** Evaluates rules with promtool, and answers questions about what they recorded. */
export async function evaluateRules(options: RuleEvaluation): Promise<readonly Sample[]> {
  const { groups, series, stepSeconds, atSeconds } = options;
  const questions = atSeconds.flatMap((time) =>
    options.questions.map((question) => ({ ...question, time })),
  );
  const output = await askPromtool({
    groups,
    series: series.map((one) => ({ ...one, values: one.values.join(' ') })),
    stepSeconds,
    questions: questions.map(({ expr, time }) => ({
      expr,
      eval_time: `${time}s`,
      exp_samples: [{ labels: '{is="never"}', value: 1 }],
    })),
  });
  return samplesOf(output, questions);
}

/** Answers in the order of the questions: `got: {__name__="x", a="b"} 1E+00, {…} 2E+00`. */
function samplesOf(
  output: string,
  questions: readonly { readonly name: string; readonly time: number }[],
): Sample[] {
  const answers = output.split('\n').filter((line) => line.trimStart().startsWith('got: '));
  if (answers.length !== questions.length)
    throw new Error(`promtool said something else: ${output.slice(0, SHOWN_CHARS)}`);
  return answers.flatMap((line, index) =>
    [...line.matchAll(/\{([^}]*)\} ([-+.\dE]+|NaN|[+-]Inf)/g)].map(([, text = '', value]) => {
      const { __name__: _, ...labels } = Object.fromEntries(
        [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', is = '']) => [label, is]),
      );
      const { name = '', time = NaN } = questions[index] ?? {};
      return { name, atSeconds: time, labels, value: Number(value) };
    }),
  );
}
