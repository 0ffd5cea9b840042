import { dirname } from 'node:path';
import { placeOfClientFile } from './client-file.ts';
import { ClientFileSchema } from './config-schema.ts';
import { expandValues } from './expand-values.ts';
import { resolvePath } from './files.ts';
import type { LoadContext } from './load-context.ts';
import { type ParsedValues, parseValues } from './parse-values.ts';
import { readSource } from './read-source.ts';
import { entriesOf, type ServerEntry } from './server-entry.ts';
import {
  type MapEntry,
  type MapNode,
  nodeAt,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';

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
