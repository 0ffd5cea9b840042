import { parseArgsStringToArgv } from 'string-argv';
import {
  type MapEntry,
  type MapNode,
  nodeAt,
  type Path,
  type ScalarNode,
  type SourceNode,
} from '../source-file.ts';
import { type ClientKind, CLIENTS } from './client-kinds.ts';

/** An entry in our own words, or why the server cannot be checked; `path` is relative to the entry as it was written. */
export interface NormalisedEntry {
  readonly node: SourceNode;
  readonly obstacle?: { readonly path: Path; readonly message: string };
}

export interface NormaliseOptions {
  readonly client: ClientKind;
  readonly isOff: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isFile: (path: string) => Promise<boolean>;
}

/** The keys of an entry that mean something here; all others are the client's business. */
const KEYS = [
  'command',
  'args',
  'env',
  'envFile',
  'cwd',
  'url',
  'headers',
  'type',
  'disabled',
  'monitor',
  'gateway',
] as const;

/** What else clients call them; the first one that is there counts. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  // Gemini CLI prefers httpUrl where there is a url too.
  url: ['httpUrl', 'url', 'serverUrl', 'baseUrl', 'uri'],
  command: ['command', 'cmd'],
  env: ['env', 'environment', 'envs'],
  headers: ['headers', 'http_headers'],
  type: ['type', 'transport', 'transportType'],
};
/** Maps around keys of the connection. */
const NESTED: readonly Path[] = [['transport'], ['config'], ['requestInit'], ['requestOptions']];

const TYPES: Readonly<Record<string, string | undefined>> = {
  stdio: 'stdio',
  local: 'stdio',
  http: 'http',
  streamablehttp: 'http',
  sse: 'sse',
  // Which of the two is found out.
  remote: undefined,
};
const BUILT_IN = ['builtin', 'platform', 'frontend', 'inlinepython', 'inmemory'];

type Entries = Map<string, MapEntry>;

/** Translates what a client calls its keys, and how it nests them. */
export async function normaliseEntry(
  written: SourceNode,
  options: NormaliseOptions,
): Promise<NormalisedEntry> {
  if (written.kind !== 'map') return { node: written };
  const entries = renamed(flattened(written));
  const obstacle = translateType(entries, options) ?? findMissing(entries, written, options);
  splitCommand(entries);
  await splitCommandLine(entries, options);
  addEnvironment(entries, written, options);
  if (options.isOff || isSwitchedOff(written))
    entries.set('disabled', { keyOffset: written.offset, node: scalar(true, written.offset) });
  const kept = KEYS.flatMap((key): [string, MapEntry][] => {
    const entry = entries.get(key);
    return entry === undefined || isEmpty(entry.node) ? [] : [[key, entry]];
  });
  return {
    node: { ...written, entries: new Map(kept) },
    ...(obstacle !== undefined && { obstacle }),
  };
}

/** Keys of the entry itself take precedence over those of the maps inside it. */
function flattened(node: MapNode): Entries {
  const entries: Entries = new Map(node.entries);
  for (const path of NESTED) {
    const inner = nodeAt(node, path);
    if (inner?.kind !== 'map') continue;
    entries.delete(String(path[0]));
    for (const [key, entry] of inner.entries) if (!entries.has(key)) entries.set(key, entry);
  }
  return entries;
}

function renamed(entries: Entries): Entries {
  for (const [key, aliases] of Object.entries(ALIASES)) {
    const name = aliases.find((alias) => isSaid(entries.get(alias)?.node));
    const entry = name === undefined ? undefined : entries.get(name);
    if (name === 'httpUrl' && !isSaid(entries.get('type')?.node))
      entries.set('type', { keyOffset: 0, node: scalar('http', entry?.node.offset ?? 0) });
    if (entry === undefined) entries.delete(key);
    else entries.set(key, entry);
  }
  return entries;
}

/** Forms that write every key leave those that do not apply empty. */
function isSaid(node: SourceNode | undefined): boolean {
  return (
    node !== undefined && !(node.kind === 'scalar' && (node.value === null || node.value === ''))
  );
}

function translateType(
  entries: Entries,
  { client }: NormaliseOptions,
): NormalisedEntry['obstacle'] {
  const entry = entries.get('type');
  if (entry?.node.kind !== 'scalar' || typeof entry.node.value !== 'string') return undefined;
  const written = entry.node.value;
  const plain = written.toLowerCase().replaceAll(/[-_ ]/g, '');
  if (BUILT_IN.includes(plain)) {
    entries.delete('type');
    return {
      path: [],
      message: `${written.slice(0, 20)}: it runs inside of ${client.name}, where it cannot be checked`,
    };
  }
  if (!Object.hasOwn(TYPES, plain)) {
    entries.delete('type');
    const shown = JSON.stringify(written.slice(0, 40));
    return {
      path: ['type'],
      message: `${shown} is not supported; stdio, Streamable HTTP and HTTP+SSE are`,
    };
  }
  const type = TYPES[plain];
  if (type === undefined) entries.delete('type');
  else entries.set('type', { ...entry, node: scalar(type, entry.node.offset) });
  return undefined;
}

/** Why an entry that has no connection of its own has none. */
function findMissing(
  entries: Entries,
  written: MapNode,
  { client, env }: NormaliseOptions,
): NormalisedEntry['obstacle'] {
  if (client === CLIENTS.zed && !entries.has('command') && !entries.has('url'))
    return {
      path: [],
      message: 'it comes from an extension of Zed, which alone knows how to start it',
    };
  const keys = nodeAt(written, ['env_keys']);
  const names =
    keys?.kind === 'list'
      ? keys.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []))
      : [];
  const unset = names.filter((name) => env[name] === undefined);
  return unset.length === 0
    ? undefined
    : {
        path: ['env_keys'],
        message: `${unset.join(', ')} is in ${client.name}'s own store and not in the environment`,
      };
}

/** `command: [program, …args]` and `command: { path, args, env }`. */
function splitCommand(entries: Entries): void {
  const command = entries.get('command');
  if (command?.node.kind === 'map') {
    for (const [key, entry] of command.node.entries)
      if (key !== 'path' && !entries.has(key)) entries.set(key, entry);
    const path = command.node.entries.get('path');
    if (path !== undefined) entries.set('command', path);
  }
  if (command?.node.kind !== 'list') return;
  const [program, ...first] = command.node.items;
  if (program === undefined) entries.delete('command');
  else setCommand(entries, command, program, first);
}

/** `npx -y server` as one text, unless there is a program of that name. */
async function splitCommandLine(entries: Entries, { isFile }: NormaliseOptions): Promise<void> {
  const command = entries.get('command');
  if (command?.node.kind !== 'scalar' || typeof command.node.value !== 'string') return;
  const { value, offset } = command.node;
  if (!/\S\s+\S/.test(value) || (/[\\/]/.test(value) && (await isFile(value)))) return;
  // A backslash separates folders on Windows, where the paths of programs have spaces.
  if (/^[A-Za-z]:\\/.test(value)) return;
  const [program, ...first] = parseArgsStringToArgv(value).map((word) => scalar(word, offset));
  if (program !== undefined) setCommand(entries, command, program, first);
}

function setCommand(
  entries: Entries,
  command: MapEntry,
  program: SourceNode,
  first: readonly SourceNode[],
): void {
  const args = entries.get('args')?.node;
  entries.set('command', { ...command, node: program });
  if (args !== undefined && args.kind !== 'list') return;
  const items = [...first, ...(args?.items ?? [])];
  if (items.length > 0)
    entries.set('args', { ...command, node: { kind: 'list', items, offset: command.node.offset } });
}

/** Codex names variables of the environment instead of their values. */
function addEnvironment(entries: Entries, written: MapNode, { env }: NormaliseOptions): void {
  const given = entries.get('headers');
  const headers: Entries = new Map(given?.node.kind === 'map' ? given.node.entries : []);
  const token = written.entries.get('bearer_token_env_var');
  if (token?.node.kind === 'scalar' && isSaid(token.node))
    headers.set('Authorization', { ...token, node: fromEnvironment(token.node, env, 'Bearer ') });
  const named = nodeAt(written, ['env_http_headers']);
  if (named?.kind === 'map')
    for (const [name, entry] of named.entries)
      // Codex leaves out a header whose variable is not set.
      if (entry.node.kind === 'scalar' && env[entry.node.text] !== undefined)
        headers.set(name, { ...entry, node: fromEnvironment(entry.node, env, '') });
  if (headers.size === 0) return;
  const { offset } = written;
  entries.set('headers', {
    keyOffset: offset,
    ...given,
    node: { kind: 'map', entries: headers, offset },
  });
}

function fromEnvironment(
  { text: name, offset }: ScalarNode,
  env: NormaliseOptions['env'],
  prefix: string,
): ScalarNode {
  const value = env[name];
  if (value === undefined)
    return { ...scalar('', offset), unresolved: `the environment variable ${name} is not set` };
  return { ...scalar(`${prefix}${value}`, offset), expanded: [value] };
}

/** Clients have several words for an entry that is off; ours is `disabled`. */
function isSwitchedOff({ entries }: MapNode): boolean {
  return ['enabled', 'isActive'].some((key) => {
    const flag = entries.get(key)?.node;
    return flag?.kind === 'scalar' && flag.text === 'false';
  });
}

function isEmpty(node: SourceNode): boolean {
  if (node.kind === 'scalar') return node.value === null;
  return (node.kind === 'list' ? node.items.length : node.entries.size) === 0;
}

function scalar(value: string | boolean, offset: number): ScalarNode {
  return { kind: 'scalar', value, text: String(value), offset };
}
