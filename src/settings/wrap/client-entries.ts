import { dirname } from 'node:path';
import {
  applyEdits,
  createScanner,
  type Edit,
  findNodeAtLocation,
  modify,
  type Node,
  parseTree,
  type SyntaxKind,
} from 'jsonc-parser';
import type { ListenAddress } from '../../facts/service-settings.ts';
import { resolvePath } from '../files.ts';
import { isOwnAddress, localUrl, readStdioCommand, type WrappedEntry } from '../gateway-address.ts';
import { isJson, isToml, readJson } from '../read-source.ts';
import { recogniseFile } from '../clients/recognise-file.ts';
import { type ClientKind, CLIENTS, clientOfPlace } from '../clients/client-kinds.ts';
import { readReference, REFERENCES } from '../clients/expand-references.ts';
import { placeOfClientFile } from '../server-entries.ts';
import { nodeAt, type Problem, type SourceNode } from '../source-file.ts';

/** What a client's file may call its servers; `servers` is VS Code's. */
export const SERVER_BLOCKS = ['mcpServers', 'servers'] as const;

export interface ClientEntry {
  readonly block: (typeof SERVER_BLOCKS)[number];
  readonly name: string;
  /** As in the file; numbers of `args`, `env` and `headers` as they are spelled there. */
  readonly value: EntryValue;
}

export type EntryValue = Readonly<Record<string, unknown>>;

export type ClientEntries =
  | { readonly ok: true; readonly entries: readonly ClientEntry[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What says how a server is reached and watched; the rest of an entry is the client's own business. */
const CONNECTION_KEYS = [
  'command',
  'args',
  'env',
  'envFile',
  'cwd',
  'url',
  'httpUrl',
  'serverUrl',
  'baseUrl',
  'headers',
  'monitor',
  'gateway',
] as const;

const EDITED_BY_HAND =
  'which wrap and unwrap cannot edit: only mcpServers and servers in JSON. Import the file into our configuration, and point the client at the gateway yourself';

/** Finds the servers of a client's file. */
export function readClientEntries(file: string, text: string): ClientEntries {
  const refused = (message: string): ClientEntries => ({
    ok: false,
    problems: [{ file, line: 0, column: 0, path: '', message }],
  });
  if (isToml(file)) return refused(`is TOML, ${EDITED_BY_HAND}`);
  if (!isJson(file, text)) return refused(`is YAML, ${EDITED_BY_HAND}`);
  const { root, problems } = readJson(file, text);
  if (problems.length > 0) return { ok: false, problems };
  const found = SERVER_BLOCKS.map((block) => ({ block, node: nodeAt(root, [block]) }));
  if (root !== undefined && found.every(({ node }) => node?.kind !== 'map')) {
    const recognised = recogniseFile(file, root);
    if (!recognised.ok) return refused(recognised.reason);
    const client = recognised.servers[0]?.client.name ?? 'another client';
    return refused(`is in the format of ${client}, ${EDITED_BY_HAND}`);
  }
  const entries = found.flatMap(({ block, node }) =>
    node?.kind === 'map'
      ? [...node.entries].flatMap(([name, { node: entry }]): ClientEntry[] =>
          entry.kind === 'map' ? [{ block, name, value: valueOf(entry) as EntryValue }] : [],
        )
      : [],
  );
  return { ok: true, entries };
}

const ADDRESS_KEYS = ['httpUrl', 'url', 'serverUrl', 'baseUrl'] as const;

/** The key that holds the address of a remote server; clients have several. */
export function addressKeyOf(value: EntryValue): (typeof ADDRESS_KEYS)[number] | undefined {
  return ADDRESS_KEYS.find((key) => typeof value[key] === 'string' && value[key] !== '');
}

/** Why an entry cannot be moved, although it can be watched; undefined if it can. */
export function findObstacle(value: EntryValue): string | undefined {
  const isNested = ['transport', 'requestInit', 'requestOptions'].some(
    (key) => typeof value[key] === 'object' && value[key] !== null,
  );
  const isOther = value['command'] !== undefined && typeof value['command'] !== 'string';
  return isNested || isOther || value['environment'] !== undefined
    ? 'its connection is written in a form that wrap cannot edit'
    : undefined;
}

/** The part of an entry that `replaceConnection` sets. */
export function connectionOf(value: EntryValue): EntryValue {
  return Object.fromEntries(
    CONNECTION_KEYS.flatMap((key) => (key in value ? [[key, value[key]]] : [])),
  );
}

/** Gives an entry another connection; everything else, comments and layout included, stays as it is. */
export function replaceConnection(
  text: string,
  { block, name }: Pick<ClientEntry, 'block' | 'name'>,
  connection: EntryValue,
): string {
  // What is new comes before what goes: an entry that becomes empty in between would keep a comma.
  const keys = [
    ...CONNECTION_KEYS.filter((key) => key in connection),
    ...CONNECTION_KEYS.filter((key) => !(key in connection)),
  ];
  return keys.reduce((edited, key) => {
    const path = [block, name, key];
    return applyEdits(edited, editsFor(edited, path, connection[key]));
  }, text);
}

function editsFor(text: string, path: string[], value: unknown): Edit[] {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const node = root && findNodeAtLocation(root, path);
  if (value === undefined) return node?.parent ? removalOf(text, node.parent) : [];
  if (!node) return modify(text, path, value, { formattingOptions: layoutOf(text) });
  const { offset, length } = node;
  const isSame =
    JSON.stringify(JSON.parse(stripped(text, offset, length))) === JSON.stringify(value);
  return isSame ? [] : [{ offset, length, content: inOneLine(value) }];
}

/** A `const enum`, which type stripping cannot import. */
const COMMA: SyntaxKind = 5;

/** Takes a property and one comma, and no comment around them; the library's own removal takes comments along. */
function removalOf(text: string, property: Node): Edit[] {
  const end = property.offset + property.length;
  const comma = findComma(text, end);
  if (comma !== undefined) return [erase(text, property.offset, comma + 1)];
  const siblings = property.parent?.children ?? [];
  const before = siblings[siblings.indexOf(property) - 1];
  const lastComma = before && findComma(text, before.offset + before.length);
  const own = erase(text, property.offset, end);
  return lastComma === undefined ? [own] : [{ offset: lastComma, length: 1, content: '' }, own];
}

/** Where the next token is a comma, past comments. */
function findComma(text: string, from: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  return scanner.scan() === COMMA ? scanner.getTokenOffset() : undefined;
}

/** Removes a range with the blanks around it, and the whole line if nothing else is on it. */
function erase(text: string, from: number, to: number): Edit {
  const [blankBefore = ''] = /[ \t]*$/.exec(text.slice(0, from)) ?? [];
  const [blankAfter = ''] = /^[ \t]*/.exec(text.slice(to)) ?? [];
  const start = from - blankBefore.length;
  const [lineEnd] = /^\r?\n/.exec(text.slice(to + blankAfter.length)) ?? [];
  const isWholeLine = lineEnd !== undefined && (start === 0 || text[start - 1] === '\n');
  return isWholeLine
    ? { offset: start, length: to + blankAfter.length + lineEnd.length - start, content: '' }
    : { offset: from, length: to + blankAfter.length - from, content: '' };
}

/** A value as strict JSON, without comments and trailing commas. */
function stripped(text: string, offset: number, length: number): string {
  const node = readJson('', text.slice(offset, offset + length)).root;
  return JSON.stringify(node === undefined ? null : valueOf(node));
}

function layoutOf(text: string): { insertSpaces: boolean; tabSize: number; eol: string } {
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

function inOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([key, field]) => `${JSON.stringify(key)}: ${inOneLine(field)}`,
  );
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

function valueOf(node: SourceNode, isText = false): unknown {
  if (node.kind === 'list') return node.items.map((item) => valueOf(item, isText));
  if (node.kind === 'map') {
    return Object.fromEntries(
      [...node.entries].map(([key, entry]) => [
        key,
        valueOf(entry.node, isText || ['args', 'env', 'headers'].includes(key)),
      ]),
    );
  }
  const isSpelled = typeof node.value === 'number' || typeof node.value === 'boolean';
  return isText && isSpelled ? node.text : node.value;
}

/** Spellings that our file does not know. */
const OWN_TYPES: Readonly<Record<string, string>> = { streamable_http: 'http' };

const KEPT_KEYS = ['command', 'args', 'env', 'url', 'headers', 'monitor', 'gateway'] as const;

/**
 * Translates an entry of a client's file into an entry of ours: what the client derives from the location of its file is written out, and
 * variables of the environment stay variables.
 */
export function toOwnEntry(
  { block, value }: ClientEntry,
  clientFile: string,
  { env, home }: { readonly env: Environment; readonly home: string | undefined },
): EntryValue {
  const { variables, workingDirectory } = placeOfClientFile(clientFile, home);
  const client = block === 'servers' ? CLIENTS.vscode : clientOfPlace(clientFile);
  const directory = workingDirectory ?? dirname(clientFile);
  const own: Record<string, unknown> = {};

  const translate = (given: unknown): unknown => {
    if (typeof given === 'string') return translateText(given, client, variables, env);
    if (Array.isArray(given)) return given.map(translate);
    if (typeof given !== 'object' || given === null) return given;
    return Object.fromEntries(
      // A variable that a client's file unsets (`null`) is left out by ours.
      Object.entries(given).flatMap(([key, field]) =>
        field === null ? [] : [[key, translate(field)]],
      ),
    );
  };
  const placed = (path: unknown): string => {
    const text = String(translate(path));
    return text.startsWith('${') ? text : resolvePath(text, directory, home);
  };

  const type = value['type'] ?? value['transport'];
  const addressKey = addressKeyOf(value);
  const isAddress = addressKey !== undefined;
  // VS Code's http falls back to HTTP+SSE, as ours does if no type is given.
  if (isAddress && typeof type === 'string' && !(block === 'servers' && type !== 'sse'))
    own['type'] = OWN_TYPES[type] ?? type;
  if (addressKey === 'httpUrl') own['type'] ??= 'http';
  for (const key of KEPT_KEYS) if (value[key] !== undefined) own[key] = translate(value[key]);
  if (addressKey !== undefined) own['url'] = translate(value[addressKey]);
  if (value['envFile'] !== undefined) own['envFile'] = placed(value['envFile']);
  if (value['cwd'] !== undefined) own['cwd'] = placed(value['cwd']);
  else if (!isAddress && workingDirectory !== undefined) own['cwd'] = plain(workingDirectory);
  return own;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The same text in our syntax, where `$${` is a plain `${`. */
function translateText(
  text: string,
  client: ClientKind,
  variables: Readonly<Record<string, string>>,
  env: Environment,
): string {
  let own = '';
  let end = 0;
  for (const match of text.matchAll(REFERENCES)) {
    own +=
      plain(text.slice(end, match.index)) + translateReference(match[0], client, variables, env);
    end = match.index + match[0].length;
  }
  return own + plain(text.slice(end));
}

function translateReference(
  written: string,
  client: ClientKind,
  variables: Readonly<Record<string, string>>,
  env: Environment,
): string {
  const reference = readReference(written, client, variables);
  if (reference.kind === 'text') return written === '${userHome}' ? written : plain(reference.text);
  if (reference.kind !== 'env') return plain(written);
  const { name, fallback } = reference;
  if (fallback !== undefined) return `\${${name}:-${fallback}}`;
  // A variable that is not set stays as it is written.
  return env[name] === undefined ? plain(written) : `\${${name}}`;
}

function plain(text: string): string {
  // A function, since `$$` in a replacement means `$`.
  return text.replaceAll('${', () => '$${');
}

/** Recognises what `wrap` writes. */
export function readWrappedEntry(
  value: EntryValue,
  gateway: ListenAddress | undefined,
): WrappedEntry | undefined {
  const { command, args } = value;
  const url = value[addressKeyOf(value) ?? 'url'];
  if (typeof command === 'string') {
    const texts = Array.isArray(args) ? args.map(String) : [];
    return readStdioCommand(command, texts);
  }
  if (typeof url !== 'string' || !gateway || !isOwnAddress(url, [gateway])) return undefined;
  const [, name] = /^\/([^/]+)\/(?:mcp|sse)$/.exec(new URL(url).pathname) ?? [];
  return name === undefined ? undefined : { server: decodeName(name) };
}

/** The address of a server at the gateway. */
export function gatewayUrl(gateway: ListenAddress, server: string, route: 'mcp' | 'sse'): string {
  return `${localUrl(gateway)}/${encodeURIComponent(server)}/${route}`;
}

function decodeName(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
