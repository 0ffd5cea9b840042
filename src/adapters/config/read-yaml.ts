import {
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { Problem } from './problem.ts';
import {
  DEPTH_MAX,
  NODES_MAX,
  type MapEntry,
  type MapNode,
  type SourceFile,
  type SourceNode,
} from './source-node.ts';

/** The parser's own messages may quote the text, which may be a secret: its codes are explained here instead. */
const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'an alias that cannot be used here',
  BAD_DQ_ESCAPE:
    'a "double-quoted" text with an escape that YAML does not know; use \'single quotes\'',
  BAD_INDENT: 'wrong indentation: keys of one map must start in the same column',
  BAD_SCALAR_START: 'a text that starts with a character YAML reserves (@ or `); put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " in one line; put the text in quotes',
  BLOCK_IN_FLOW: 'a block where {…} or […] is still open; is a closing bracket missing?',
  MISSING_CHAR: 'a closing quote or bracket, a comma, a colon or a space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key without ":", or a text over several lines that needs quotes',
  MULTIPLE_DOCS: 'a second document (---); a file holds one',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'a tab as indentation; YAML wants spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) have no meaning here',
  UNEXPECTED_TOKEN: 'something that YAML does not allow here; is the line before complete?',
};

/** Reads YAML 1.2 with merge keys and aliases into a tree with positions. Reports every mistake, throws none. */
export function readYaml(file: string, text: string): SourceFile {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    merge: true,
    prettyErrors: false,
    strict: true,
  });
  const locate = (offset: number) => {
    const { line, col } = lineCounter.linePos(Math.min(offset, text.length));
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: Problem[] = [];
  const report = (offset: number, message: string) =>
    problems.push({ file, ...locate(offset), path: '', message });
  let isReadable = true;
  for (const error of [...document.errors, ...document.warnings]) {
    if (error.code === 'DUPLICATE_KEY') continue;
    isReadable = false;
    report(error.pos[0], `not YAML: ${SYNTAX[error.code] ?? 'a mistake of syntax'}`);
  }
  const root = isReadable ? createConverter(document, report)(document.contents) : undefined;
  return { file, root, problems, locate };
}

type Report = (offset: number, message: string) => void;

function createConverter(
  document: Document,
  report: Report,
): (node: Node | null) => SourceNode | undefined {
  let count = 0;
  let isTooLarge = false;

  function convert(node: unknown, depth: number, fallbackOffset: number): SourceNode {
    count += 1;
    const offset = offsetOf(node) ?? fallbackOffset;
    if (count > NODES_MAX || depth > DEPTH_MAX) {
      if (!isTooLarge)
        report(
          offset,
          `more than ${NODES_MAX} values or ${DEPTH_MAX} levels; does an alias contain itself?`,
        );
      isTooLarge = true;
      return { kind: 'scalar', value: null, text: '', offset, isBroken: true };
    }
    if (isAlias(node)) return moveTo(convert(resolveAlias(node), depth + 1, offset), offset);
    if (isSeq(node))
      return {
        kind: 'list',
        items: node.items.map((item) => convert(item, depth + 1, offset)),
        offset,
      };
    if (isMap(node)) return convertMap(node, depth, offset);
    if (isScalar(node)) return convertScalar(node, offset);
    return { kind: 'scalar', value: null, text: '', offset };
  }

  function resolveAlias(alias: Alias): unknown {
    // Once the bound is hit nothing is followed any more: the tree is given up anyway.
    return isTooLarge ? undefined : alias.resolve(document);
  }

  function convertMap(map: YAMLMap, depth: number, offset: number): MapNode {
    const entries = new Map<string, MapEntry>();
    for (const pair of map.items) {
      if (isMerge(pair)) continue;
      const key = keyText(pair.key);
      const keyOffset = offsetOf(pair.key) ?? offset;
      if (key === undefined) report(keyOffset, 'a key must be text');
      else if (entries.has(key))
        report(keyOffset, `the key ${JSON.stringify(key.slice(0, 80))} is here twice`);
      else entries.set(key, { keyOffset, node: convert(pair.value, depth + 1, keyOffset) });
    }
    for (const pair of map.items.filter(isMerge)) mergeInto(entries, pair, depth);
    return { kind: 'map', entries, offset };
  }

  /** `<<: *other`: what is written in the map itself wins. */
  function mergeInto(entries: Map<string, MapEntry>, pair: Pair, depth: number): void {
    const offset = offsetOf(pair.key) ?? 0;
    const merged = convert(pair.value, depth + 1, offset);
    for (const source of merged.kind === 'list' ? merged.items : [merged]) {
      if (source.kind !== 'map') report(offset, 'what is merged by << must be a map');
      else
        for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    }
  }

  return (contents) => {
    if (contents === null || (isScalar(contents) && contents.value === null)) return undefined;
    const root = convert(contents, 0, 0);
    return isTooLarge ? undefined : root;
  };
}

function convertScalar(node: Scalar, offset: number): SourceNode {
  const { value } = node;
  const text = node.source ?? String(value);
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    value === null
  ) {
    return { kind: 'scalar', value, text, offset };
  }
  return { kind: 'scalar', value: text, text, offset };
}

/** A value reached by an alias stands where the alias stands; what is inside it keeps its own place. */
function moveTo(node: SourceNode, offset: number): SourceNode {
  return { ...node, offset };
}

function isMerge(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.source === '<<';
}

function keyText(key: unknown): string | undefined {
  if (key === null) return '';
  if (!isScalar(key)) return undefined;
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function offsetOf(node: unknown): number | undefined {
  return isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined;
}
