import { isSameEntry } from '../facts/rules/is-same-server.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
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
import {
  entriesOf,
  type EntryContext,
  readClientServers,
  type ServerEntry,
} from './server-entries.ts';
import { toServerSpec, type WatchInput } from './server-spec.ts';
import { nodeAt, type Path, problemAt, type SourceFile } from './source-file.ts';

export interface ServerListOptions {
  readonly defaults: DefaultsInput;
  readonly gateway: GatewayInput;
  /** Of our own file. */
  readonly directory: string;
  /** Where we listen: servers that lead there are left out. */
  readonly listeners: readonly ListenAddress[];
}

export interface ServerList {
  /** Reports contradictions among the defaults, once and not for every server. */
  checkDefaults(source: SourceFile): void;
  /** The entries of our own file; those with only `monitor` or `gateway` apply to an imported server of that name. */
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
      const read = await readClientServers(file, report, context);
      for (const entry of read?.entries ?? []) await add(collection, entry, read?.isPruned);
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
  isPruned: EntryContext['isPruned'] = () => false,
): Promise<void> {
  const { context, options, servers } = collection;
  const reportTo =
    (problems: LoadContext['problems']): EntryContext['report'] =>
    (path, message, where) =>
      problems.push(problemAt(entry.source, [...entry.path, ...path], message, where));
  const report = reportTo(context.problems);
  const warn = reportTo(context.warnings);
  const { readText, home } = context;
  const watch = watchOf(collection, entry);
  const spec = await toServerSpec(entry, watch, { report, warn, readText, home, isPruned });
  if (spec === undefined) return;
  const loop = findLoop(spec, options.listeners);
  const other = servers.get(spec.name);
  if (loop !== undefined) warn([], loop, 'key');
  else if (other === undefined) servers.set(spec.name, spec);
  else if (!isSameEntry(other, spec))
    report(
      [],
      `another server of this name is at ${other.source} and differs; rename one of them`,
      'key',
    );
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

function watchOf(collection: Collection, entry: ServerEntry): WatchInput {
  const { context, options, ownSettings, defaultConflicts } = collection;
  const own = ownSettings.get(entry.name);
  if (own !== undefined) own.isUsed = true;
  const settings = own?.source === entry.source ? undefined : own;
  const place = settings ?? entry;
  const isOfDefaults = (path: Path, message: string) =>
    defaultConflicts.some(
      (conflict) => conflict.message === message && String(conflict.path) === String(path),
    );
  return {
    monitor: mergeMonitors(entry.input.monitor, settings?.monitor ?? {}),
    gateway: mergeGateways(entry.input.gateway, settings?.gateway ?? {}),
    gatewayForAll: options.gateway,
    defaults: options.defaults,
    settingsNode: settings && nodeAt(settings.source.root, settings.path),
    tls: tlsOf(collection, entry, settings),
    reportMonitor(path, message) {
      if (isOfDefaults(path, message)) return;
      context.problems.push(problemAt(place.source, [...place.path, 'monitor', ...path], message));
    },
  };
}

/** The nearest `tls` applies as a whole: a path in it is relative to the file that holds it. */
function tlsOf(
  { context: { problems }, options, ownSource }: Collection,
  entry: ServerEntry,
  settings: OwnSettings | undefined,
): WatchInput['tls'] {
  const reportAt = (source: SourceFile, path: Path) => (message: string) => {
    // The same file of `defaults` would be reported for every server.
    const problem = problemAt(source, [...path, 'tls', 'caFile'], message);
    if (!problems.some(({ file, path: known }) => file === problem.file && known === problem.path))
      problems.push(problem);
  };
  if (settings?.monitor.tls) {
    return {
      values: settings.monitor.tls,
      directory: options.directory,
      report: reportAt(settings.source, [...settings.path, 'monitor']),
    };
  }
  if (entry.input.monitor.tls) {
    return {
      values: entry.input.monitor.tls,
      directory: entry.directory,
      report: reportAt(entry.source, [...entry.path, 'monitor']),
    };
  }
  return (
    options.defaults.tls && {
      values: options.defaults.tls,
      directory: options.directory,
      report: reportAt(ownSource ?? entry.source, ['defaults']),
    }
  );
}

function reportUnused({ context, ownSettings }: Collection): void {
  for (const { source, path, isComplete, isUsed } of ownSettings.values()) {
    if (isComplete || isUsed) continue;
    const message =
      'needs command (stdio) or url (http, sse): no imported file has a server of this name';
    context.problems.push(problemAt(source, path, message, 'key'));
  }
}

function hasOnlySettings(input: ServerInput): boolean {
  return Object.entries(input).every(
    ([key, value]) =>
      value === undefined || key === 'monitor' || key === 'gateway' || key === 'disabled',
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
