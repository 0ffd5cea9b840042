import { basename, dirname, resolve } from 'node:path';
import { ClientEntrySchema, ServerSchema } from '../config-schema.ts';
import { type LoadContext, resolvePath } from '../files.ts';
import { parseValues } from '../parse-values.ts';
import { readAnySource } from '../read-any-source.ts';
import {
  type ClientPlace,
  findNameMistake,
  placeOfClientFile,
  prepareServer,
  type ServerEntry,
} from '../server-entries.ts';
import {
  messageWithin,
  type Path,
  type Problem,
  problemAt,
  type SourceFile,
  type SourceNode,
} from '../source-file.ts';
import { CLIENTS } from './client-kinds.ts';
import { expandReferences } from './expand-references.ts';
import { normaliseEntry } from './normalise-entry.ts';
import { type ClientServer, recogniseFile } from './recognise-file.ts';

export interface ImportedEntry {
  readonly entry: ServerEntry;
  /** Why the server cannot be checked; undefined if nothing is known against it. */
  readonly mistake: Problem | undefined;
  readonly isPruned: (path: Path) => boolean;
}

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
  const written = await readAnySource(file, result.text);
  const { root } = written;
  if (root === undefined) {
    context.problems.push(...written.problems);
    if (written.problems.length === 0) report('the file is empty');
    return [];
  }
  const recognised = recogniseFile(file, root);
  if (!recognised.ok) {
    report(recognised.reason);
    return [];
  }
  context.warnings.push(...written.problems);
  const imported: ImportedEntry[] = [];
  for (const server of recognised.servers)
    imported.push(await readServer(written, server, context));
  return imported;
}

async function readServer(
  { file, locate }: SourceFile,
  server: ClientServer,
  context: LoadContext,
): Promise<ImportedEntry> {
  const { keyOffset, client } = server;
  const block: SourceFile = { file, locate, problems: [], base: server.block, root: undefined };
  const nameMistake = findNameMistake(server.name);
  const name = nameMistake === undefined ? server.name : nameOfPlace(block, keyOffset);
  const only = (node: SourceNode): SourceFile => {
    const entries = new Map([[name, { keyOffset, node }]]);
    return { ...block, root: { kind: 'map', entries, offset: keyOffset } };
  };
  const place = placeOfServer(file, server, context);
  const normalised = await normaliseEntry(server.node, { ...server, ...context });
  const prepared = prepareServer(normalised.node, true);
  const warnings: Problem[] = [];
  const expanded = await expandReferences(prepared, {
    client,
    env: context.env,
    variables: place.variables,
    readFile: (path) => context.readText(resolvePath(path, dirname(file), context.home)),
    warn: (path, message) => warnings.push(problemAt(only(prepared), [name, ...path], message)),
  });
  const source = only(expanded);
  const parsed = parseValues(ClientEntrySchema, source, only(prepared).root);
  context.warnings.push(...parsed.unknownKeys.filter(isOfOurs(source, name)));
  const input = parsed.value?.[name] ?? ServerSchema.parse({});
  if (input.disabled !== true) context.warnings.push(...warnings);
  const { workingDirectory } = place;
  const entry: ServerEntry = {
    name,
    ...(server.project !== undefined && { otherName: `${name} (${basename(server.project)})` }),
    input,
    source,
    path: [name],
    directory: workingDirectory ?? dirname(file),
    isClientFile: true,
    isVsCodeFile: client === CLIENTS.vscode,
    ...(workingDirectory !== undefined && { workingDirectory }),
  };
  const { obstacle } = normalised;
  const mistakes = [
    ...(nameMistake === undefined
      ? []
      : [problemAt(only(server.node), [name], nameMistake, 'key')]),
    ...(obstacle === undefined
      ? []
      : [problemAt(only(server.node), [name, ...obstacle.path], obstacle.message)]),
    ...parsed.problems,
  ];
  return { entry, mistake: mistakes[0], isPruned: parsed.isPruned };
}

/** A server of one project starts there, wherever the file is. */
function placeOfServer(
  file: string,
  { project }: ClientServer,
  { home }: LoadContext,
): ClientPlace {
  const place = placeOfClientFile(file, home);
  if (project === undefined) return place;
  const workingDirectory = resolve(project);
  return {
    workingDirectory,
    variables: { ...place.variables, CLAUDE_PROJECT_DIR: workingDirectory },
  };
}

/** What an entry is listed under whose name cannot be a label. */
function nameOfPlace(source: SourceFile, offset: number): string {
  const { line, column } = source.locate(offset);
  const name = basename(source.file)
    .replaceAll(/\p{Cc}/gu, '�')
    .slice(-64);
  return `${name}:${line}:${column}`;
}

/** Only in the sections that are ours is an unknown key a typing mistake; the others are the client's business. */
function isOfOurs(source: SourceFile, name: string): (unknownKey: Problem) => boolean {
  return (unknownKey) => /^(?:monitor|gateway)\./.test(messageWithin(source, [name], unknownKey));
}

/** A mistake as the reason why a server is not checked. */
export function reasonOf({ source, path }: ServerEntry, mistake: Problem): string {
  return messageWithin(source, path, mistake);
}
