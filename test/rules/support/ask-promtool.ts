import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { RuleGroup } from '../../../src/catalog/rule-file.ts';
import { run } from './promtools.ts';

export interface PromtoolQuestions {
  readonly groups: readonly RuleGroup[];
  readonly series: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    /** In the notation of promtool; `_` is no sample. */
    readonly values: string;
  }[];
  /** Between samples, and between evaluations. */
  readonly stepSeconds: number;
  /** With an expectation that is never met, so that promtool says what it got; without one it expects nothing. */
  readonly questions: readonly {
    readonly expr: string;
    readonly eval_time: string;
    readonly exp_samples?: readonly { readonly labels: string; readonly value: number }[];
  }[];
}

/** Has promtool evaluate rules over series as Prometheus would, and returns what it says about the questions. */
export async function askPromtool(options: PromtoolQuestions): Promise<string> {
  const { groups, series, stepSeconds, questions } = options;
  const test = {
    rule_files: ['rules.yml'],
    evaluation_interval: `${stepSeconds}s`,
    // Left to chance otherwise; what is recorded a step later is too old already where a step takes five minutes.
    group_eval_order: groups.map(({ name }) => name),
    tests: [
      {
        interval: `${stepSeconds}s`,
        input_series: series.map(({ name, labels, values }) => ({
          series: `${name}${selectorOf(labels)}`,
          values,
        })),
        promql_expr_test: questions,
      },
    ],
  };
  const folder = await mkdtemp(join(tmpdir(), 'mcp-exporter-rules-'));
  try {
    await writeFile(join(folder, 'rules.yml'), stringify({ groups }));
    await writeFile(join(folder, 'test.yml'), stringify(test));
    return (await run('promtool', ['test', 'rules', 'test.yml'], folder)).output;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function selectorOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.join(',')}}`;
}
