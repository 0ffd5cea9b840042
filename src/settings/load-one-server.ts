import { parseDocument } from 'yaml';
import type { GatewayConfig } from './config.ts';
import type { ServerSpec } from '../facts/server.ts';
import type { TlsSettings } from '../facts/web-config.ts';
import { isJson } from './read-source.ts';
import { loadConfig, type LoadConfigOptions } from './load-config.ts';
import { readText } from './files.ts';
import type { Problem } from './problem.ts';

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
  const { monitor: _monitor, gateway: _gateway, ...connection } = entry;
  return [
    {
      gateway: root['gateway'],
      webConfigFile: root['webConfigFile'],
      mcpServers: { [name]: entry },
    },
    { mcpServers: { [name]: entry } },
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
