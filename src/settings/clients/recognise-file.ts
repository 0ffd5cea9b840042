import { type MapEntry, type MapNode, nodeAt, type Path, type SourceNode } from '../source-file.ts';
import { type ClientKind, CLIENTS, clientOfPlace } from './client-kinds.ts';

/** One server of a client's file, as it stands there. */
export interface ClientServer extends MapEntry {
  readonly name: string;
  /** The path of the block that it is in. */
  readonly block: Path;
  readonly client: ClientKind;
  /** The folder of the project that it belongs to, if the file says so. */
  readonly project?: string;
  /** Whether the file switches it off outside of the entry. */
  readonly isOff: boolean;
}

export type RecognisedFile =
  | { readonly ok: true; readonly servers: readonly ClientServer[] }
  /** Why it cannot be read, as a sentence about the file. */
  | { readonly ok: false; readonly reason: string };

/** Where clients keep their servers, and whose block it is; undefined where only the place of the file tells. */
const BLOCKS: readonly { readonly path: Path; readonly client?: ClientKind }[] = [
  { path: ['mcpServers'] },
  { path: ['servers'], client: CLIENTS.vscode },
  { path: ['mcp', 'servers'], client: CLIENTS.vscode },
  { path: ['mcp.servers'], client: CLIENTS.vscode },
  { path: ['context_servers'], client: CLIENTS.zed },
  { path: ['mcp_servers'], client: CLIENTS.codex },
  { path: ['extensions'], client: CLIENTS.goose },
];

/** Files that people name by mistake: a key that only they have, and what they are. */
const OTHERS: readonly (readonly [key: string, what: string])[] = [
  ['manifest_version', 'the manifest of an MCP bundle (.mcpb)'],
  ['dxt_version', 'the manifest of an MCP bundle (.mcpb)'],
  [
    'packages',
    'an entry of the MCP registry (server.json), which describes a server but not how it is started here',
  ],
  [
    'remotes',
    'an entry of the MCP registry (server.json), which describes a server but not how it is started here',
  ],
  ['dependencies', 'a package.json'],
  ['devDependencies', 'a package.json'],
  ['services', 'a Docker Compose file'],
  ['scrape_configs', "Prometheus's own configuration"],
  ['receivers', "Alertmanager's configuration or an OpenTelemetry collector's"],
  ['openapi', 'an OpenAPI description'],
  ['permissions', "Claude Code's settings.json; its servers are in .mcp.json and ~/.claude.json"],
];

/** Finds the servers of a client's file, whichever client wrote it. */
export function recogniseFile(file: string, root: SourceNode): RecognisedFile {
  if (root.kind !== 'map')
    return { ok: false, reason: `this is no client’s file: it holds a ${kindOf(root)}` };
  const servers: ClientServer[] = [];
  let isKnown = false;
  for (const { path, client } of BLOCKS) {
    const node = nodeAt(root, path);
    if (node === undefined || (path[0] === 'extensions' && !isOfGoose(node))) continue;
    isKnown = true;
    const found = serversIn(node, path, client ?? clientOfPlace(file));
    if (found === undefined)
      return {
        ok: false,
        reason: `its ${path.join('.')} must be a map of servers, not a ${kindOf(node)}`,
      };
    servers.push(...found);
  }
  const more = [opencodeServers(root), projectServers(root)].filter((each) => each !== undefined);
  if (isKnown || more.length > 0)
    return { ok: true, servers: withoutExcluded(root, [...servers, ...more.flat()]) };
  return { ok: false, reason: explainOther(root) };
}

/** Whether only a client's file looks like this: our own has none of these keys. */
export function isForeign(root: MapNode): boolean {
  const has = (path: Path) => nodeAt(root, path) !== undefined;
  return (
    ['context_servers', 'mcp_servers', 'mcp.servers'].some((key) => has([key])) ||
    has(['mcp', 'servers']) ||
    opencodeServers(root) !== undefined ||
    projectServers(root) !== undefined ||
    nodeAt(root, ['mcpServers'])?.kind === 'list' ||
    isOfGoose(nodeAt(root, ['extensions']))
  );
}

function serversIn(node: SourceNode, block: Path, client: ClientKind): ClientServer[] | undefined {
  if (node.kind === 'map')
    return [...node.entries].map(([name, entry]) => ({
      ...entry,
      name,
      block,
      client,
      isOff: false,
    }));
  if (node.kind === 'list')
    return node.items.map((item, index) => serverOfList(item, index, block));
  return node.value === null ? [] : undefined;
}

/** Continue's servers are a list, and each has its name inside. */
function serverOfList(node: SourceNode, index: number, block: Path): ClientServer {
  const name = nodeAt(node, ['name']);
  return {
    name: name?.kind === 'scalar' && name.text !== '' ? name.text : `${block.join('.')}[${index}]`,
    keyOffset: node.offset,
    node,
    block,
    client: CLIENTS.continue,
    isOff: false,
  };
}

function opencodeServers(root: MapNode): ClientServer[] | undefined {
  const node = nodeAt(root, ['mcp']);
  if (node?.kind !== 'map' || node.entries.size === 0 || node.entries.has('servers'))
    return undefined;
  const isServer = ({ node: entry }: MapEntry) =>
    ['type', 'command', 'url', 'enabled'].some((key) => nodeAt(entry, [key]) !== undefined);
  return [...node.entries.values()].some(isServer)
    ? serversIn(node, ['mcp'], CLIENTS.opencode)
    : undefined;
}

/** `~/.claude.json` keeps servers of single projects. */
function projectServers(root: MapNode): ClientServer[] | undefined {
  const projects = nodeAt(root, ['projects']);
  if (projects?.kind !== 'map') return undefined;
  const withServers = [...projects.entries].filter(
    ([, { node }]) => nodeAt(node, ['mcpServers'])?.kind === 'map',
  );
  if (withServers.length === 0) return undefined;
  return withServers.flatMap(([project, { node }]) => {
    const block = ['projects', project, 'mcpServers'];
    const off = textsAt(node, ['disabledMcpServers']);
    const found = serversIn(nodeAt(node, ['mcpServers']) ?? node, block, CLIENTS.claudeCode) ?? [];
    return found.map((server) => ({ ...server, project, isOff: off.includes(server.name) }));
  });
}

/** Gemini CLI: `mcp.excluded` names servers that are never started, `mcp.allowed` the only ones that are. */
function withoutExcluded(root: MapNode, servers: readonly ClientServer[]): ClientServer[] {
  const excluded = textsAt(root, ['mcp', 'excluded']);
  const allowed = textsAt(root, ['mcp', 'allowed']);
  return servers.map((server) =>
    server.client === CLIENTS.gemini &&
    (excluded.includes(server.name) || (allowed.length > 0 && !allowed.includes(server.name)))
      ? { ...server, isOff: true }
      : server,
  );
}

function textsAt(root: SourceNode, path: Path): string[] {
  const node = nodeAt(root, path);
  if (node?.kind !== 'list') return [];
  return node.items.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []));
}

function isOfGoose(node: SourceNode | undefined): boolean {
  return (
    node?.kind === 'map' &&
    [...node.entries.values()].some(({ node: entry }) =>
      ['cmd', 'uri', 'envs', 'bundled'].some((key) => nodeAt(entry, [key]) !== undefined),
    )
  );
}

function explainOther(root: MapNode): string {
  const other = OTHERS.find(([key]) => root.entries.has(key));
  return other === undefined
    ? 'the file has neither mcpServers nor servers, nor another block of servers that is known'
    : `this is ${other[1]}, not a client’s file with servers`;
}

function kindOf(node: SourceNode): string {
  return node.kind === 'scalar' ? 'single value' : node.kind;
}
