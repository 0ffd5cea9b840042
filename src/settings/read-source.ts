import { type Node, type ParseError, type ParseErrorCode, parseTree } from 'jsonc-parser';
import { isForeign } from './clients/recognise-file.ts';
import {
  createLocator,
  DEPTH_MAX,
  type MapEntry,
  type Problem,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';
import { readYaml } from './yaml.ts';

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

/** Keys that only our own file has. Not taken from the schema, which takes too long to load for the command `stdio`. */
const OWN_KEYS = [
  'listen',
  'gateway',
  'import',
  'defaults',
  'probe',
  'admin',
  'log',
  'audit',
  'metrics',
  'tracing',
  'alerts',
  'alertRulesFile',
  'alerting',
  'alertmanager',
  'prometheus',
  'maintenance',
  'journal',
  'alertWebhook',
  'markers',
  'webConfigFile',
];

/** Whether a file that was given as the configuration is a client's: what only clients have, or JSON without any key of ours. */
export function isClientFile(file: string, text: string, root: SourceNode | undefined): boolean {
  if (root?.kind !== 'map') return false;
  if (isToml(file)) return true;
  const isOurs = OWN_KEYS.some((key) => root.entries.has(key));
  // A list of servers beside a key of ours is a mistake of ours, and not Continue's file.
  if (isForeign(root)) return !isOurs || root.entries.get('mcpServers')?.node.kind !== 'list';
  return isJson(file, text) && !isOurs;
}

export function isToml(file: string): boolean {
  return /\.toml$/i.test(file);
}

function firstOfEachLine(problems: readonly Problem[]): Problem[] {
  const lines = new Set<number>();
  return problems.filter(({ line }) => !lines.has(line) && lines.add(line));
}

/** By code of jsonc-parser: its enumeration is a `const enum`, which type stripping cannot import. */
const SYNTAX: Readonly<Record<ParseErrorCode, string>> = {
  1: 'a symbol that JSON does not know; is a quote missing?',
  2: 'a number that JSON does not know',
  3: 'a key in "double quotes" is expected',
  4: 'a value is expected',
  5: 'a colon is missing',
  6: 'a comma is missing',
  7: 'a closing } is missing',
  8: 'a closing ] is missing',
  9: 'more text after the end of the object',
  10: 'a comment that cannot be here',
  11: 'a comment without its end',
  12: 'a text without its closing quote',
  13: 'a number without its end',
  14: 'a \\u escape without four hexadecimal digits',
  15: 'an escape that JSON does not know',
  16: 'a character that must be escaped',
};

/** Reads JSON with comments and trailing commas, as editors write it. Reports every mistake, throws none. */
export function readJson(file: string, text: string): SourceFile {
  const locate = createLocator(text);
  const problems: Problem[] = [];
  const report = (offset: number, message: string) =>
    problems.push({ file, ...locate(offset), path: '', message });

  if (text.trim() === '') return { file, root: undefined, problems, locate };
  const errors: ParseError[] = [];
  const tree = isTooDeep(text) ? undefined : parseTree(text, errors, { allowTrailingComma: true });
  if (tree === undefined && errors.length === 0)
    report(0, `not JSON, or more than ${DEPTH_MAX} levels`);
  for (const error of errors)
    report(error.offset, `not JSON: ${SYNTAX[error.error] ?? 'a mistake of syntax'}`);
  const root = tree && errors.length === 0 ? convert(tree, text, report) : undefined;
  return { file, root, problems, locate };
}

/** The parser and the converter recurse: brackets are counted first, those inside of texts too, which is on the safe side. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > DEPTH_MAX * 4) return true;
  }
  return false;
}

function convert(
  node: Node,
  text: string,
  report: (offset: number, message: string) => void,
): SourceNode {
  const { offset } = node;
  if (node.type === 'array') {
    return {
      kind: 'list',
      items: (node.children ?? []).map((child) => convert(child, text, report)),
      offset,
    };
  }
  if (node.type === 'object') {
    const entries = new Map<string, MapEntry>();
    for (const property of node.children ?? []) {
      const [keyNode, valueNode] = property.children ?? [];
      if (keyNode === undefined || valueNode === undefined) continue;
      const key = String(keyNode.value);
      if (entries.has(key))
        report(keyNode.offset, `the key ${JSON.stringify(key.slice(0, 80))} is here twice`);
      // As JSON.parse() has it, the last one counts.
      entries.set(key, { keyOffset: keyNode.offset, node: convert(valueNode, text, report) });
    }
    return { kind: 'map', entries, offset };
  }
  const value = node.value as string | number | boolean | null;
  return {
    kind: 'scalar',
    value,
    text: typeof value === 'string' ? value : text.slice(offset, offset + node.length),
    offset,
  };
}
