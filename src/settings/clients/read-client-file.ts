import { basename, dirname } from 'node:path';
import { ClientEntrySchema, ServerSchema } from '../config-schema.ts';
import { expandValues } from '../expand-values.ts';
import { type LoadContext, resolvePath } from '../files.ts';
import { parseValues } from '../parse-values.ts';
import { readSource } from '../read-source.ts';
import {
  findNameMistake,
  placeOfClientFile,
  prepareServer,
  type ServerEntry,
} from '../server-entries.ts';
import {
  type MapEntry,
  messageWithin,
  nodeAt,
  type Path,
  type Problem,
  type SourceFile,
  type SourceNode,
} from '../source-file.ts';

export interface ImportedEntry {
  readonly entry: ServerEntry;
  /** Why the server cannot be checked; undefined if nothing is known against it. */
  readonly mistake: Problem | undefined;
  readonly isPruned: (path: Path) => boolean;
}

const BLOCKS = ['mcpServers', 'servers'] as const;

/**
 * Reads the servers of a client's file. A mistake in one entry is kept with that entry: the others are not affected.
 * @param report is called, where the file is named, if the file as a whole cannot be used
 */
export async function readClientFile(
  file: string,
  report: (message: string) => void,
  context: LoadContext,
): Promise<readonly ImportedEntry[]> {
  const result = await context.readText(file);
  if (!result.ok) {
    report(`the file ${result.reason}`);
    return [];
  }
  const written = readSource(file, result.text);
  const { root } = written;
  if (root === undefined) {
    context.problems.push(...written.problems);
    if (written.problems.length === 0) report('the file is empty');
    return [];
  }
  context.warnings.push(...written.problems);
  if (BLOCKS.every((block) => nodeAt(root, [block]) === undefined)) {
    report('the file has neither mcpServers nor servers');
    return [];
  }
  const imported: ImportedEntry[] = [];
  for (const block of BLOCKS) {
    const node = nodeAt(root, [block]);
    if (node !== undefined && node.kind !== 'map') report(`its ${block} must be a map of servers`);
    if (node?.kind !== 'map') continue;
    for (const [name, entry] of node.entries)
      imported.push(await readEntry({ ...written, base: [block] }, name, entry, context));
  }
  return imported;
}

async function readEntry(
  block: SourceFile,
  written: string,
  { keyOffset, node }: MapEntry,
  context: LoadContext,
): Promise<ImportedEntry> {
  const { file } = block;
  const nameMistake = findNameMistake(written);
  const name = nameMistake === undefined ? written : nameOfPlace(block, keyOffset);
  const only = (of: SourceNode): SourceFile => {
    const entries = new Map([[name, { keyOffset, node: of }]]);
    return { ...block, root: { kind: 'map', entries, offset: keyOffset } };
  };
  const { workingDirectory, variables } = placeOfClientFile(file, context.home);
  const expanded = await expandValues(only(switchOff(node)), {
    env: context.env,
    variables,
    isClientFile: true,
    readValueFile: (path) => context.readText(resolvePath(path, dirname(file), context.home)),
  });
  const ready = nodeAt(expanded.source.root, [name]);
  const source = only(ready === undefined ? node : prepareServer(ready, true));
  const parsed = parseValues(ClientEntrySchema, source, only(node).root);
  const entry: ServerEntry = {
    name,
    input: parsed.value?.[name] ?? ServerSchema.parse({}),
    source,
    path: [name],
    directory: workingDirectory ?? dirname(file),
    isClientFile: true,
    isVsCodeFile: block.base?.[0] === 'servers',
    ...(workingDirectory !== undefined && { workingDirectory }),
  };
  context.warnings.push(...parsed.unknownKeys.filter(isOfOurs(source, name)));
  const unusable =
    nameMistake === undefined
      ? []
      : [{ ...placeOf(block, keyOffset), path: '', message: nameMistake }];
  return {
    entry,
    mistake: [...unusable, ...expanded.problems, ...parsed.problems][0],
    isPruned: parsed.isPruned,
  };
}

/** Only in the sections that are ours is an unknown key a typing mistake; the others are the client's business. */
function isOfOurs(source: SourceFile, name: string): (unknownKey: Problem) => boolean {
  return (unknownKey) => /^(?:monitor|gateway)\./.test(messageWithin(source, [name], unknownKey));
}

/** What an entry is listed under whose name cannot be a label. */
function nameOfPlace(source: SourceFile, offset: number): string {
  const { line, column } = source.locate(offset);
  const name = basename(source.file)
    .replaceAll(/\p{Cc}/gu, '�')
    .slice(-64);
  return `${name}:${line}:${column}`;
}

function placeOf(source: SourceFile, offset: number): Omit<Problem, 'path' | 'message'> {
  return { file: source.file, ...source.locate(offset) };
}

/** Clients have several words for an entry that is off; ours is `disabled`. */
function switchOff(node: SourceNode): SourceNode {
  if (node.kind !== 'map') return node;
  const isOff = ['enabled', 'isActive'].some((key) => {
    const flag = node.entries.get(key)?.node;
    return flag?.kind === 'scalar' && (flag.value === false || flag.value === 'false');
  });
  if (!isOff) return node;
  const disabled: MapEntry = {
    keyOffset: node.offset,
    node: { kind: 'scalar', value: true, text: 'true', offset: node.offset },
  };
  return { ...node, entries: new Map([...node.entries, ['disabled', disabled]]) };
}

/** A mistake as the reason why a server is not checked. */
export function reasonOf({ source, path }: ServerEntry, mistake: Problem): string {
  return messageWithin(source, path, mistake);
}
