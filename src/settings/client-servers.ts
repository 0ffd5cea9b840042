import { dirname } from 'node:path';
import { placeOfClientFile } from './client-file.ts';
import { ClientFileSchema } from './config-schema.ts';
import { expandValues } from './expand-values.ts';
import type { LoadContext } from './load-context.ts';
import { type ParsedValues, parseValues } from './parse-values.ts';
import { prepareServers } from './prepare-servers.ts';
import { readSource } from './read-source.ts';
import { resolvePath } from './resolve-path.ts';
import { entriesOf, type ServerEntry } from './server-entry.ts';
import { nodeAt, type SourceFile } from './source-node.ts';

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
