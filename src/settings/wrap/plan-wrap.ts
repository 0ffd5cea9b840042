import { findServerChanges } from '../../facts/rules/server-changes.ts';
import type { Secret } from '../../facts/secret.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { Config, GatewayConfig } from '../config.ts';
import { readText } from '../files.ts';
import { GATEWAY_LISTEN_DEFAULT, localUrl } from '../gateway-address.ts';
import { loadConfig, type LoadConfigResult } from '../load-config.ts';
import { formatProblems } from '../source-file.ts';
import {
  addressKeyOf,
  type ClientEntry,
  connectionOf,
  type EntryValue,
  findObstacle,
  gatewayUrl,
  readClientEntries,
  readWrappedEntry,
  replaceConnection,
  toOwnEntry,
} from './client-entries.ts';
import { addOwnEntries, type OwnEntry } from './own-entries.ts';

export interface WrapRequest {
  /** Absolute. */
  readonly clientFile: string;
  readonly clientText: string;
  /** Absolute. */
  readonly ownFile: string;
  /** Undefined if it does not exist yet. */
  readonly ownText: string | undefined;
  /** Empty for all. */
  readonly names: readonly string[];
  /** Entries that stay as they are, with the reason; found by asking the servers of an earlier plan (`toAsk`). */
  readonly left?: readonly LeftEntry[];
  /** The command that starts us, without a subcommand. */
  readonly program: readonly [command: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LeftEntry {
  readonly name: string;
  readonly why: string;
}

export interface WrapPlan {
  readonly clientText: string;
  readonly ownText: string;
  readonly moved: readonly string[];
  readonly alreadyWrapped: readonly string[];
  readonly left: readonly LeftEntry[];
  /** Moved servers that may want OAuth, as our configuration has them: those that get no credentials from it. */
  readonly toAsk: readonly ServerSpec[];
  /** What must be masked in both texts. */
  readonly secrets: readonly Secret[];
  /** Base URL. */
  readonly gateway: string;
  /** Whether no entry of the file led to the gateway before. */
  readonly isFirst: boolean;
}

export type WrapResult =
  { readonly ok: true; readonly plan: WrapPlan } | { readonly ok: false; readonly message: string };

interface Candidate {
  readonly entry: ClientEntry;
  readonly spec: ServerSpec;
  readonly own: OwnEntry;
}

/** Computes the new text of both files. Reads the files that they name; writes none. */
export async function planWrap(request: WrapRequest): Promise<WrapResult> {
  const read = readClientEntries(request.clientFile, request.clientText);
  if (!read.ok) return { ok: false, message: formatProblems(read.problems) };
  const unknown = request.names.find((name) => !read.entries.some((entry) => entry.name === name));
  if (unknown !== undefined)
    return failed(
      `${request.clientFile} has no server ${JSON.stringify(unknown)}; it has ${read.entries.map(({ name }) => name).join(', ') || 'none'}`,
    );
  const before = await loadOwn(request, request.ownText);
  if (before && !before.ok)
    return failed(
      `${request.ownFile} has mistakes:\n${formatProblems(before.problems)}\nNothing was changed.`,
    );
  const gateway = gatewayOf(before?.config);
  const { listen } = gateway;
  if (!listen) return failed(`${request.ownFile} switches the gateway off (gateway.listen)`);

  const left: LeftEntry[] = [];
  const alreadyWrapped: string[] = [];
  const candidates: Candidate[] = [];
  for (const entry of read.entries) {
    if (request.names.length > 0 && !request.names.includes(entry.name)) continue;
    if (readWrappedEntry(entry.value, listen)) {
      alreadyWrapped.push(entry.name);
      continue;
    }
    const known = request.left?.find(({ name }) => name === entry.name);
    const found = known ?? (await examine(entry, reasonAgainstAddresses(before?.config), request));
    if ('why' in found) left.push(found);
    else candidates.push(found);
  }
  const clashes = candidates.flatMap((candidate) => clashOf(candidate, before?.config, request));
  if (clashes.length > 0 && clashes.length === candidates.length)
    return failed(clashes.map(({ name, why }) => `${name} ${why}`).join('\n'));
  const free = candidates.filter(({ own }) => clashes.every(({ name }) => name !== own.name));
  const isFirst = read.entries.every(({ value }) => !readWrappedEntry(value, listen));
  left.push(...clashes);
  return finishPlan(request, free, { left, alreadyWrapped, isFirst, listen });
}

/** Another server of our file that has the name. */
function clashOf(
  { entry, spec }: Candidate,
  config: Config | undefined,
  request: WrapRequest,
): readonly LeftEntry[] {
  const other = config?.servers.find(({ name }) => name === entry.name);
  if (!other || isSameConnection(other, spec) || isImported(other, request)) return [];
  const why = `is at ${other.source} already and differs from the one in ${request.clientFile}; rename one of them`;
  return [{ name: entry.name, why }];
}

/** Finds out whether one entry can be moved. */
async function examine(
  entry: ClientEntry,
  /** Why a remote server's entry cannot lead to the gateway. */
  remoteObstacle: string | undefined,
  request: WrapRequest,
): Promise<Candidate | LeftEntry> {
  const { name, value } = entry;
  if (isOff(value)) return { name, why: 'it is switched off there' };
  const obstacle = findObstacle(value);
  if (obstacle !== undefined) return { name, why: obstacle };
  const loaded = await loadEntry(entry, request);
  if (!loaded.ok) return { name, why: loaded.problems.map(({ message }) => message).join('; ') };
  const [spec] = loaded.config.servers;
  if (!spec) return { name, why: 'it leads back to this exporter' };
  if (spec.unresolved !== undefined) return { name, why: spec.unresolved };
  if (spec.target.kind === 'http' && remoteObstacle !== undefined)
    return { name, why: remoteObstacle };
  const place = { env: request.env, home: homeOf(request) };
  return { entry, spec, own: { name, value: toOwnEntry(entry, request.clientFile, place) } };
}

function isOff(value: EntryValue): boolean {
  return value['disabled'] === true || value['enabled'] === false || value['isActive'] === false;
}

/** An entry that our file could not hold must not keep the others from being moved. */
async function findSound(
  candidates: readonly Candidate[],
  load: (chosen: readonly Candidate[]) => Promise<LoadConfigResult | undefined>,
  left: LeftEntry[],
): Promise<readonly Candidate[]> {
  const whole = await load(candidates);
  if (whole === undefined || whole.ok || candidates.length < 2) return candidates;
  const sound: Candidate[] = [];
  for (const candidate of candidates) {
    const alone = await load([candidate]);
    if (alone?.ok !== false) sound.push(candidate);
    else
      left.push({
        name: candidate.own.name,
        why: alone.problems[0]?.message ?? 'it has a mistake',
      });
  }
  return sound;
}

async function finishPlan(
  request: WrapRequest,
  all: readonly Candidate[],
  rest: Pick<WrapPlan, 'left' | 'alreadyWrapped' | 'isFirst'> & {
    readonly listen: NonNullable<GatewayConfig['listen']>;
  },
): Promise<WrapResult> {
  const { listen, alreadyWrapped, isFirst } = rest;
  const add = (chosen: readonly Candidate[]): string => addToOwn(chosen, request);
  const point = (text: string, { entry, spec }: Candidate, keepsHeaders: boolean): string =>
    replaceConnection(text, entry, pointAtGateway(entry, spec, request, listen, keepsHeaders));

  // Our file as the service will read it, with the client's file as it will be then.
  const load = (chosen: readonly Candidate[]) =>
    loadOwn(
      request,
      add(chosen),
      chosen.reduce((text, each) => point(text, each, false), request.clientText),
    );
  const left = [...rest.left];
  const candidates = await findSound(all, load, left);
  const after = await load(candidates);
  if (candidates.length > 0 && after && !after.ok)
    return failed(
      `${request.ownFile} would have mistakes:\n${formatProblems(after.problems)}\nNothing was changed.`,
    );
  const servers = after?.ok ? after.config.servers : [];
  const moved = candidates.filter(({ entry, spec }) => {
    const own = servers.find(({ name }) => name === entry.name);
    const isExact = own !== undefined && isSameConnection(own, spec);
    if (!isExact) left.push({ name: entry.name, why: 'our configuration cannot say the same' });
    return isExact;
  });
  const injects = (name: string): boolean =>
    servers.find((server) => server.name === name)?.gateway.injectHeaders ?? true;
  return {
    ok: true,
    plan: {
      clientText: moved.reduce(
        (text, each) => point(text, each, !injects(each.entry.name)),
        request.clientText,
      ),
      ownText: add(moved),
      moved: moved.map(({ entry }) => entry.name),
      alreadyWrapped,
      left,
      toAsk: servers.filter(
        (server) => mayWantOAuth(server) && moved.some(({ entry }) => entry.name === server.name),
      ),
      secrets: [...candidates.map(({ spec }) => spec), ...servers].flatMap(
        ({ secrets }) => secrets,
      ),
      gateway: localUrl(listen),
      isFirst,
    },
  };
}

/** Not if the client's requests get credentials on their way, or the gateway presents its own address to the client. */
function mayWantOAuth({ target, hasCredentials, gateway }: ServerSpec): boolean {
  return target.kind === 'http' && !hasCredentials && gateway.authorization === 'pass';
}

function addToOwn(chosen: readonly Candidate[], { ownText, clientFile }: WrapRequest): string {
  const entries = chosen.map(({ own }) => own);
  return entries.length === 0 ? (ownText ?? '') : addOwnEntries(ownText, entries, clientFile);
}

function pointAtGateway(
  { name, value }: ClientEntry,
  { target }: ServerSpec,
  { program: [command, ...args], ownFile }: WrapRequest,
  listen: NonNullable<GatewayConfig['listen']>,
  keepsHeaders: boolean,
): EntryValue {
  if (target.kind === 'stdio')
    return { command, args: [...args, 'stdio', name, '--config', ownFile] };
  const { headers } = connectionOf(value);
  return {
    [addressKeyOf(value) ?? 'url']: gatewayUrl(
      listen,
      name,
      target.transport === 'sse' ? 'sse' : 'mcp',
    ),
    ...(keepsHeaders && headers !== undefined && { headers }),
  };
}

function gatewayOf(config: Config | undefined): Pick<GatewayConfig, 'listen' | 'authentication'> {
  return config?.gateway ?? { listen: GATEWAY_LISTEN_DEFAULT };
}

function reasonAgainstAddresses(config: Config | undefined): string | undefined {
  if (config?.gateway.authentication)
    return 'the gateway asks for credentials, which this client does not have';
  return (
    config?.web?.tls && 'the gateway speaks TLS, and this client may not trust its certificate'
  );
}

/** Whether the server of our configuration is this very entry, read through `import`. */
function isImported({ source }: ServerSpec, { clientFile }: WrapRequest): boolean {
  return source.startsWith(`${clientFile}:`);
}

/** What our file may say about the connection to a server that no client's file can say, for example in `defaults`. */
const OWN_KEYS = /^(?:gateway|tls)\.|^proxy$/;

function isSameConnection(own: ServerSpec, entry: ServerSpec): boolean {
  const changes = findServerChanges({ ...own, monitor: entry.monitor }, entry);
  return own.name === entry.name && changes.every(({ key }) => OWN_KEYS.test(key));
}

/** One entry as if it were alone: a mistake in another one is no reason to leave it. */
function loadEntry(
  { block, name, value }: ClientEntry,
  { clientFile, env }: WrapRequest,
): Promise<LoadConfigResult> {
  const text = JSON.stringify({ [block]: { [name]: value } });
  return loadConfig({
    path: clientFile,
    env,
    readText: async (file) => (file === clientFile ? { ok: true, text } : readText(file)),
  });
}

async function loadOwn(
  { ownFile, clientFile, clientText, env }: WrapRequest,
  ownText: string | undefined,
  newClientText = clientText,
): Promise<LoadConfigResult | undefined> {
  if (ownText === undefined || ownText.trim() === '') return undefined;
  return loadConfig({
    path: ownFile,
    env,
    async readText(file) {
      if (file === ownFile) return { ok: true, text: ownText };
      return file === clientFile ? { ok: true, text: newClientText } : readText(file);
    },
  });
}

function homeOf({ env }: WrapRequest): string | undefined {
  return env['HOME'] ?? env['USERPROFILE'];
}

function failed(message: string): WrapResult {
  return { ok: false, message };
}
