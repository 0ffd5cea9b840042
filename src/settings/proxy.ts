import { BlockList, isIP } from 'node:net';
import { isLoopbackHost } from '../facts/rules/loopback.ts';
import { text } from './schema-types.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** `proxy` of a remote server and in `defaults`. */
export const ProxySchema = text({
  description:
    'HTTP proxy for requests to the server, as a URL that may hold user and password (a secret), or `off`. By default the variables `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` decide, and addresses of this machine are never proxied.',
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
  if (isLoopbackHost(url.hostname)) return undefined;
  if (isExcluded(url, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  const value =
    url.protocol === 'https:'
      ? env['HTTPS_PROXY'] || env['https_proxy']
      : env['HTTP_PROXY'] || env['http_proxy'];
  if (!value) return undefined;
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
