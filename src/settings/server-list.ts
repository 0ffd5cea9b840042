import { basename } from 'node:path';
import { isSameEntry } from '../facts/rules/is-same-server.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import type { AuthInput } from './auth.ts';
import type { ServerInput } from './config-schema.ts';
import type { LoadContext } from './files.ts';
import { isOwnAddress, readStdioCommand } from './gateway-address.ts';
import { type GatewayInput, mergeGateways, type ServerGatewayInput } from './gateway.ts';
import {
  completeMonitor,
  type CompleteMonitor,
  type DefaultsInput,
  type MonitorInput,
} from './monitor.ts';
import { type ImportedEntry, readClientFile, reasonOf } from './clients/read-client-file.ts';
import {
  entriesOf,
  type EntryContext,
  findNameMistake,
  type ServerEntry,
} from './server-entries.ts';
import { type LabelsInput, mergeLabels } from './labels.ts';
import { NO_CONNECTION, toServerSpec, unusableServer, type WatchInput } from './server-spec.ts';
import { nodeAt, type Path, type Problem, problemAt, type SourceFile } from './source-file.ts';
import { chooseProxy, proxyWarning } from './proxy.ts';
import type { TlsReport } from './tls.ts';

export interface ServerListOptions {
  readonly defaults: DefaultsInput;
  readonly gateway: GatewayInput;
  /** Of our own file. */
  readonly directory: string;
  /** Where logins are kept by default. */
  readonly loginDirectory: string;
  /** Where we listen: servers that lead there are left out. */
  readonly listeners: readonly ListenAddress[];
}

export interface ServerList {
  /** Reports contradictions among the defaults, once and not for every server. */
  checkDefaults(source: SourceFile): void;
  /** The entries of our own file; those with only `monitor`, `gateway`, `labels`, `auth`, `tls` or `proxy` apply to an imported server of that name. */
  addOwn(
    source: SourceFile,
    servers: Readonly<Record<string, ServerInput>>,
    isPruned: EntryContext['isPruned'],
  ): Promise<void>;
  /** The entries of a client's file. `report` is called, where the file is named, if it cannot be used. */
  addFile(file: string, report: (message: string) => void): Promise<void>;
  /** Reports settings of servers that no file defines. */
  finish(): void;
  list(): readonly ServerSpec[];
}

/** What our own file says about a server, which an imported file may define. */
interface OwnSettings {
  readonly monitor: MonitorInput;
  readonly gateway: ServerGatewayInput;
  readonly labels: LabelsInput | undefined;
  readonly auth: AuthInput | undefined;
  readonly tls: ServerInput['tls'];
  readonly proxy: string | undefined;
  readonly source: SourceFile;
  readonly path: Path;
  readonly isComplete: boolean;
  isUsed: boolean;
}

/** The servers found so far, and what is needed to add one. */
interface Collection {
  readonly context: LoadContext;
  readonly options: ServerListOptions;
  readonly servers: Map<string, ServerSpec>;
  readonly ownSettings: Map<string, OwnSettings>;
  readonly defaultConflicts: CompleteMonitor['conflicts'];
  ownSource: SourceFile | undefined;
}

/** Collects the servers of all files under their names. */
export function createServerList(context: LoadContext, options: ServerListOptions): ServerList {
  const collection: Collection = {
    context,
    options,
    servers: new Map(),
    ownSettings: new Map(),
    defaultConflicts: completeMonitor({}, options.defaults, false).conflicts,
    ownSource: undefined,
  };
  return {
    checkDefaults(source) {
      collection.ownSource = source;
      for (const { path, message } of collection.defaultConflicts)
        context.problems.push(problemAt(source, ['defaults', ...path], message));
    },
    addOwn: (source, inputs, isPruned) => addOwn(collection, source, inputs, isPruned),
    async addFile(file, report) {
      for (const imported of await readClientFile(file, report, context))
        await addImported(collection, imported);
    },
    finish: () => reportUnused(collection),
    list: () => [...collection.servers.values()],
  };
}

async function addOwn(
  collection: Collection,
  source: SourceFile,
  inputs: Readonly<Record<string, ServerInput>>,
  isPruned: EntryContext['isPruned'],
): Promise<void> {
  const { context, options, ownSettings } = collection;
  const entries = entriesOf(source, 'mcpServers', inputs, context);
  for (const [name, input] of entries) {
    const path = ['mcpServers', name];
    ownSettings.set(name, {
      monitor: settingsOf(input),
      gateway: input.gateway,
      labels: input.labels,
      auth: input.auth,
      tls: input.tls,
      proxy: input.proxy,
      source,
      path,
      isComplete:
        !hasOnlySettings(input) || ['command', 'url'].some((key) => isPruned([...path, key])),
      isUsed: false,
    });
  }
  for (const [name, input] of entries) {
    if (ownSettings.get(name)?.isComplete === false) continue;
    const entry: ServerEntry = {
      name,
      input,
      source,
      path: ['mcpServers', name],
      directory: options.directory,
      isClientFile: false,
      isVsCodeFile: false,
    };
    await add(collection, entry, isPruned);
  }
}

async function add(
  collection: Collection,
  entry: ServerEntry,
  isPruned: EntryContext['isPruned'],
): Promise<void> {
  const { context, servers } = collection;
  const entryContext = contextOf(collection, entry, context.problems, isPruned);
  const watch = watchOf(collection, entry, entryContext);
  const spec = await toServerSpec(entry, watch, entryContext);
  if (spec === undefined || isLoop(collection, spec, entryContext)) return;
  const other = servers.get(spec.name);
  if (other === undefined) servers.set(spec.name, spec);
  else if (!isSameEntry(other, spec)) entryContext.report([], differsFrom(other), 'key');
}

/** One bad entry of a client's file must not stop the others: it is a server that is never checked, and why. */
async function addImported(
  collection: Collection,
  { entry, mistake, isPruned }: ImportedEntry,
): Promise<void> {
  const { context, servers } = collection;
  const mistakes: Problem[] = mistake === undefined ? [] : [mistake];
  const entryContext = contextOf(collection, entry, mistakes, isPruned);
  const watch = watchOf(collection, entry, entryContext);
  const usable = await toServerSpec(entry, watch, entryContext);
  const [first] = mistakes;
  const reason = first === undefined ? NO_CONNECTION : reasonOf(entry, first);
  const spec =
    usable === undefined || first !== undefined ? unusableServer(entry, watch, reason) : usable;
  if (isLoop(collection, spec, entryContext)) return;
  if (spec.monitor.enabled) context.warnings.push(...mistakes.filter(isWorthSaying));
  const other = servers.get(spec.name);
  if (other === undefined) servers.set(spec.name, spec);
  else if (!isSameEntry(other, spec)) addSecond(collection, entry, watch, { spec, other });
}

/** That an entry has no connection follows from most other mistakes. */
function isWorthSaying({ message }: Problem, _index: number, all: readonly Problem[]): boolean {
  return message !== NO_CONNECTION || all.length === 1;
}

/** A second server of the same name is listed too, under its name and place. */
function addSecond(
  { context, servers }: Collection,
  entry: ServerEntry,
  watch: WatchInput,
  { spec: second, other }: { readonly spec: ServerSpec; readonly other: ServerSpec },
): void {
  const { otherName } = entry;
  // Two projects may call their servers alike.
  if (otherName !== undefined && !servers.has(otherName) && !findNameMistake(otherName)) {
    servers.set(otherName, { ...second, name: otherName });
    return;
  }
  const mistake = problemAt(entry.source, entry.path, differsFrom(other), 'key');
  context.warnings.push(mistake);
  const spec = unusableServer(entry, watch, mistake.message);
  const named = [basename(spec.source), spec.source].map((place) => `${spec.name} (${place})`);
  const name = named.find((each) => findNameMistake(each) === undefined && !servers.has(each));
  if (name !== undefined) servers.set(name, { ...spec, name });
}

function differsFrom(other: ServerSpec): string {
  return `another server of this name is at ${other.source} and differs; rename one of them`;
}

function contextOf(
  { context }: Collection,
  entry: ServerEntry,
  mistakes: Problem[],
  isPruned: EntryContext['isPruned'],
): EntryContext {
  const reportTo =
    (problems: Problem[]): EntryContext['report'] =>
    (path, message, where) =>
      problems.push(problemAt(entry.source, [...entry.path, ...path], message, where));
  const { readText, home, warnings } = context;
  return { report: reportTo(mistakes), warn: reportTo(warnings), readText, home, isPruned };
}

function isLoop(
  { options }: Collection,
  spec: ServerSpec,
  { warn }: Pick<EntryContext, 'warn'>,
): boolean {
  const loop = findLoop(spec, options.listeners);
  if (loop !== undefined) warn([], loop, 'key');
  return loop !== undefined;
}

/** Why a server would lead to this exporter itself. */
function findLoop(
  { target, unresolved }: ServerSpec,
  listeners: readonly ListenAddress[],
): string | undefined {
  if (target.kind === 'stdio')
    return readStdioCommand(target.command, target.args)
      ? 'starts mcp-exporter stdio, which leads back to this exporter, and is left out'
      : undefined;
  return unresolved === undefined && isOwnAddress(target.url, listeners)
    ? 'leads back to this exporter and is left out'
    : undefined;
}

function watchOf(
  collection: Collection,
  entry: ServerEntry,
  { report, warn }: Pick<EntryContext, 'report' | 'warn'>,
): WatchInput {
  const { context, options, ownSettings, defaultConflicts } = collection;
  const own = ownSettings.get(entry.name);
  if (own !== undefined) own.isUsed = true;
  const settings = own?.source === entry.source ? undefined : own;
  const isOfDefaults = (path: Path, message: string) =>
    defaultConflicts.some(
      (conflict) => conflict.message === message && String(conflict.path) === String(path),
    );
  return {
    monitor: mergeMonitors(entry.input.monitor, settings?.monitor ?? {}),
    gateway: mergeGateways(entry.input.gateway, settings?.gateway ?? {}),
    gatewayForAll: options.gateway,
    defaults: options.defaults,
    labels: mergeLabels(options.defaults.labels, own?.labels),
    settingsNode: settings && nodeAt(settings.source.root, settings.path),
    tls: tlsOf(collection, entry, settings, { report, warn }),
    auth: authOf(collection, entry, own),
    proxyFor(url) {
      const configured = settings?.proxy ?? entry.input.proxy ?? options.defaults.proxy;
      warnOfProxy(context, proxyWarning(url, configured, context.env));
      return chooseProxy(url, configured, context.env);
    },
    loginDirectory: options.loginDirectory,
    reportMonitor(path, message) {
      if (isOfDefaults(path, message)) return;
      const inside = ['monitor', ...path];
      if (settings === undefined) return report(inside, message);
      context.problems.push(problemAt(settings.source, [...settings.path, ...inside], message));
    },
  };
}

/** Once for all servers that it applies to. */
function warnOfProxy(
  { warnings }: Pick<LoadContext, 'warnings'>,
  message: string | undefined,
): void {
  if (message === undefined || warnings.some((warning) => warning.message === message)) return;
  warnings.push({ file: 'environment', line: 0, column: 0, path: '', message });
}

/** `auth` is a key of our own file only, of the server's entry or of the settings of an imported server. */
function authOf(
  { context: { problems }, options }: Collection,
  { isClientFile, input }: ServerEntry,
  own: OwnSettings | undefined,
): WatchInput['auth'] {
  const values = isClientFile ? own?.auth : input.auth;
  if (own === undefined || values === undefined) return undefined;
  return {
    values,
    directory: options.directory,
    report: (path, message) =>
      problems.push(problemAt(own.source, [...own.path, 'auth', ...path], message, 'key')),
  };
}

/**
 * The nearest `tls` applies as a whole: a path in it is relative to the file that holds it. `monitor.tls` is where it was
 * in the first version.
 */
function tlsOf(
  { context: { problems, warnings }, options, ownSource }: Collection,
  entry: ServerEntry,
  settings: OwnSettings | undefined,
  inEntry: Pick<EntryContext, 'report' | 'warn'>,
): WatchInput['tls'] {
  const ofOwnFile = (
    values: NonNullable<ServerInput['tls']>,
    source: SourceFile,
    path: Path,
  ): WatchInput['tls'] => {
    const add =
      (list: Problem[]): TlsReport =>
      (key, message) => {
        // The same file of `defaults` would be reported for every server.
        const problem = problemAt(source, [...path, key], message);
        if (!list.some(({ file, path: known }) => file === problem.file && known === problem.path))
          list.push(problem);
      };
    return { values, directory: options.directory, report: add(problems), warn: add(warnings) };
  };
  if (settings?.tls) return ofOwnFile(settings.tls, settings.source, [...settings.path, 'tls']);
  if (settings?.monitor.tls)
    return ofOwnFile(settings.monitor.tls, settings.source, [...settings.path, 'monitor', 'tls']);
  const { tls = entry.input.monitor.tls } = entry.input;
  if (tls !== undefined) {
    const path = entry.input.tls === undefined ? ['monitor', 'tls'] : ['tls'];
    return {
      values: tls,
      directory: entry.directory,
      report: (key, message) => inEntry.report([...path, key], message),
      warn: (key, message) => inEntry.warn([...path, key], message),
    };
  }
  return (
    options.defaults.tls &&
    ofOwnFile(options.defaults.tls, ownSource ?? entry.source, ['defaults', 'tls'])
  );
}

function reportUnused({ context, ownSettings }: Collection): void {
  for (const { source, path, isComplete, isUsed } of ownSettings.values()) {
    if (isComplete || isUsed) continue;
    const message = `${NO_CONNECTION}: no imported file has a server of this name`;
    context.problems.push(problemAt(source, path, message, 'key'));
  }
}

function hasOnlySettings(input: ServerInput): boolean {
  return Object.entries(input).every(
    ([key, value]) =>
      value === undefined ||
      ['monitor', 'gateway', 'labels', 'auth', 'tls', 'proxy', 'disabled'].includes(key),
  );
}

function settingsOf({ monitor, disabled }: ServerInput): MonitorInput {
  return disabled === undefined || monitor.enabled !== undefined
    ? monitor
    : { ...monitor, enabled: !disabled };
}

function mergeMonitors(base: MonitorInput, over: MonitorInput): MonitorInput {
  const responseTime = { ...base.responseTime, ...over.responseTime };
  const errorRate = { ...base.errorRate, ...over.errorRate };
  return {
    ...base,
    ...over,
    ...(Object.keys(responseTime).length > 0 && { responseTime }),
    ...(Object.keys(errorRate).length > 0 && { errorRate }),
  };
}
