import { dirname } from 'node:path';
import { parseDocument } from 'yaml';
import type { ServerSpec } from '../facts/server.ts';
import type { TlsSettings } from '../facts/web-config.ts';
import {
  checkListeners,
  completeConfig,
  listenersOf,
  loginDirectoryOf,
  type ParsedFile,
} from './complete-config.ts';
import { type ConfigInput, ConfigSchema } from './config-schema.ts';
import type { Config, GatewayConfig } from './config.ts';
import { expandValues } from './expand-values.ts';
import { isFile, type LoadContext, readText, type ReadText, resolvePath } from './files.ts';
import { parseValues } from './parse-values.ts';
import { readAnySource } from './read-any-source.ts';
import { checkLabelNames } from './labels.ts';
import { isClientFile, isJson } from './read-source.ts';
import { homeVariables, prepareServers } from './server-entries.ts';
import { createServerList, type ServerListOptions } from './server-list.ts';
import { type Problem, problemAt, scalarsOf, type SourceFile } from './source-file.ts';

export interface LoadConfigOptions {
  /** Our own YAML (or the same as JSON), or directly a client's file. */
  readonly path: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readText?: ReadText;
}

export type LoadConfigResult = {
  /** Every file that was read or looked for: what a watcher has to watch. */
  readonly files: readonly string[];
  readonly warnings: readonly Problem[];
} & (
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] }
);

/** Reads a configuration with everything it names. Finds all mistakes at once; never rejects because of what files say. */
export async function loadConfig({
  path,
  env,
  readText: read = readText,
}: LoadConfigOptions): Promise<LoadConfigResult> {
  const files = new Set<string>();
  const tracked: ReadText = (file) => {
    files.add(file);
    return read(file);
  };
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const home = env['HOME'] ?? env['USERPROFILE'];
  const config = await load({
    path,
    env,
    home,
    readText: tracked,
    isFile,
    problems,
    warnings,
  });
  if (config === undefined || problems.length > 0)
    return { ok: false, problems: sortProblems(problems, path), warnings, files: [...files] };
  return {
    ok: true,
    config: freeze(config),
    warnings: sortProblems(warnings, path),
    files: [...files],
  };
}

async function load(context: LoadContext): Promise<Config | undefined> {
  const { path, problems, warnings } = context;
  const result = await context.readText(path);
  if (!result.ok) {
    problems.push({
      file: path,
      line: 0,
      column: 0,
      path: '',
      message: `the file ${result.reason}`,
    });
    return undefined;
  }
  const written = await readAnySource(path, result.text);
  if (written.root === undefined) {
    problems.push(...written.problems);
    if (problems.length === 0)
      problems.push({
        file: path,
        line: 1,
        column: 1,
        path: '',
        message: 'the file is empty; it needs mcpServers or import',
      });
    return undefined;
  }
  if (written.root.kind !== 'map') {
    const message = `must be a map with mcpServers or import, not a ${written.root.kind}`;
    problems.push(problemAt(written, [], message));
    return undefined;
  }
  const config = isClientFile(path, result.text, written.root)
    ? await loadClientFile(written, context)
    : await loadOwnFile(written, context);
  if (config?.servers.length === 0 && problems.length === 0) {
    warnings.push({
      file: path,
      line: 1,
      column: 1,
      path: '',
      message: 'there is no server to watch',
    });
  }
  return config;
}

async function loadClientFile(written: SourceFile, context: LoadContext): Promise<Config> {
  const { path, problems } = context;
  const input = ConfigSchema.parse({});
  const file: ParsedFile = {
    input,
    source: written,
    written: written.root,
    isClientFile: true,
    isPruned: () => false,
  };
  const servers = createServerList(context, listOptions(input, context));
  await servers.addFile(path, (message) =>
    problems.push({ file: path, line: 1, column: 1, path: '', message }),
  );
  return completeConfig(file, servers, context);
}

async function loadOwnFile(written: SourceFile, context: LoadContext): Promise<Config | undefined> {
  const file = await parseOwnFile(written, context);
  if (file === undefined) return undefined;
  const { input, source } = file;
  const servers = createServerList(context, listOptions(input, context));
  checkListeners(file, context);
  servers.checkDefaults(source);
  checkLabelNames(source, context.problems);
  await servers.addOwn(source, input.mcpServers, (path) => file.isPruned(path));
  for (const [index, name] of input.import.entries()) {
    await servers.addFile(resolvePath(name, dirname(context.path), context.home), (message) =>
      context.problems.push(problemAt(source, ['import', index], message)),
    );
  }
  servers.finish();
  return completeConfig(file, servers, context);
}

/** Expands the variables of our own file and checks it against the schema. */
async function parseOwnFile(
  written: SourceFile,
  context: LoadContext,
): Promise<ParsedFile | undefined> {
  const { path, home, problems } = context;
  problems.push(...written.problems);
  const expanded = await expandValues(written, {
    env: context.env,
    variables: homeVariables(home),
    readValueFile: (file) => context.readText(resolvePath(file, dirname(path), home)),
  });
  problems.push(...expanded.problems);
  const source: SourceFile = { ...expanded.source, root: prepareServers(expanded.source.root) };
  const parsed = parseValues(ConfigSchema, source, written.root);
  problems.push(...parsed.problems, ...parsed.unknownKeys);
  for (const [at, scalar] of scalarsOf(source.root)) {
    if (scalar.unresolved !== undefined && at[0] !== 'mcpServers')
      problems.push(problemAt(source, at, scalar.unresolved));
  }
  if (parsed.value === undefined) return undefined;
  return {
    input: parsed.value,
    source,
    written: written.root,
    isClientFile: false,
    isPruned: parsed.isPruned,
  };
}

function listOptions(input: ConfigInput, context: LoadContext): ServerListOptions {
  return {
    defaults: input.defaults,
    gateway: input.gateway,
    directory: dirname(context.path),
    loginDirectory: loginDirectoryOf(input, context),
    listeners: listenersOf(input),
  };
}

/** The main file first, then as the imports were read; inside of a file from top to bottom. */
function sortProblems(problems: readonly Problem[], path: string): Problem[] {
  const order = [...new Set([path, ...problems.map(({ file }) => file)])];
  return problems.toSorted(
    (a, b) =>
      order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
  return value;
}

export type LoadedServer =
  | {
      readonly ok: true;
      readonly spec: ServerSpec | undefined;
      readonly gateway: GatewayConfig;
      /** Of the gateway's listener; undefined for plain HTTP. */
      readonly tls: TlsSettings | undefined;
      readonly names: readonly string[];
      /** Mistakes elsewhere in the file, which were ignored. */
      readonly problems: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Reads one server of a configuration for a caller that needs only this one: a mistake in another server's entry, or a
 * variable that only the other one uses, must not keep this one from running.
 */
export async function loadOneServer(
  name: string,
  options: LoadConfigOptions,
): Promise<LoadedServer> {
  const whole = await loadConfig(options);
  if (whole.ok) {
    const { servers, gateway, web } = whole.config;
    const names = servers.map((server) => server.name);
    return {
      ok: true,
      spec: findServer(servers, name),
      gateway,
      tls: web?.tls,
      names,
      problems: [],
    };
  }
  for (const text of await excerpts(name, options)) {
    const loaded = await loadConfig({
      ...options,
      readText: async (file) =>
        file === options.path ? { ok: true, text } : (options.readText ?? readText)(file),
    });
    const spec = loaded.ok ? findServer(loaded.config.servers, name) : undefined;
    if (loaded.ok && spec) {
      const { gateway, web } = loaded.config;
      const { problems } = whole;
      return { ok: true, spec, gateway, tls: web?.tls, names: [name], problems };
    }
  }
  return { ok: false, problems: whole.problems };
}

function findServer(servers: readonly ServerSpec[], name: string): ServerSpec | undefined {
  return servers.find((server) => server.name === name);
}

/** Smaller and smaller excerpts of the file; each has the server's own entry. */
async function excerpts(
  name: string,
  { path, readText: read = readText }: LoadConfigOptions,
): Promise<string[]> {
  const result = await read(path);
  const root = result.ok && !isJson(path, result.text) ? asBag(parseYaml(result.text)) : undefined;
  const entry = asBag(asBag(root?.['mcpServers'])?.[name]);
  if (!root || !entry) return [];
  const { monitor: _monitor, gateway: _gateway, labels: _labels, ...connection } = entry;
  return [
    {
      gateway: root['gateway'],
      journal: root['journal'],
      webConfigFile: root['webConfigFile'],
      mcpServers: { [name]: entry },
    },
    { journal: root['journal'], mcpServers: { [name]: entry } },
    { mcpServers: { [name]: connection } },
  ].map((excerpt) => JSON.stringify(excerpt));
}

function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text, { merge: true, uniqueKeys: false });
    // After a mistake of syntax the parser guesses, and a guess must not be started as a program.
    return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 1_000 });
  } catch {
    return undefined;
  }
}

function asBag(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
