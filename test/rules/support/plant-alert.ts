import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { AlertRule } from '../../../src/catalog/rule-file.ts';
import type { NamedRuleFile } from '../../../tools/rules/read-rules.ts';
import { readTestFiles } from './rule-files.ts';

interface TestFile {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string }[];
    readonly promql_expr_test?: unknown;
  }[];
}

/**
 * Makes a folder in which promtool has one alert to test, and little else to do.
 * @param rules of that name, one for each window
 * @returns the files with its tests, relative to `folder`
 */
export function plantAlert(
  folder: string,
  files: readonly NamedRuleFile[],
  [alert, rules]: readonly [alert: string, rules: readonly AlertRule[]],
): string[] {
  mkdirSync(join(folder, 'rules'), { recursive: true });
  mkdirSync(join(folder, 'tests'), { recursive: true });
  for (const { file, groups } of files) {
    const pruned = groups.map((group) => {
      const isHome = group.rules.some((rule) => 'alert' in rule && rule.alert === alert);
      const recorded = group.rules.filter((rule) => 'record' in rule);
      return { ...group, rules: [...recorded, ...(isHome ? rules : [])] };
    });
    writeFileSync(join(folder, file), stringify({ groups: pruned }));
  }
  return readTestFiles().flatMap(({ file, text }) => {
    const content = parse(text) as TestFile;
    const tests = content.tests.flatMap((test) => {
      const checks = test.alert_rule_test?.filter(({ alertname }) => alertname === alert) ?? [];
      return checks.length === 0
        ? []
        : [{ ...test, alert_rule_test: checks, promql_expr_test: [] }];
    });
    if (tests.length === 0 || file === 'tests/no-series.yml') return [];
    writeFileSync(join(folder, file), stringify({ ...content, tests }));
    return [file];
  });
}
