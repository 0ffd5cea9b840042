import { basename, dirname, resolve, sep } from 'node:path';
import type { ServerInput } from './config-schema.ts';
import type { LoadContext, ReadText } from './files.ts';
import {
  type MapEntry,
  type MapNode,
  nodeAt,
  type Path,
  problemAt,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';

/** One entry of a `mcpServers` block on its way to a `ServerSpec`. */
export interface ServerEntry {
  readonly name: string;
  /** What it is called if another server has the name. */
  readonly otherName?: string;
  readonly input: ServerInput;
  readonly source: SourceFile;
  /** The path of the entry, such as `['mcpServers', 'files']`. */
  readonly path: Path;
  /** The folder that relative paths start from. */
  readonly directory: string;
  readonly isClientFile: boolean;
  /** VS Code's `http` falls back to HTTP+SSE, as our `auto` does. */
  readonly isVsCodeFile: boolean;
  /** Where the client starts programs; undefined if that is unknown. */
  readonly workingDirectory?: string;
}

/** Reports a mistake in an entry; `path` is relative to the entry. */
export type ReportMistake = (path: Path, message: string, at?: 'key' | 'value') => void;

export interface EntryContext {
  readonly report: ReportMistake;
  readonly warn: ReportMistake;
  readonly readText: ReadText;
  readonly home: string | undefined;
  /** Whether the schema rejected this value: then it was reported already. */
  readonly isPruned: (path: Path) => boolean;
}

/** The entries of a block in the order of the file; the schema's result leaves out what it does not accept as a key. */
export function entriesOf(
  source: SourceFile,
  block: string,
  inputs: Readonly<Record<string, ServerInput>>,
  { problems }: LoadContext,
): [string, ServerInput][] {
  const node = nodeAt(source.root, [block]);
  if (node?.kind !== 'map') return [];
  return [...node.entries.keys()].flatMap((name): [string, ServerInput][] => {
    const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (input !== undefined) return [[name, input]];
    if (name === '__proto__')
      problems.push(problemAt(source, [block, name], findNameMistake(name) ?? '', 'key'));
    return [];
  });
}

const NAME_BYTES_MAX = 128;

/** What is wrong with a server's name, which becomes a label and a part of a URL path (percent-encoded); undefined if it is valid. */
export function findNameMistake(name: string): string | undefined {
  if (name.trim() === '') return 'a server needs a name';
  if (name !== name.trim()) return 'a name must not begin or end with a space';
  if (/\p{Cc}/u.test(name)) return 'a name must not hold control characters';
  if (!name.isWellFormed()) return 'a name must be valid Unicode';
  if (name === '.' || name === '..')
    return 'a name must not be . or .., which mean something else in a URL';
  if (name === '_OTHER') return 'the name _OTHER stands for everything beyond a limit';
  if (name === '__proto__') return 'a name must not be __proto__';
  const bytes = new TextEncoder().encode(name).length;
  return bytes > NAME_BYTES_MAX
    ? `a name must not be longer than ${NAME_BYTES_MAX} bytes, not ${bytes}`
    : undefined;
}

export interface ClientPlace {
  /** Where the client runs programs and what `${workspaceFolder}` is. */
  readonly workingDirectory?: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** What a client derives from the location of its file: `.vscode`, `.cursor` and `.mcp.json` are in the workspace. */
export function placeOfClientFile(file: string, home: string | undefined): ClientPlace {
  const folder = resolve(dirname(file));
  const isInside = ['.vscode', '.cursor', '.gemini', '.roo'].includes(basename(folder));
  const workspace = isInside ? dirname(folder) : folder;
  const isOfProject = (isInside && workspace !== home) || basename(file) === '.mcp.json';
  return {
    ...(isOfProject && { workingDirectory: workspace }),
    variables: {
      ...homeVariables(home),
      workspaceFolder: workspace,
      workspaceFolderBasename: basename(workspace),
      CLAUDE_PROJECT_DIR: workspace,
      pathSeparator: sep,
      '/': sep,
    },
  };
}

export function homeVariables(home: string | undefined): Readonly<Record<string, string>> {
  return home === undefined ? {} : { userHome: home };
}

/**
 * People write `PORT: 3000` and `args: [-p, 8080]` in YAML: values that are passed on as text become the text in the file.
 * @param root of our own file
 */
export function prepareServers(root: SourceNode | undefined): SourceNode | undefined {
  if (root?.kind !== 'map') return root;
  return mapEntries(root, (section, key) => {
    if (key === 'defaults') return prepareServer(section, false);
    if (key !== 'mcpServers') return section;
    return mapEntries(section, (server) => prepareServer(server, false));
  });
}

/** The same for one entry. A variable that a client's file unsets (`null`) is left out. */
export function prepareServer(server: SourceNode, isClientFile: boolean): SourceNode {
  return mapEntries(server, (node, key) => {
    if (key === 'args' && node.kind === 'list') return { ...node, items: node.items.map(asText) };
    if (key !== 'env' && key !== 'headers' && key !== 'labels') return node;
    return mapEntries(node, (value) =>
      isClientFile && key === 'env' && isNull(value) ? undefined : asText(value),
    );
  });
}

function isNull(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function asText(node: SourceNode): SourceNode {
  if (node.kind !== 'scalar' || (typeof node.value !== 'number' && typeof node.value !== 'boolean'))
    return node;
  return { ...node, value: node.text };
}

function mapEntries(
  node: SourceNode,
  change: (node: SourceNode, key: string) => SourceNode | undefined,
): SourceNode {
  if (node.kind !== 'map') return node;
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    const changed = change(entry.node, key);
    if (changed !== undefined) entries.set(key, { ...entry, node: changed });
  }
  return { ...node, entries } satisfies MapNode;
}
