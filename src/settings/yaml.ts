import {
  type Alias,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import {
  DEPTH_MAX,
  type MapEntry,
  type MapNode,
  NODES_MAX,
  type Problem,
  type SourceFile,
  type SourceNode,
} from './source-file.ts';

/** The parser's own messages may quote the text, which may be a secret: its codes are explained here instead. */
const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  BAD_ALIAS: 'an alias that cannot be used here',
  BAD_DQ_ESCAPE:
    'a "double-quoted" text with an escape that YAML does not know; use \'single quotes\'',
  BAD_INDENT: 'wrong indentation, or a bracket or a quote before this line is not closed',
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
    // Ours is a lookup; the parser compares every key with every other, which takes a second at 10,000 servers.
    uniqueKeys: false,
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
    isReadable = false;
    report(error.pos[0], `not YAML: ${SYNTAX[error.code] ?? 'a mistake of syntax'}`);
  }
  const root = isReadable ? convertDocument(document.contents, report) : undefined;
  return { file, root, problems, locate };
}

type Report = (offset: number, message: string) => void;

interface Anchored {
  readonly node: SourceNode;
  /** Of the tree beneath it, aliases followed. */
  readonly size: number;
  readonly height: number;
}

/** One document on its way to a tree. */
interface Conversion {
  readonly report: Report;
  readonly anchors: Map<string, Anchored>;
  /** Nodes so far, aliases followed: every later step visits an aliased node each time it is used. */
  count: number;
  /** Depth of the deepest node since it was last reset. */
  height: number;
  isTooLarge: boolean;
}

/** Converts each value once: an alias refers to the node that its anchor was converted to. */
function convertDocument(contents: Node | null, report: Report): SourceNode | undefined {
  if (contents === null || (isScalar(contents) && contents.value === null)) return undefined;
  const conversion = { report, anchors: new Map(), count: 0, height: 0, isTooLarge: false };
  const root = convert(conversion, contents, 0, 0);
  return conversion.isTooLarge ? undefined : root;
}

function convert(
  conversion: Conversion,
  node: unknown,
  depth: number,
  fallbackOffset: number,
): SourceNode {
  const offset = offsetOf(node) ?? fallbackOffset;
  const nothing: SourceNode = { kind: 'scalar', value: null, text: '', offset };
  conversion.count += 1;
  conversion.height = Math.max(conversion.height, depth);
  if (isAlias(node))
    return follow(conversion, node, depth, offset) ?? { ...nothing, isBroken: true };
  if (!isWithinBounds(conversion, depth, offset)) return { ...nothing, isBroken: true };
  const countBefore = conversion.count;
  const heightBefore = conversion.height;
  conversion.height = depth;
  const converted = convertPlain(conversion, node, depth, offset) ?? nothing;
  if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) {
    const size = conversion.count - countBefore + 1;
    const height = conversion.height - depth;
    conversion.anchors.set(node.anchor, { node: converted, size, height });
  }
  conversion.height = Math.max(conversion.height, heightBefore);
  return converted;
}

function convertPlain(
  conversion: Conversion,
  node: unknown,
  depth: number,
  offset: number,
): SourceNode | undefined {
  if (isSeq(node)) {
    const items = node.items.map((item) => convert(conversion, item, depth + 1, offset));
    return { kind: 'list', items, offset };
  }
  if (isMap(node)) return convertMap(conversion, node, depth, offset);
  return isScalar(node) ? convertScalar(node, offset) : undefined;
}

/** The node that an alias refers to, at the offset of the alias; the nodes inside it keep their own offsets. */
function follow(
  conversion: Conversion,
  alias: Alias,
  depth: number,
  offset: number,
): SourceNode | undefined {
  const anchored = conversion.anchors.get(alias.source);
  if (anchored === undefined) {
    conversion.report(offset, 'an alias of something that is not complete before it');
    return undefined;
  }
  conversion.count += anchored.size;
  conversion.height = Math.max(conversion.height, depth + anchored.height);
  return isWithinBounds(conversion, depth + anchored.height, offset)
    ? { ...anchored.node, offset }
    : undefined;
}

function isWithinBounds(conversion: Conversion, depth: number, offset: number): boolean {
  if (conversion.count <= NODES_MAX && depth <= DEPTH_MAX) return true;
  if (!conversion.isTooLarge)
    conversion.report(
      offset,
      `more than ${NODES_MAX} values or ${DEPTH_MAX} levels, aliases followed`,
    );
  conversion.isTooLarge = true;
  return false;
}

function convertMap(conversion: Conversion, map: YAMLMap, depth: number, offset: number): MapNode {
  const { report } = conversion;
  const entries = new Map<string, MapEntry>();
  const merged: SourceNode[] = [];
  for (const pair of map.items) {
    const key = keyText(pair.key);
    const keyOffset = offsetOf(pair.key) ?? offset;
    const value = () => convert(conversion, pair.value, depth + 1, keyOffset);
    if (isMerge(pair)) merged.push(value());
    else if (key === undefined) report(keyOffset, 'a key must be text');
    else if (entries.has(key))
      report(keyOffset, `the key ${JSON.stringify(key.slice(0, 80))} is here twice`);
    else entries.set(key, { keyOffset, node: value() });
  }
  for (const source of merged) mergeInto(entries, source, report);
  return { kind: 'map', entries, offset };
}

/** `<<: *other`: a key of the map itself takes precedence. */
function mergeInto(entries: Map<string, MapEntry>, merged: SourceNode, report: Report): void {
  for (const source of merged.kind === 'list' ? merged.items : [merged]) {
    if (source.kind === 'map')
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    if (source.kind !== 'map') report(source.offset, 'what is merged by << must be a map');
  }
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

/**
 * YAML for other programs to read.
 * @param comment lines without their `#`, put before everything else
 */
export function formatYaml(value: unknown, comment: string): string {
  const head = comment.split('\n').map((line) => `# ${line}`.trimEnd());
  // Expressions and templates stay in one line each; an anchor would be one of Go's YAML's surprises.
  const body = stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, singleQuote: true });
  return `${head.join('\n')}\n${body}`;
}
