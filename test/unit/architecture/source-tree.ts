import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file below `folder`, without what is installed, generated or somebody else's. */
export function readTree(folder: string, extensions: readonly string[] = ['.ts']): SourceFile[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extensions.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(ROOT.length))
    .filter((path) => !/(?:^|\/)node_modules\//.test(path))
    .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));
}

const SPECIFIER = String.raw`(?<quote>['"])(?<specifier>[^'"\n]+)\k<quote>`;
const LOADING_IMPORTS = [
  new RegExp(String.raw`^(?:import|export)\b(?!\s+type\b)[^'";]*?\bfrom\s*${SPECIFIER}`, 'gm'),
  new RegExp(String.raw`^import\s*${SPECIFIER}`, 'gm'),
];
const IMPORTS = [
  ...LOADING_IMPORTS,
  new RegExp(String.raw`^(?:import|export)\s+type\b[^'";]*?\bfrom\s*${SPECIFIER}`, 'gm'),
  new RegExp(String.raw`\bimport\s*\(\s*${SPECIFIER}`, 'g'),
];

/** What a file imports or re-exports: values, types and dynamic imports alike, as written. */
export function importsOf(text: string): string[] {
  return specifiersOf(text, IMPORTS);
}

/** What is loaded together with a file: neither types nor dynamic imports. */
export function loadingImportsOf(text: string): string[] {
  return specifiersOf(text, LOADING_IMPORTS);
}

function specifiersOf(text: string, patterns: readonly RegExp[]): string[] {
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match.groups?.['specifier'] ?? ''),
  );
}
