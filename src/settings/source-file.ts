import { LineCounter } from 'yaml';

export type Path = readonly (string | number)[];

/** One mistake (or one warning) of a configuration, where somebody wrote it. Its message never holds a value that may be secret. */
export interface Problem {
  readonly file: string;
  /** From 1; 0 where the whole file is meant. */
  readonly line: number;
  readonly column: number;
  /** As in `mcpServers.files.monitor.interval`; empty where the whole file is meant. */
  readonly path: string;
  readonly message: string;
}

const PLAIN_KEY = /^[\p{L}\p{N}_$@-]+$/u;
const CONTROL_CHARACTER = /\p{Cc}/gu;

/** `mcpServers["a b"].args[0]`; a key beyond 80 characters is cut. */
function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      const shown = part.length > 80 ? `${part.slice(0, 80)}…` : part;
      if (!PLAIN_KEY.test(shown)) return `[${JSON.stringify(shown)}]`;
      return index === 0 ? shown : `.${shown}`;
    })
    .join('');
}

/** `file:line:column  path  message`, in one line whatever the file name and the keys hold. */
function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return [place, path, message]
    .filter((part) => part !== '')
    .join('  ')
    .replaceAll(CONTROL_CHARACTER, '�');
}

/** One line each; beyond `max` only how many there are, since a log line and a metric's detail must stay readable. */
export function formatProblems(problems: readonly Problem[], max = 100): string {
  const lines = problems.slice(0, max).map(formatProblem);
  if (problems.length > max) lines.push(`and ${problems.length - max} more`);
  return lines.join('\n');
}

/**
 * A value with its place in a file, the same for YAML and JSON: positions, variable expansion and masking
 * work on this tree, and only its plain value goes to the schema.
 */
export type SourceNode = ScalarNode | ListNode | MapNode;

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written: `1.10` stays `1.10` where the number would be 1.1. */
  readonly text: string;
  readonly offset: number;
  /** Contents of variables and files that went into the value. */
  readonly expanded?: readonly string[];
  /** Why the value is not known, for example `${input:token}`. */
  readonly unresolved?: string;
  /** Its expansion failed and was reported: the schema must not report it again. */
  readonly isBroken?: true;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
  readonly offset: number;
}

export interface MapEntry {
  readonly keyOffset: number;
  readonly node: SourceNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly offset: number;
}

export interface SourceFile {
  /** As shown in messages. */
  readonly file: string;
  /** Where `root` is in the file, if it is only a part of it. */
  readonly base?: Path;
  /** Undefined if the file is empty or is not YAML or JSON. */
  readonly root: SourceNode | undefined;
  readonly problems: readonly Problem[];
  locate(offset: number): { readonly line: number; readonly column: number };
}

/** More would be a mistake or an attack by aliases: 10,000 servers take about 150,000. */
export const NODES_MAX = 1_000_000;
export const DEPTH_MAX = 64;

export function nodeAt(root: SourceNode | undefined, path: Path): SourceNode | undefined {
  let node = root;
  for (const part of path) {
    if (node?.kind === 'map') node = node.entries.get(String(part))?.node;
    else if (node?.kind === 'list') node = node.items[Number(part)];
    else return undefined;
  }
  return node;
}

/** The offset of the key at `path`; for a list item and the root that of the value. */
export function keyOffsetAt(root: SourceNode | undefined, path: Path): number | undefined {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  if (parent?.kind === 'map' && last !== undefined)
    return parent.entries.get(String(last))?.keyOffset;
  return nodeAt(root, path)?.offset;
}

/** The plain value, for the schema. */
export function toValue(node: SourceNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toValue(entry.node)]));
}

/** Every scalar beneath `node`, with its path. */
export function* scalarsOf(
  node: SourceNode | undefined,
  path: Path = [],
): Generator<readonly [Path, ScalarNode]> {
  if (node === undefined) return;
  if (node.kind === 'scalar') yield [path, node];
  else if (node.kind === 'list')
    for (const [index, item] of node.items.entries()) yield* scalarsOf(item, [...path, index]);
  else for (const [key, entry] of node.entries) yield* scalarsOf(entry.node, [...path, key]);
}

/** A problem at the key or the value of `path`, or at its nearest ancestor that exists. */
export function problemAt(
  source: SourceFile,
  path: Path,
  message: string,
  at: 'key' | 'value' = 'value',
): Problem {
  const find =
    at === 'key' ? keyOffsetAt : (root: SourceNode | undefined, p: Path) => nodeAt(root, p)?.offset;
  let offset = find(source.root, path);
  for (let length = path.length - 1; offset === undefined && length > 0; length--) {
    offset = keyOffsetAt(source.root, path.slice(0, length));
  }
  const place = offset === undefined ? { line: 1, column: 1 } : source.locate(offset);
  return {
    file: source.file,
    ...place,
    path: formatPath([...(source.base ?? []), ...path]),
    message,
  };
}

/** A problem inside of a value as it reads beside the value's name: `type must be …`. */
export function messageWithin(source: SourceFile, path: Path, problem: Problem): string {
  const around = formatPath([...(source.base ?? []), ...path]);
  const inside = problem.path.slice(around.length).replace(/^\./, '');
  if (inside === '') return problem.message;
  return `${inside}${problem.message.startsWith('must ') ? '' : ':'} ${problem.message}`;
}

/** Line and column of an offset in `text`, from 1. */
export function createLocator(text: string): SourceFile['locate'] {
  const lineCounter = new LineCounter();
  lineCounter.addNewLine(0);
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1))
    lineCounter.addNewLine(at + 1);
  return (offset) => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
}
