import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import { text } from './schema-types.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** `proxy` of a remote server and in `defaults`. */
export const ProxySchema = text({
  description:
    'HTTP proxy for requests to the server, as a URL that may hold user and password (a secret), or `off`. By default the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` decide, and addresses of this machine are never proxied ([details](checks.md#through-a-proxy)).',
  examples: ['http://proxy.example.com:3128', 'off'],
  secret: true,
}).refine((value) => value === 'off' || parseProxy(value) !== undefined, {
  error: 'must be a URL that starts with http:// or https://, or off',
});

function parseProxy(value: string): URL | undefined {
  const url = URL.parse(value);
  const isUsable = (url?.protocol === 'http:' || url?.protocol === 'https:') && url.host !== '';
  return isUsable && url !== null ? url : undefined;
}

/**
 * The proxy for a server, by the conventions of Go's `net/http`: names of this machine are never proxied because of the
 * environment.
 *
 * @param configured a URL or `off`, which win over the environment
 */
export function chooseProxy(url: URL, configured: string | undefined, env: Env): URL | undefined {
  if (configured !== undefined) return configured === 'off' ? undefined : parseProxy(configured);
  const variable = isDirect(url, env) ? undefined : proxyVariable(url, env);
  return variable && parseVariable(variable.value);
}

/**
 * What is wrong with the variables that apply to a server, so that its requests go out without a proxy. The message has
 * no value in it, because a URL may hold a password.
 *
 * @param configured as for {@link chooseProxy}
 */
export function proxyWarning(
  url: URL,
  configured: string | undefined,
  env: Env,
): string | undefined {
  if (configured !== undefined || isDirect(url, env)) return undefined;
  const scheme = url.protocol.slice(0, -1);
  const variable = proxyVariable(url, env);
  if (variable)
    return parseVariable(variable.value)
      ? undefined
      : `the variable ${variable.name} is not the URL of an HTTP proxy (http:// or https://), so that requests to ${scheme} servers use no proxy`;
  const all = firstSet(['ALL_PROXY', 'all_proxy'], env);
  return all
    ? `the variable ${all.name} is not used: requests to ${scheme} servers use a proxy only if ${scheme.toUpperCase()}_PROXY is set`
    : undefined;
}

function isDirect(url: URL, env: Env): boolean {
  if (isLoopbackHost(url.hostname)) return true;
  return isExcluded(url, firstSet(['NO_PROXY', 'no_proxy'], env)?.value ?? '');
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

function proxyVariable(url: URL, env: Env): Variable | undefined {
  return firstSet(
    url.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'],
    env,
  );
}

/** An empty variable counts as one that is not set. */
function firstSet(names: readonly string[], env: Env): Variable | undefined {
  for (const name of names) {
    const value = env[name];
    if (value) return { name, value };
  }
  return undefined;
}

/** The scheme may be missing, as for curl. */
function parseVariable(value: string): URL | undefined {
  return parseProxy(value.includes('://') ? value : `http://${value}`);
}

/** `NO_PROXY`: names with all names below them, `.name` for those only, addresses, CIDR blocks, each with or without port. */
function isExcluded(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry !== '' && excludes(entry, host, port));
}

function excludes(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInBlock(entry, host);
  const { name = entry, wanted } =
    /^(?<name>\[.+\]|[^:]+):(?<wanted>\d+)$/.exec(entry)?.groups ?? {};
  if (wanted !== undefined && wanted !== port) return false;
  const bare = name.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (isIP(bare)) return bare === host;
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

function isInBlock(entry: string, host: string): boolean {
  const [net = '', bits = ''] = entry.split('/');
  const family = isIP(net);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  block.addSubnet(net, Number(bits), type);
  return block.check(host, type);
}
