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
export function formatPath(path: Path): string {
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
