import type { Config } from '../../../src/settings/config.ts';
import { loadConfig, type LoadConfigResult } from '../../../src/settings/load-config.ts';
import { formatProblems } from '../../../src/settings/source-file.ts';
import type { Secret } from '../../../src/facts/secret.ts';
import type { ServerSpec } from '../../../src/facts/server.ts';
import { createFakeFiles } from '../../fakes/fake-files.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Loads the first of the files, from memory. */
export function loadFiles(
  files: Readonly<Record<string, string>>,
  env: Env = {},
): Promise<LoadConfigResult> {
  return loadConfig({ path: Object.keys(files)[0] ?? '', env, readText: createFakeFiles(files) });
}

/** The configuration of files that must be good. */
export async function configOf(
  files: string | Readonly<Record<string, string>>,
  env: Env = {},
): Promise<Config> {
  const result = await loadFiles(
    typeof files === 'string' ? { 'mcp-exporter.yml': files } : files,
    env,
  );
  if (!result.ok) throw new Error(formatProblems(result.problems));
  return result.config;
}

/** The only server of a configuration. */
export async function serverOf(
  files: string | Readonly<Record<string, string>>,
  env: Env = {},
): Promise<ServerSpec> {
  const [server, ...others] = (await configOf(files, env)).servers;
  if (server === undefined || others.length > 0) throw new Error('not exactly one server');
  return server;
}

export async function mistakesOf(
  files: string | Readonly<Record<string, string>>,
  env: Env = {},
): Promise<string> {
  const result = await loadFiles(
    typeof files === 'string' ? { 'mcp-exporter.yml': files } : files,
    env,
  );
  return result.ok ? '' : formatProblems(result.problems);
}

export async function warningsOf(
  files: Readonly<Record<string, string>>,
  env: Env = {},
): Promise<string> {
  return formatProblems((await loadFiles(files, env)).warnings);
}

/** Header or environment values in clear. */
export function reveal(values: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, secret]) => [name, secret.reveal()]),
  );
}

export function httpTarget({ target }: ServerSpec) {
  if (target.kind !== 'http') throw new Error('not an http server');
  return target;
}

export function stdioTarget({ target }: ServerSpec) {
  if (target.kind !== 'stdio') throw new Error('not a stdio server');
  return target;
}
