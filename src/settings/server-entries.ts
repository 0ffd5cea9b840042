import { basename, dirname, resolve, sep } from 'node:path';
import { ClientFileSchema, type ServerInput } from './config-schema.ts';
import { expandValues } from './expand-values.ts';
import { type LoadContext, type ReadText, resolvePath } from './files.ts';
import { type ParsedValues, parseValues } from './parse-values.ts';
import { readSource } from './read-source.ts';
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
  const isInside = ['.vscode', '.cursor'].includes(basename(folder));
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

export interface ClientServers extends Pick<ParsedValues<unknown>, 'isPruned'> {
  readonly entries: readonly ServerEntry[];
}

const BLOCKS = ['mcpServers', 'servers'] as const;

/**
 * Reads the servers of a client's file.
 * @param report is called, where the file is named, if it cannot be used
 */
export async function readClientServers(
  file: string,
  report: (message: string) => void,
  context: LoadContext,
): Promise<ClientServers | undefined> {
  const { problems, warnings } = context;
  const result = await context.readText(file);
  if (!result.ok) {
    report(`the file ${result.reason}`);
    return undefined;
  }
  const written = readSource(file, result.text);
  problems.push(...written.problems);
  if (written.root === undefined) {
    if (written.problems.length === 0) report('the file is empty');
    return undefined;
  }
  const source = await expandServers(written, context);
  const parsed = parseValues(ClientFileSchema, source, written.root);
  problems.push(...parsed.problems);
  for (const problem of parsed.unknownKeys)
    warnings.push({ ...problem, message: `ignored: ${problem.message}` });
  const { value } = parsed;
  if (value === undefined) return undefined;
  if (BLOCKS.every((block) => nodeAt(source.root, [block]) === undefined)) {
    report('the file has neither mcpServers nor servers');
    return undefined;
  }
  const { workingDirectory } = placeOfClientFile(file, context.home);
  const entries = BLOCKS.flatMap((block) =>
    entriesOf(source, block, value[block] ?? {}, context).map(([name, input]): ServerEntry => ({
      name,
      input,
      source,
      path: [block, name],
      directory: workingDirectory ?? dirname(file),
      isClientFile: true,
      isVsCodeFile: block === 'servers',
      ...(workingDirectory === undefined ? {} : { workingDirectory }),
    })),
  );
  return { entries, isPruned: parsed.isPruned };
}

async function expandServers(written: SourceFile, context: LoadContext): Promise<SourceFile> {
  const { file } = written;
  const expanded = await expandValues(keepServers(written), {
    env: context.env,
    variables: placeOfClientFile(file, context.home).variables,
    isClientFile: true,
    readValueFile: (path) => context.readText(resolvePath(path, dirname(file), context.home)),
  });
  context.problems.push(...expanded.problems);
  return { ...expanded.source, root: prepareServers(expanded.source.root, true) };
}

/** Of a client's file only the servers count: a variable elsewhere in it is the client's own business. */
function keepServers(source: SourceFile): SourceFile {
  if (source.root?.kind !== 'map') return source;
  const entries = new Map(
    [...source.root.entries].filter(([key]) => key === 'mcpServers' || key === 'servers'),
  );
  return { ...source, root: { ...source.root, entries } };
}

/**
 * People write `PORT: 3000` and `args: [-p, 8080]` in YAML: values that are passed on as text become the text in the file.
 * A variable that a client's file unsets (`null`) is left out.
 */
export function prepareServers(
  root: SourceNode | undefined,
  isClientFile: boolean,
): SourceNode | undefined {
  if (root?.kind !== 'map') return root;

  function prepareField(node: SourceNode, key: string): SourceNode {
    if (key === 'args' && node.kind === 'list') return { ...node, items: node.items.map(asText) };
    if (key !== 'env' && key !== 'headers') return node;
    return mapEntries(node, (value) =>
      isClientFile && key === 'env' && isNull(value) ? undefined : asText(value),
    );
  }

  return mapEntries(root, (servers, key) =>
    key === 'mcpServers' || key === 'servers'
      ? mapEntries(servers, (server) => mapEntries(server, prepareField))
      : servers,
  );
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
