import type { Problem } from './problem.ts';
import { readJson } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import type { SourceFile } from './source-node.ts';

const JSON_NAME = /\.jsonc?$/i;
const YAML_NAME = /\.ya?ml$/i;
const STARTS_AS_JSON = /^\s*(?:\/[/*]|\{)/;

/** By extension, else by the first character: clients' files are JSON with comments, ours is YAML. */
export function readSource(file: string, text: string): SourceFile {
  const source = isJson(file, text) ? readJson(file, text) : readYaml(file, text);
  // After a mistake of syntax a parser guesses: what else it says about the same line is seldom of use.
  return source.root === undefined
    ? { ...source, problems: firstOfEachLine(source.problems) }
    : source;
}

export function isJson(file: string, text: string): boolean {
  return JSON_NAME.test(file) || (!YAML_NAME.test(file) && STARTS_AS_JSON.test(text));
}

function firstOfEachLine(problems: readonly Problem[]): Problem[] {
  const lines = new Set<number>();
  return problems.filter(({ line }) => !lines.has(line) && lines.add(line));
}
