import { dirname } from 'node:path';
import { isSameEntry } from '../facts/rules/is-same-server.ts';
import type { ServerSpec } from '../facts/server.ts';
import { placeOfClientFile } from './client-file.ts';
import { ClientFileSchema, type ServerInput } from './config-schema.ts';
import type { ListenAddress } from '../facts/service-settings.ts';
import { expandValues } from './expand-values.ts';
import type { GatewayInput, ServerGatewayInput } from './gateway-schema.ts';
import { isOwnAddress } from './is-own-address.ts';
import type { LoadContext } from './load-context.ts';
import type { DefaultsInput, MonitorInput } from './monitor-schema.ts';
import { parseValues } from './parse-values.ts';
import { prepareServers } from './prepare-servers.ts';
import { readSource } from './read-source.ts';
import { resolvePath } from './resolve-path.ts';
import type { EntryContext, ServerEntry } from './server-entry.ts';
import { findNameMistake } from './server-name.ts';
import { mergeGateways } from './gateway-settings.ts';
import { completeMonitor } from './monitor-settings.ts';
import { nodeAt, type SourceFile } from './source-node.ts';
import type { Path } from './problem.ts';
import { problemAt } from './problem-at.ts';
import { readStdioCommand } from './wrapped-entry.ts';
import { toServerSpec, type WatchInput } from './to-server-spec.ts';

export interface ServerListOptions {
  readonly defaults: DefaultsInput;
  readonly gateway: GatewayInput;
  /** Of our own file. */
  readonly directory: string;
  /** Where we listen: servers that lead there are left out. */
  readonly listeners: readonly ListenAddress[];
}

export interface ServerList {
  /** Contradictions among the defaults are said once, not for every server. */
  checkDefaults(source: SourceFile): void;
  /** The entries of our own file; those with only `monitor` or `gateway` wait for an import of that name. */
  addOwn(
    source: SourceFile,
    servers: Readonly<Record<string, ServerInput>>,
    isPruned: EntryContext['isPruned'],
  ): Promise<void>;
  /** The entries of a client's file. `report` tells where the file is named that it cannot be used. */
  addFile(file: string, report: (message: string) => void): Promise<void>;
  /** Reports what waited in vain. */
  finish(): void;
  list(): readonly ServerSpec[];
}

/** What our own file says about a server, which may itself stand in an imported file. */
interface OwnSettings {
  readonly monitor: MonitorInput;
  readonly gateway: ServerGatewayInput;
  readonly source: SourceFile;
  readonly path: Path;
  readonly isComplete: boolean;
  isUsed: boolean;
}

/** Collects the servers of all files under their names. */
export function createServerList(
  context: LoadContext,
  { defaults, gateway, directory, listeners }: ServerListOptions,
): ServerList {
  const servers = new Map<string, ServerSpec>();
  const ownSettings = new Map<string, OwnSettings>();
  const defaultConflicts = completeMonitor({}, defaults, false).conflicts;
  const { problems, warnings, readText, home } = context;
  let ownSource: SourceFile | undefined;

  async function add(entry: ServerEntry, isPruned: EntryContext['isPruned']): Promise<void> {
    const at = (path: Path) => [...entry.path, ...path];
    const report: EntryContext['report'] = (path, message, where) =>
      problems.push(problemAt(entry.source, at(path), message, where));
    const warn: EntryContext['warn'] = (path, message, where) =>
      warnings.push(problemAt(entry.source, at(path), message, where));
    const spec = await toServerSpec(entry, watchOf(entry), {
      report,
      warn,
      readText,
      home,
      isPruned,
    });
    if (spec === undefined) return;
    if (
      spec.target.kind === 'http' &&
      spec.unresolved === undefined &&
      isOwnAddress(spec.target.url, listeners)
    ) {
      warn([], 'leads back to this exporter and is left out', 'key');
      return;
    }
    if (spec.target.kind === 'stdio' && readStdioCommand(spec.target.command, spec.target.args)) {
      warn(
        [],
        'starts mcp-exporter stdio, which leads back to this exporter, and is left out',
        'key',
      );
      return;
    }
    const other = servers.get(spec.name);
    if (other === undefined) servers.set(spec.name, spec);
    else if (!isSameEntry(other, spec))
      report(
        [],
        `another server of this name is at ${other.source} and differs; rename one of them`,
        'key',
      );
  }

  function watchOf(entry: ServerEntry): WatchInput {
    const own = ownSettings.get(entry.name);
    if (own !== undefined) own.isUsed = true;
    const settings = own?.source === entry.source ? undefined : own;
    const monitor = mergeMonitors(entry.input.monitor ?? {}, settings?.monitor ?? {});
    const place = settings ?? entry;
    const isOfDefaults = (path: Path, message: string) =>
      defaultConflicts.some(
        (conflict) => conflict.message === message && String(conflict.path) === String(path),
      );
    return {
      monitor,
      gateway: mergeGateways(entry.input.gateway ?? {}, settings?.gateway ?? {}),
      gatewayForAll: gateway,
      defaults,
      settingsNode: settings && nodeAt(settings.source.root, settings.path),
      tls: tlsOf(entry, settings),
      reportMonitor(path, message) {
        if (isOfDefaults(path, message)) return;
        problems.push(problemAt(place.source, [...place.path, 'monitor', ...path], message));
      },
    };
  }

  /** The nearest `tls` wins as a whole: a path in it is seen from the file that holds it. */
  function tlsOf(entry: ServerEntry, settings: OwnSettings | undefined): WatchInput['tls'] {
    const reportAt = (source: SourceFile, path: Path) => (message: string) => {
      // The same file of `defaults` would be reported for every server.
      const problem = problemAt(source, [...path, 'tls', 'caFile'], message);
      if (
        !problems.some(({ file, path: known }) => file === problem.file && known === problem.path)
      )
        problems.push(problem);
    };
    if (settings?.monitor.tls) {
      return {
        values: settings.monitor.tls,
        directory,
        report: reportAt(settings.source, [...settings.path, 'monitor']),
      };
    }
    if (entry.input.monitor?.tls) {
      return {
        values: entry.input.monitor.tls,
        directory: entry.directory,
        report: reportAt(entry.source, [...entry.path, 'monitor']),
      };
    }
    return (
      defaults.tls && {
        values: defaults.tls,
        directory,
        report: reportAt(ownSource ?? entry.source, ['defaults']),
      }
    );
  }

  return {
    checkDefaults(source) {
      ownSource = source;
      for (const { path, message } of defaultConflicts)
        problems.push(problemAt(source, ['defaults', ...path], message));
    },

    async addOwn(source, inputs, isPruned) {
      const entries = entriesOf(source, 'mcpServers', inputs, context);
      for (const [name, input] of entries) {
        const path = ['mcpServers', name];
        const isComplete =
          !hasOnlySettings(input) || ['command', 'url'].some((key) => isPruned([...path, key]));
        ownSettings.set(name, {
          monitor: settingsOf(input),
          gateway: input.gateway ?? {},
          source,
          path,
          isComplete,
          isUsed: false,
        });
      }
      for (const [name, input] of entries) {
        if (ownSettings.get(name)?.isComplete === false) continue;
        await add(
          {
            name,
            input,
            source,
            path: ['mcpServers', name],
            directory,
            isClientFile: false,
            isVsCodeFile: false,
          },
          isPruned,
        );
      }
    },

    async addFile(file, report) {
      const result = await readText(file);
      if (!result.ok) return report(`the file ${result.reason}`);
      const written = readSource(file, result.text);
      problems.push(...written.problems);
      if (written.root === undefined) {
        if (written.problems.length === 0) report('the file is empty');
        return;
      }
      const place = placeOfClientFile(file, home);
      const folder = dirname(file);
      const expanded = await expandValues(keepServers(written), {
        env: context.env,
        variables: place.variables,
        isClientFile: true,
        readValueFile: (path) => readText(resolvePath(path, folder, home)),
      });
      problems.push(...expanded.problems);
      const source: SourceFile = {
        ...expanded.source,
        root: prepareServers(expanded.source.root, true),
      };
      const parsed = parseValues(ClientFileSchema, source, written.root);
      problems.push(...parsed.problems);
      warnings.push(
        ...parsed.unknownKeys.map((problem) => ({
          ...problem,
          message: `ignored: ${problem.message}`,
        })),
      );
      if (parsed.value === undefined) return;
      if (
        nodeAt(source.root, ['mcpServers']) === undefined &&
        nodeAt(source.root, ['servers']) === undefined
      ) {
        return report('the file has neither mcpServers nor servers');
      }
      for (const block of ['mcpServers', 'servers'] as const) {
        for (const [name, input] of entriesOf(source, block, parsed.value[block] ?? {}, context)) {
          const { workingDirectory } = place;
          const base = {
            name,
            input,
            source,
            path: [block, name],
            directory: workingDirectory ?? folder,
          };
          const entry = { ...base, isClientFile: true, isVsCodeFile: block === 'servers' };
          await add(
            workingDirectory === undefined ? entry : { ...entry, workingDirectory },
            parsed.isPruned,
          );
        }
      }
    },

    finish() {
      for (const { source, path, isComplete, isUsed } of ownSettings.values()) {
        if (isComplete || isUsed) continue;
        problems.push(
          problemAt(
            source,
            path,
            'needs command (stdio) or url (http, sse): no imported file has a server of this name',
            'key',
          ),
        );
      }
    },

    list: () => [...servers.values()],
  };
}

/** Of a client's file only the servers count: a variable elsewhere in it is the client's own business. */
function keepServers(source: SourceFile): SourceFile {
  if (source.root?.kind !== 'map') return source;
  const entries = new Map(
    [...source.root.entries].filter(([key]) => key === 'mcpServers' || key === 'servers'),
  );
  return { ...source, root: { ...source.root, entries } };
}

/** In the order of the file, where the schema's result leaves out what it does not accept as a key. */
function entriesOf(
  source: SourceFile,
  block: string,
  inputs: Readonly<Record<string, ServerInput>>,
  { problems }: LoadContext,
): [string, ServerInput][] {
  const node = nodeAt(source.root, [block]);
  if (node?.kind !== 'map') return [];
  return [...node.entries.keys()].flatMap((name): [string, ServerInput][] => {
    const input = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (input !== undefined) return [[name, input]];
    if (name === '__proto__')
      problems.push(problemAt(source, [block, name], findNameMistake(name) ?? '', 'key'));
    return [];
  });
}

function hasOnlySettings(input: ServerInput): boolean {
  return Object.entries(input).every(
    ([key, value]) =>
      value === undefined || key === 'monitor' || key === 'gateway' || key === 'disabled',
  );
}

function settingsOf({ monitor, disabled }: ServerInput): MonitorInput {
  return disabled === undefined || monitor?.enabled !== undefined
    ? (monitor ?? {})
    : { ...monitor, enabled: !disabled };
}

function mergeMonitors(base: MonitorInput, over: MonitorInput): MonitorInput {
  const responseTime = { ...base.responseTime, ...over.responseTime };
  const errorRate = { ...base.errorRate, ...over.errorRate };
  return {
    ...base,
    ...over,
    ...(Object.keys(responseTime).length > 0 ? { responseTime } : {}),
    ...(Object.keys(errorRate).length > 0 ? { errorRate } : {}),
  };
}
