import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RuleGroup } from '../../../src/catalog/rule-file.ts';
import type { Labels, MadeUpSeries } from './made-up-counters.ts';
import { run } from './promtools.ts';

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

/** Has promtool evaluate the rules, and answers questions about what they recorded: it is told to expect nothing, and says what it got. */
export async function evaluateRules(options: RuleEvaluation): Promise<readonly Sample[]> {
  const { groups, series, stepSeconds, atSeconds } = options;
  const questions = atSeconds.flatMap((time) =>
    options.questions.map((question) => ({ ...question, time })),
  );
  const test = {
    rule_files: ['rules.yml'],
    evaluation_interval: `${stepSeconds}s`,
    group_eval_order: groups.map(({ name }) => name),
    tests: [
      {
        interval: `${stepSeconds}s`,
        input_series: series.map(({ name, labels, values }) => ({
          series: `${name}${selectorOf(labels)}`,
          values: values.join(' '),
        })),
        promql_expr_test: questions.map(({ expr, time }) => ({
          expr,
          eval_time: `${time}s`,
          exp_samples: [{ labels: '{is="never"}', value: 1 }],
        })),
      },
    ],
  };
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-rules-'));
  try {
    await writeFile(join(folder, 'rules.yml'), stringify({ groups }));
    await writeFile(join(folder, 'test.yml'), stringify(test));
    const { output } = await run('promtool', ['test', 'rules', 'test.yml'], folder);
    return samplesOf(output, questions);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function selectorOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.join(',')}}`;
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
