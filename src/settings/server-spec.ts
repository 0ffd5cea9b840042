import {
  expectedTransport,
  type HttpTarget,
  type ServerSpec,
  type StdioTarget,
  UNRESOLVED_URL,
} from '../facts/server.ts';
import type { AuthSource } from './auth.ts';
import type { ServerInput } from './config-schema.ts';
import { completeGatewaySettings, type GatewayInput, type ServerGatewayInput } from './gateway.ts';
import { completeMonitor, type DefaultsInput, type MonitorInput } from './monitor.ts';
import {
  argumentSecrets,
  createSecretBag,
  expandedSecrets,
  printMasked,
  type SecretBag,
} from './secrets.ts';
import { type EntryContext, findNameMistake, type ServerEntry } from './server-entries.ts';
import { createHttpTarget, toHttpTarget, toStdioTarget } from './server-target.ts';
import { keyOffsetAt, nodeAt, scalarsOf, type SourceNode } from './source-file.ts';
import { chooseProxy, type Env } from './proxy.ts';
import type { TlsInput } from './tls.ts';

/** How the server is monitored, and where a contradiction in its `monitor` is reported. */
export interface WatchInput {
  readonly monitor: MonitorInput;
  readonly gateway: ServerGatewayInput;
  readonly gatewayForAll: GatewayInput;
  readonly defaults: DefaultsInput;
  readonly reportMonitor: EntryContext['report'];
  readonly labels: ServerSpec['labels'];
  readonly tls: TlsInput | undefined;
  readonly auth: AuthSource | undefined;
  readonly proxyFor: (url: URL) => URL | undefined;
  readonly loginDirectory: string;
  /** Further settings of the server in another file; their variables are its secrets too. */
  readonly settingsNode: SourceNode | undefined;
}

export const NO_CONNECTION = 'needs command (stdio) or url (http, sse)';

/** Turns a checked entry into a server; undefined if the entry has a mistake, which is reported. */
export async function toServerSpec(
  entry: ServerEntry,
  watch: WatchInput,
  context: EntryContext,
): Promise<ServerSpec | undefined> {
  let hasMistake = false;
  const report: EntryContext['report'] = (...mistake) => {
    hasMistake = true;
    context.report(...mistake);
  };
  const inner: EntryContext = { ...context, report };
  const nameMistake = findNameMistake(entry.name);
  if (nameMistake !== undefined) report([], nameMistake, 'key');
  checkShape(entry, inner);

  const nodes = [nodeAt(entry.source.root, entry.path), watch.settingsNode];
  const unresolved = nodes.map(findUnresolved).find((reason) => reason !== undefined);
  const secrets = createSecretBag();
  secrets.add(...nodes.flatMap(expandedSecrets));
  const { settings, conflicts } = completeMonitor(
    watch.monitor,
    watch.defaults,
    isDisabled(entry.input),
  );
  for (const { path, message } of conflicts) {
    hasMistake = true;
    watch.reportMonitor(path, message);
  }
  if (entry.input.command !== undefined)
    watch.auth?.report([], 'has no effect beside command: a program has no Authorization header');
  const connection =
    entry.input.command !== undefined
      ? await withoutCredentials(toStdioTarget(entry, secrets, unresolved !== undefined, inner))
      : entry.input.url !== undefined
        ? await toHttpTarget(entry, watch, secrets, unresolved !== undefined, inner)
        : undefined;
  if (connection === undefined || hasMistake) return undefined;
  return specOf(entry, watch, { ...connection, settings, secrets, unresolved });
}

/** An entry of a client's file that cannot be used, as a server that is never checked. */
export function unusableServer(entry: ServerEntry, watch: WatchInput, reason: string): ServerSpec {
  const { input } = entry;
  const secrets = createSecretBag();
  secrets.add(...expandedSecrets(nodeAt(entry.source.root, entry.path)));
  secrets.add(...Object.values(input.env ?? {}), ...Object.values(input.headers ?? {}));
  const target: StdioTarget | HttpTarget =
    input.command === undefined
      ? { kind: 'http', url: UNRESOLVED_URL, transport: 'auto', headers: {}, tlsSkipVerify: false }
      : { kind: 'stdio', command: input.command, args: [], env: {} };
  const { settings } = completeMonitor(watch.monitor, watch.defaults, isDisabled(input));
  return specOf(entry, watch, {
    target: printMasked(target, secrets.list()),
    hasCredentials: false,
    settings,
    secrets,
    unresolved: reason,
  });
}

interface SpecParts {
  readonly target: ServerSpec['target'];
  readonly hasCredentials: boolean;
  readonly settings: ServerSpec['monitor'];
  readonly secrets: SecretBag;
  readonly unresolved: string | undefined;
}

function specOf(
  entry: ServerEntry,
  watch: WatchInput,
  { target, hasCredentials, settings, secrets, unresolved }: SpecParts,
): ServerSpec {
  const { call } = settings;
  const offset = keyOffsetAt(entry.source.root, entry.path) ?? 0;
  const isReachable = settings.enabled && unresolved === undefined;
  return {
    name: entry.name,
    target,
    monitor:
      call === undefined ? settings : { ...settings, call: printMasked(call, secrets.list()) },
    gateway: completeGatewaySettings(watch.gateway, watch.gatewayForAll, isReachable),
    labels: watch.labels,
    source: `${entry.source.file}:${entry.source.locate(offset).line}`,
    secrets: secrets.list(),
    hasCredentials,
    ...(unresolved !== undefined && { unresolved }),
  };
}

/** A child process never answers 401: values in its environment do not count as credentials. */
async function withoutCredentials<T>(
  target: Promise<T | undefined>,
): Promise<{ target: T; hasCredentials: boolean } | undefined> {
  const made = await target;
  return made === undefined ? undefined : { target: made, hasCredentials: false };
}

function findUnresolved(node: SourceNode | undefined): string | undefined {
  for (const [, scalar] of scalarsOf(node))
    if (scalar.unresolved !== undefined) return scalar.unresolved;
  return undefined;
}

function isDisabled(input: ServerInput): boolean {
  return input.disabled ?? false;
}

/** Checks which keys may be combined. In a client's file a key without effect is a warning only. */
function checkShape(entry: ServerEntry, { report, warn, isPruned }: EntryContext): void {
  const { input, path } = entry;
  const has = (key: keyof ServerInput) => input[key] !== undefined || isPruned([...path, key]);
  if (has('command') && has('url'))
    report(
      ['url'],
      'command and url exclude each other: a server is a program or an address',
      'key',
    );
  if (!has('command') && !has('url')) report([], NO_CONNECTION, 'key');
  checkType(entry, report);
  const stray = entry.isClientFile ? warn : report;
  const [kind, strays] = has('url')
    ? (['url', ['args', 'env', 'envFile', 'cwd']] as const)
    : (['command', ['headers', 'tls', 'proxy']] as const);
  if (has('command') === has('url')) return;
  for (const key of strays) {
    if (input[key] !== undefined) stray([key], `has no effect beside ${kind}`, 'key');
  }
}

function checkType({ input }: ServerEntry, report: EntryContext['report']): void {
  const { type, transport } = input;
  const key = type === undefined ? 'transport' : 'type';
  const chosen = type ?? transport;
  if (type !== undefined && transport !== undefined && type !== transport) {
    report(['transport'], `says ${transport} and type says ${type}; one of the two is enough`);
  }
  if (chosen === undefined) return;
  const isProgram = chosen === 'stdio' || chosen === 'local';
  if (isProgram && input.command === undefined && input.url !== undefined)
    report([key], `${chosen} needs a command, and there is a url`);
  if (!isProgram && input.url === undefined && input.command !== undefined)
    report([key], `${chosen} needs a url, and there is a command`);
}

export interface AdHocOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where it came from, as `source` of messages. */
  readonly source: string;
}

/** A server outside the configuration: a URL given to `probe` or `/probe`. Undefined if it is not an http(s) URL. */
export function serverOfUrl(
  text: string,
  { headers = {}, source, env }: AdHocOptions & { readonly env: Env },
): ServerSpec | undefined {
  const url = URL.parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined;
  const secrets = createSecretBag();
  const { target, hasCredentials } = createHttpTarget(
    { url, headers, tls: { tlsSkipVerify: false }, proxy: chooseProxy(url, undefined, env) },
    secrets,
  );
  return { ...adHoc(url.host, target, source), secrets: secrets.list(), hasCredentials };
}

/** A stdio server outside the configuration: a command line given to `probe`. */
export function serverOfCommand(
  command: string,
  args: readonly string[],
  { source }: AdHocOptions,
): ServerSpec {
  const secrets = createSecretBag();
  secrets.add(...argumentSecrets(args));
  const target = printMasked<StdioTarget>(
    { kind: 'stdio', command, args, env: {} },
    secrets.list(),
  );
  return { ...adHoc(command, target, source), secrets: secrets.list() };
}

function adHoc(name: string, target: HttpTarget | StdioTarget, source: string): ServerSpec {
  return {
    name: name || expectedTransport(target),
    target,
    monitor: completeMonitor({}, {}, false).settings,
    gateway: completeGatewaySettings({}, { listen: 'off' }, true),
    labels: {},
    source,
    secrets: [],
    hasCredentials: false,
  };
}
