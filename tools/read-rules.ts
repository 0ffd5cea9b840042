import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const RULES = 'prometheus/rules';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
}

interface RuleFile {
  readonly groups?: readonly { readonly rules?: readonly Rule[] }[];
}

/** All rules of `prometheus/rules/`, in the order of the files. */
export function readRules(): readonly Rule[] {
  return readdirSync(RULES)
    .filter((name) => name.endsWith('.yml'))
    .toSorted()
    .flatMap((name) => {
      const { groups } = parse(readFileSync(join(RULES, name), 'utf8')) as RuleFile;
      return (groups ?? []).flatMap(({ rules }) => rules ?? []);
    });
}

/** A module with one list of names, in the form that prettier leaves alone. */
export function renderNames(docs: string, declaration: string, names: readonly string[]): string {
  const lines = [...new Set(names)].toSorted().map((name) => `  '${name}',\n`);
  return `/** ${docs} Generated from \`${RULES}/\`: \`npm run generate\`. */\nexport const ${declaration} = [\n${lines.join('')}]`;
}
