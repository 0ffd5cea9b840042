import type { ServerInput } from './config-schema.ts';
import type { ReadText } from './files.ts';
import type { LoadContext } from './load-context.ts';
import type { Path } from './problem.ts';
import { nodeAt, problemAt, type SourceFile } from './source-file.ts';

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
