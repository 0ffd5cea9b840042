import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { importsOf, loadingImportsOf, ROOT, type SourceFile } from './source-tree.ts';

/** A folder of `src`, or one level below `sources` and `sinks`; `main.ts` stands for itself. */
export function boxOf(path: string): string {
  const [, first = '', second = '', third] = path.split('/');
  const isSide = first === 'sources' || first === 'sinks';
  return isSide && third !== undefined ? `${first}/${second}` : first;
}

/** Lines of each box, the largest first. */
export function countBoxes(files: readonly SourceFile[]): [box: string, lines: number][] {
  const lines = new Map<string, number>();
  for (const { path, text } of files) {
    const box = boxOf(path);
    lines.set(box, (lines.get(box) ?? 0) + text.split('\n').length - 1);
  }
  return [...lines].toSorted(([, one], [, other]) => other - one);
}

/** Import cycles, type-only imports included: each as the files on it, the first one repeated at the end. */
export function findCycles(files: readonly SourceFile[]): string[][] {
  const paths = new Set(files.map(({ path }) => path));
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => posix.join(posix.dirname(path), specifier))
        .filter((target) => paths.has(target)),
    ]),
  );
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      cycles.push([...trail.slice(start), path]);
      return;
    }
    if (done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return cycles;
}

/** The files and packages that are loaded with the file `entry`, itself included; dynamic imports are not. */
export function loadedWith(entry: string, files: readonly SourceFile[]): Set<string> {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const specifier of loadingImportsOf(texts.get(path) ?? ''))
      visit(specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier);
  };
  visit(entry);
  return loaded;
}

export interface LongFunction {
  /** `path:line` */
  readonly at: string;
  readonly name: string;
  readonly lines: number;
}

interface Diagnostic {
  readonly message: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

/** Functions with more than `linesMax` lines, blank lines and comments included, as the linter counts them. */
export function findLongFunctions(folders: readonly string[], linesMax: number): LongFunction[] {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-exporter-lint-'));
  try {
    const config = join(folder, 'oxlint.json');
    const rules = { 'eslint/max-lines-per-function': ['error', { max: linesMax }] };
    writeFileSync(config, JSON.stringify({ categories: { correctness: 'off' }, rules }));
    const { stdout } = spawnSync(
      join(ROOT, 'node_modules/.bin/oxlint'),
      ['--config', config, '--format', 'json', ...folders],
      { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    );
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] };
    return diagnostics.map(toLongFunction).toSorted((one, other) => other.lines - one.lines);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function toLongFunction({ message, filename, labels }: Diagnostic): LongFunction {
  const { name = 'anonymous', lines = '' } =
    /^The (?:\w+ )*?(?:function|method|constructor|getter)(?: `(?<name>[^`]*)`)? has too many lines \((?<lines>\d+)\)/.exec(
      message,
    )?.groups ?? {};
  if (lines === '') throw new Error(`The linter says something unexpected: ${message}`);
  return { at: `${filename}:${labels[0]?.span.line ?? 0}`, name, lines: Number(lines) };
}

/** Types of `files` that are declared under the same name in more than one file, with those files. */
export function findSharedNames(files: readonly SourceFile[]): string[] {
  const declared = files.flatMap(({ path, text }) =>
    [...text.matchAll(/^(?:export )?(?:interface|type|class) (?<name>\w+)/gm)].map((match) => ({
      name: match.groups?.['name'] ?? '',
      path,
    })),
  );
  return [...Map.groupBy(declared, ({ name }) => name)]
    .filter(([, places]) => new Set(places.map(({ path }) => path)).size > 1)
    .map(([name, places]) => `${name}: ${places.map(({ path }) => path).join(', ')}`);
}

/** Optional fields that are spread by `… ? { … } : {}`; the project's idiom is `…(value !== undefined && { … })`. */
export function findOtherSpreads(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ text }) => /\.\.\.\([^;]*?\?\s*\{[^;]*?\}\s*:\s*\{\}\)/.test(text))
    .map(({ path }) => path);
}
