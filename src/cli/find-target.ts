import { serverOfCommand, serverOfUrl } from '../settings/server-spec.ts';
import { CONFIG_FILE_NAMES, findConfig } from '../settings/files.ts';
import { loadConfig } from '../settings/load-config.ts';
import { proxyWarning } from '../settings/proxy.ts';
import { formatProblems } from '../settings/source-file.ts';
import type { ServerSpec } from '../facts/server.ts';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import { suggestName } from './suggest-name.ts';

export interface TargetOptions {
  /** A configured name or a URL. */
  readonly target?: string | undefined;
  /** The arguments after `--`. */
  readonly command: readonly string[];
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly config?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type FoundTarget =
  | { readonly ok: true; readonly server: ServerSpec; readonly warning?: string }
  | { readonly ok: false; readonly message: string };

/** The `source` of a server that is not configured. */
export const COMMAND_LINE = 'command line';
const LOOKS_LIKE_HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(:\d{1,5})?(\/\S*)?$/i;
const IP_ADDRESS = /^(?:\[.*\]|\d{1,3}(?:\.\d{1,3}){3})$/;
const LOOKS_LIKE_URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Determines which server `probe` checks. */
export async function findTarget(options: TargetOptions): Promise<FoundTarget> {
  const { target, command, headers } = options;
  const [program, ...args] = command;
  if (program !== undefined) {
    if (target !== undefined) return failed('give either a target or a command after --, not both');
    if (headers) return failed('--header applies to URLs only, not to commands');
    return { ok: true, server: serverOfCommand(program, args, { source: COMMAND_LINE }) };
  }
  if (target === undefined)
    return failed('give a configured name, a URL, or -- and a command; see probe --help');
  if (LOOKS_LIKE_URL.test(target)) {
    const server = serverOfUrl(target, {
      source: COMMAND_LINE,
      env: options.env,
      ...(headers && { headers }),
    });
    if (!server) return failed('a URL must start with http:// or https://');
    const warning = proxyWarning(new URL(target), undefined, options.env);
    return { ok: true, server, ...(warning !== undefined && { warning }) };
  }
  const url = missingScheme(target);
  if (headers)
    return failed(
      url === undefined
        ? '--header applies to URLs only; a configured server has its own headers'
        : didYouMean(target, url),
    );
  return findConfigured(target, url, options);
}

async function findConfigured(
  name: string,
  url: string | undefined,
  options: TargetOptions,
): Promise<FoundTarget> {
  const path = options.config ?? (await findConfig());
  if (path === undefined && url !== undefined) return failed(didYouMean(name, url));
  if (path === undefined)
    return failed(
      `${JSON.stringify(name)} is not a URL, and there is no configuration in which to look it up: neither --config nor ${CONFIG_FILE_NAMES.join(' nor ')} in this directory`,
    );
  const loaded = await loadConfig({ path, env: options.env });
  if (!loaded.ok) return failed(formatProblems(loaded.problems));
  const { servers } = loaded.config;
  const server = servers.find((candidate) => candidate.name === name);
  if (server) return { ok: true, server };
  if (url !== undefined) return failed(didYouMean(name, url));
  const names = servers.map((candidate) => candidate.name);
  return failed(`${path} has no server ${JSON.stringify(name)}${suggestName(name, names)}`);
}

/** The URL that was probably meant by `localhost:3000/mcp` or `example.com/mcp`; undefined if it looks like a name. */
function missingScheme(target: string): string | undefined {
  const [, host = '', port, path = ''] = LOOKS_LIKE_HOST.exec(target) ?? [];
  const isLocal = isLoopbackHost(host) || IP_ADDRESS.test(host);
  const hasPath = path !== '' && (host.includes('.') || isLocal);
  if (port === undefined && !hasPath) return undefined;
  return URL.parse(`${isLocal ? 'http' : 'https'}://${target}`)?.href;
}

function didYouMean(target: string, url: string): string {
  return `${JSON.stringify(target)} has no scheme: did you mean ${url}?`;
}

function failed(message: string): FoundTarget {
  return { ok: false, message };
}
