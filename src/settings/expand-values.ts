import type { TextResult } from './files.ts';
import {
  type MapEntry,
  type MapNode,
  type Path,
  type Problem,
  problemAt,
  type ScalarNode,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';

export interface ExpandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What clients resolve themselves, such as `workspaceFolder`; not secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Reads a file named by `KEY_file`. */
  readonly readValueFile: (path: string) => Promise<TextResult>;
}

const FILE_SUFFIX = '_file';
const REFERENCE = /\$\$\{|\$\{([^{}]*)\}?/g;
const ENVIRONMENT = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const ASKED_BY_CLIENT = /^(input|command|config):/;

interface Expansion {
  readonly options: ExpandOptions;
  report(path: Path, message: string, at?: 'key' | 'value'): void;
}

/**
 * Replaces `${NAME}`, `${NAME:-default}`, `${env:NAME}` and clients' variables in every text, and `KEY_file: path`
 * by `KEY` with the file's content. `$${` is a plain `${`. What cannot be known here (`${input:…}`) is marked as unresolved.
 */
export async function expandValues(
  source: SourceFile,
  options: ExpandOptions,
): Promise<{ readonly source: SourceFile; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  if (source.root === undefined) return { source, problems };
  const expansion: Expansion = {
    options,
    report: (path, message, at) => problems.push(problemAt(source, path, message, at)),
  };
  return { source: { ...source, root: await expand(expansion, source.root, [], false) }, problems };
}

async function expand(
  expansion: Expansion,
  node: SourceNode,
  path: Path,
  isDisabled: boolean,
): Promise<SourceNode> {
  if (node.kind === 'scalar') return expandScalar(expansion, node, path, isDisabled);
  if (node.kind === 'map')
    return expandMap(expansion, node, path, isDisabled || isDisabledServer(node));
  const items = await Promise.all(
    node.items.map((item, index) => expand(expansion, item, [...path, index], isDisabled)),
  );
  return { ...node, items };
}

async function expandMap(
  expansion: Expansion,
  node: MapNode,
  path: Path,
  isDisabled: boolean,
): Promise<MapNode> {
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    const keyPath = [...path, key];
    const expanded = await expand(expansion, entry.node, keyPath, isDisabled);
    const target = key.slice(0, -FILE_SUFFIX.length);
    if (!isFileReference(key, expanded, path)) entries.set(key, { ...entry, node: expanded });
    else if (node.entries.has(target))
      expansion.report(keyPath, `there is ${target} too; one of the two is enough`, 'key');
    else entries.set(target, { ...entry, node: await readReference(expansion, expanded, keyPath) });
  }
  return { ...node, entries };
}

function isFileReference(key: string, node: SourceNode, path: Path): node is ScalarNode {
  // The arguments of a synthetic call belong to the tool, which may have one called output_file.
  if (path.includes('arguments')) return false;
  return key.endsWith(FILE_SUFFIX) && key.length > FILE_SUFFIX.length && node.kind === 'scalar';
}

async function readReference(
  { options, report }: Expansion,
  node: ScalarNode,
  path: Path,
): Promise<ScalarNode> {
  if (node.isBroken || node.unresolved !== undefined) return node;
  if (typeof node.value !== 'string' || node.value === '') {
    report(path, 'must be the path of a file');
    return { ...node, isBroken: true };
  }
  const result = await options.readValueFile(node.value);
  const value = result.ok ? result.text.replace(/(?:\r?\n)+$/, '') : '';
  if (result.ok && value !== '') return { ...node, value, text: value, expanded: [value] };
  report(path, result.ok ? 'the file is empty' : `the file ${result.reason}`);
  return { ...node, isBroken: true };
}

function expandScalar(
  { options, report }: Expansion,
  node: ScalarNode,
  path: Path,
  isDisabled: boolean,
): ScalarNode {
  if (typeof node.value !== 'string' || !node.value.includes('${')) return node;
  const expanded: string[] = [];
  const unresolved: string[] = [];
  const mistakes: string[] = [];
  const value = node.value.replaceAll(
    REFERENCE,
    (whole: string, expression: string | undefined) => {
      const found = lookUp(whole, expression, options);
      if (found.kind === 'text') return found.text;
      if (found.kind === 'secret') expanded.push(found.text);
      else if (found.kind === 'unresolved') unresolved.push(found.reason);
      else if (isDisabled) unresolved.push(found.message);
      else mistakes.push(found.message);
      return found.kind === 'secret' ? found.text : whole;
    },
  );
  if (mistakes[0] !== undefined) {
    report(path, mistakes[0]);
    return { ...node, isBroken: true };
  }
  return {
    ...node,
    value,
    text: value,
    ...(expanded.length > 0 && { expanded }),
    ...(unresolved[0] === undefined ? {} : { unresolved: unresolved[0] }),
  };
}

type FoundVariable =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly text: string }
  | { readonly kind: 'unresolved'; readonly reason: string }
  | { readonly kind: 'mistake'; readonly message: string };

function lookUp(
  whole: string,
  expression: string | undefined,
  { env, variables }: ExpandOptions,
): FoundVariable {
  if (expression === undefined) return { kind: 'text', text: '${' };
  if (Object.hasOwn(variables, expression))
    return { kind: 'text', text: variables[expression] ?? '' };
  if (ASKED_BY_CLIENT.test(expression)) {
    return { kind: 'unresolved', reason: `needs ${whole}, which only the client can ask for` };
  }
  const [, name, fallback] = (whole.endsWith('}') && ENVIRONMENT.exec(expression)) || [];
  if (name === undefined) {
    return {
      kind: 'mistake',
      message:
        'a ${ that is no variable; allowed are ${NAME} and ${NAME:-default} (not nested), and $${ for a plain ${',
    };
  }
  const value = env[name];
  if (value !== undefined && (value !== '' || fallback === undefined))
    return { kind: 'secret', text: value };
  if (fallback !== undefined) return { kind: 'text', text: fallback };
  return {
    kind: 'mistake',
    message: `the environment variable ${name} is not set; \${${name}:-default} gives it a default`,
  };
}

/** The variables of a disabled server need not be set. */
function isDisabledServer(node: MapNode): boolean {
  const disabled = node.entries.get('disabled')?.node;
  return disabled?.kind === 'scalar' && disabled.value === true;
}
