import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Rule, RuleFile } from '../../src/catalog/rule-file.ts';

const FOLDER = fileURLToPath(new URL('../../prometheus/rules', import.meta.url));

export interface NamedRuleFile extends RuleFile {
  /** Relative to `prometheus/`. */
  readonly file: string;
}

/** The rule files of `prometheus/rules/`, in the order of their names. */
export function readRuleFiles(): NamedRuleFile[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .map((name) => {
      const { groups } = parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as RuleFile;
      return { file: `rules/${name}`, groups };
    });
}

/** All rules of `prometheus/rules/`. */
export function readRules(): readonly Rule[] {
  return readRuleFiles().flatMap(({ groups }) => groups.flatMap(({ rules }) => rules));
}
