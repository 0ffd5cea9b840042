import {
  type Document,
  isMap,
  isScalar,
  type Pair,
  parseDocument,
  type Scalar,
  type ToStringOptions,
  YAMLMap,
} from 'yaml';
import type { EntryValue } from './client-entries.ts';

const NOTE = ' moved here by mcp-exporter wrap from ';
/** Of a server that our file tuned before: only its connection was added. */
const TUNED_NOTE = ' connection moved here by mcp-exporter wrap from ';
const NOTES = [NOTE, TUNED_NOTE] as const;
const NEW_FILE =
  '# The servers that mcp-exporter watches and that its gateway passes calls to.\nmcpServers: {}\n';

export interface OwnEntry {
  readonly name: string;
  readonly value: EntryValue;
}

/**
 * Adds servers to our own file, with a note of the client's file they came from. Comments stay; the layout of long
 * lines may not.
 * @param text undefined if there is no file yet
 */
export function addOwnEntries(
  text: string | undefined,
  entries: readonly OwnEntry[],
  from: string,
): string {
  const document = parseOwn(text ?? NEW_FILE);
  const servers = serversOf(document);
  for (const { name, value } of entries) {
    const known = pairOf(servers, name);
    if (known) {
      extend(document, known, value, from);
      continue;
    }
    const key = document.createNode(name) as Scalar;
    note(key, [from]);
    const node = document.createNode(value) as YAMLMap;
    const args = node.get('args', true);
    if (args !== undefined) (args as { flow?: boolean }).flow = true;
    servers.add({ key, value: node });
  }
  return print(document, text ?? NEW_FILE);
}

/** Adds the connection to an entry that only tunes an imported server; another client's entry gets a note. */
function extend(document: Document, known: Pair, value: EntryValue, from: string): void {
  const node = known.value;
  if (isMap(node) && !node.has('command') && !node.has('url')) {
    for (const [key, field] of Object.entries(value))
      if (!node.has(key)) node.set(document.createNode(key), document.createNode(field));
    note(known.key, [from], TUNED_NOTE);
    return;
  }
  for (const kind of NOTES) {
    const sources = sourcesOf(known.key, kind);
    if (sources.length > 0 && !sources.includes(from)) note(known.key, [...sources, from], kind);
  }
}

/** Whether our file holds servers of clients that are wrapped now. */
export function hasWrapped(text: string): boolean {
  return serversOf(parseOwn(text)).items.some(({ key }) =>
    NOTES.some((kind) => sourcesOf(key, kind).length > 0),
  );
}

/** Whether two texts of our file differ in layout only, or by an empty `mcpServers`. */
export function isSameOwnFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => {
    const document = parseOwn(text);
    if (serversOf(document).items.length === 0) document.delete('mcpServers');
    return document.toString({ lineWidth: 0 }).replaceAll('\r\n', '\n').trim();
  });
  return a === b;
}

export interface RemovedEntries {
  readonly text: string;
  readonly removed: readonly string[];
}

/** Takes out what `addOwnEntries` added for this client's file only, where it is still the same. */
export function removeOwnEntries(
  text: string,
  entries: readonly OwnEntry[],
  from: string,
): RemovedEntries {
  const document = parseOwn(text);
  const servers = serversOf(document);
  const removed: string[] = [];
  let isChanged = false;
  for (const { name, value } of entries) {
    const pair = pairOf(servers, name);
    const kind = NOTES.find((each) => pair && sourcesOf(pair.key, each).includes(from));
    if (!pair || kind === undefined) continue;
    const others = sourcesOf(pair.key, kind).filter((source) => source !== from);
    if (others.length > 0) {
      note(pair.key, others, kind);
      isChanged = true;
    } else if (kind === TUNED_NOTE) {
      if (!removeConnection(document, pair, value)) continue;
      note(pair.key, [], kind);
      removed.push(name);
      isChanged = true;
    } else if (JSON.stringify(toPlain(pair.value, document)) === JSON.stringify(value)) {
      servers.items.splice(servers.items.indexOf(pair), 1);
      removed.push(name);
      isChanged = true;
    }
  }
  if (servers.items.length === 0) servers.flow = true;
  return { text: isChanged ? print(document, text) : text, removed };
}

/** Leaves what our file had before; false if the connection was edited since. */
function removeConnection(document: Document, { value: node }: Pair, value: EntryValue): boolean {
  if (!isMap(node)) return false;
  const given = toPlain(node, document) as EntryValue;
  const added = Object.keys(value).filter((key) => key !== 'monitor' && key !== 'gateway');
  if (added.some((key) => JSON.stringify(given[key]) !== JSON.stringify(value[key]))) return false;
  for (const key of added) node.delete(key);
  return true;
}

/** The server as our own file has it. */
export function readOwnEntry(text: string, name: string): EntryValue | undefined {
  const document = parseOwn(text);
  const pair = pairOf(serversOf(document), name);
  return pair && (toPlain(pair.value, document) as EntryValue);
}

function parseOwn(text: string): Document.Parsed {
  const document = parseDocument(text, { uniqueKeys: false });
  document.contents ??= document.createNode({}) as unknown as typeof document.contents;
  return document;
}

function serversOf(document: Document): YAMLMap {
  const servers: unknown = document.get('mcpServers', true);
  if (isMap(servers)) {
    if (servers.items.length === 0) servers.flow = false;
    takeFirstNote(servers);
    return servers;
  }
  const created = new YAMLMap();
  document.set('mcpServers', created);
  return created;
}

/** The library assigns a comment before the first key to the map. */
function takeFirstNote(servers: YAMLMap): void {
  const [first] = servers.items;
  const lines = (servers.commentBefore ?? '').split('\n');
  const isNote = (line: string) => NOTES.some((kind) => line.startsWith(kind));
  const notes = lines.filter(isNote);
  if (!isScalar(first?.key) || notes.length === 0) return;
  const others = lines.filter((line) => !isNote(line));
  servers.commentBefore = others.length > 0 ? others.join('\n') : null;
  first.key.commentBefore = notes.join('\n');
}

function pairOf(servers: YAMLMap, name: string): Pair | undefined {
  return servers.items.find(({ key }) => isScalar(key) && String(key.value) === name);
}

function sourcesOf(key: unknown, kind: string): string[] {
  const comment = isScalar(key) ? (key.commentBefore ?? '') : '';
  return comment
    .split('\n')
    .filter((line) => line.startsWith(kind))
    .map((line) => line.slice(kind.length));
}

function note(key: unknown, sources: readonly string[], kind: string = NOTE): void {
  if (!isScalar(key)) return;
  const others = (key.commentBefore ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(kind));
  const lines = [...others, ...sources.map((source) => `${kind}${source}`)];
  key.commentBefore = lines.length > 0 ? lines.join('\n') : null;
}

function toPlain(node: unknown, document: Document): unknown {
  return typeof node === 'object' && node !== null && 'toJS' in node
    ? (node as { toJS(document: Document): unknown }).toJS(document)
    : node;
}

/** In the file's own style, as far as the library can be told. */
function print(document: Document, before: string): string {
  const indent = /^( +)[^\s#-]/m.exec(before)?.[1]?.length ?? 2;
  const options: ToStringOptions = {
    lineWidth: 0,
    indent: Math.min(Math.max(indent, 1), 8),
    indentSeq: !/^( *)[^\s#-][^\n]*:[ \t]*\n\1- /m.test(before),
    flowCollectionPadding: /[{[] +[^\s}\]]/.test(before),
  };
  const text = document.toString(options);
  return before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}
