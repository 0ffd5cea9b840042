import { parse, TomlDate, TomlError } from 'smol-toml';
import {
  createLocator,
  type MapEntry,
  type Path,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';

const TABLE = /^\s*\[{1,2}([^\]]+)\]/;
const KEY = /^\s*((?:"[^"\n]*"|'[^'\n]*'|[\w-]+)(?:\s*\.\s*(?:"[^"\n]*"|'[^'\n]*'|[\w-]+))*)\s*=/;
const PART = /"[^"\n]*"|'[^'\n]*'|[\w-]+/g;

/** Reads TOML 1.0 into a tree. The parser gives no positions: tables and keys are looked up line by line. */
export function readToml(file: string, text: string): SourceFile {
  const locate = createLocator(text);
  try {
    const places = findPlaces(text);
    const root = text.trim() === '' ? undefined : convert(parse(text), [], 0, places);
    return { file, root, problems: [], locate };
  } catch (error) {
    const place =
      error instanceof TomlError
        ? { line: error.line, column: error.column }
        : { line: 1, column: 1 };
    // The parser's own message quotes the text, which may be a secret.
    const problem = { file, ...place, path: '', message: 'not TOML: a mistake of syntax' };
    return { file, root: undefined, problems: [problem], locate };
  }
}

/** Offsets of tables and keys by path. A text over several lines may hold what looks like one; then the first counts. */
function findPlaces(text: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let table: readonly string[] = [];
  let lineStart = 0;
  for (const line of text.split('\n')) {
    const [, header] = TABLE.exec(line) ?? [];
    const [, key] = KEY.exec(line) ?? [];
    if (header !== undefined) table = partsOf(header);
    const path = header === undefined ? [...table, ...partsOf(key ?? '')] : table;
    const offset = lineStart + line.length - line.trimStart().length;
    if ((header !== undefined || key !== undefined) && !places.has(String(path)))
      places.set(String(path), offset);
    lineStart += line.length + 1;
  }
  return places;
}

function partsOf(dotted: string): string[] {
  return [...dotted.matchAll(PART)].map(([part]) => part.replace(/^(["'])(.*)\1$/, '$2'));
}

function convert(
  value: unknown,
  path: Path,
  around: number,
  places: ReadonlyMap<string, number>,
): SourceNode {
  const offset = places.get(String(path)) ?? around;
  if (Array.isArray(value)) {
    const items = value.map((item) => convert(item, path, offset, places));
    return { kind: 'list', items, offset };
  }
  if (typeof value === 'object' && value !== null && !(value instanceof TomlDate)) {
    const entries = new Map<string, MapEntry>();
    for (const [key, item] of Object.entries(value)) {
      const node = convert(item, [...path, key], offset, places);
      entries.set(key, { keyOffset: node.offset, node });
    }
    return { kind: 'map', entries, offset };
  }
  if (typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'scalar', value, text: String(value), offset };
  const text = value instanceof TomlDate ? value.toISOString() : String(value);
  return { kind: 'scalar', value: text, text, offset };
}
