import type { ServerSpec } from '../../facts/server.ts';
import { type GatewayRoute, parseMetadataRoute, parseRoute } from './parse-route.ts';

/** The public addresses (`publicUrl`) of all servers that have one. */
export interface PublicAddresses {
  /** Whether there are none, so that `/NAME` is the only way to a server. */
  readonly isEmpty: boolean;
  /** The server whose public address, or whose metadata about it, has this path. */
  findExact(host: string, path: string): PublicServer | undefined;
  /** The server to which all other paths of the host belong. */
  findRest(host: string): PublicServer | undefined;
}

export interface PublicServer {
  readonly name: string;
  readonly url: URL;
}

type Spec = Pick<ServerSpec, 'name' | 'gateway'>;

const NO_SERVERS: readonly PublicServer[] = Object.freeze([]);
/** RFC 8615; the path of the resource follows the name of the document (RFC 9728 §3.1, RFC 8414 §3.1). */
const WELL_KNOWN = /^\/\.well-known\/[^/]+(?=\/)/;

export function createPublicAddresses(specs: readonly Spec[]): PublicAddresses {
  const byHost = new Map<string, PublicServer[]>();
  for (const { name, gateway } of specs) {
    if (gateway.publicUrl === undefined) continue;
    const url = new URL(gateway.publicUrl);
    byHost.set(url.host, [...(byHost.get(url.host) ?? []), { name, url }]);
  }
  // The longest path first, so that `/files/private` is not taken for a path below `/files`.
  for (const servers of byHost.values())
    servers.sort((a, b) => b.url.pathname.length - a.url.pathname.length);
  const serversAt = (host: string) => byHost.get(plainHost(host)) ?? NO_SERVERS;
  return {
    isEmpty: byHost.size === 0,
    findExact(host, path) {
      const resource = path.replace(WELL_KNOWN, '');
      return serversAt(host).find(({ url }) => isBelow(resource, url.pathname));
    },
    findRest: (host) => serversAt(host).at(-1),
  };
}

/** What the paths of requests depend on, by the name of a server. */
export interface RoutedServers {
  isConfigured(name: string): boolean;
  /** Whether the gateway serves metadata of its own address (`gateway.authorization: rewrite`). */
  hasMetadata(name: string): boolean;
}

/**
 * The server that a request is for. Where the gateway stands under a server's public address, the whole host is that server's,
 * except what belongs to another one.
 * @param url of the request: path and query
 */
export function findRoute(
  url: string,
  host: string | undefined,
  addresses: PublicAddresses,
  servers: RoutedServers,
): GatewayRoute | undefined {
  const named = ownMetadata(parseRoute(url), servers);
  if (addresses.isEmpty || host === undefined) return named;
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const exact = addresses.findExact(host, path);
  const isNamed = named !== undefined && (named.name === '-' || servers.isConfigured(named.name));
  const server = exact ?? (isNamed ? undefined : addresses.findRest(host));
  if (!server) return named;
  const { name, url: publicUrl } = server;
  const publicPlace = { origin: publicUrl.origin, isEndpoint: path === publicUrl.pathname };
  return { name, route: path, query: mark === -1 ? '' : url.slice(mark), publicPlace };
}

/** A route to metadata of the gateway's own address is one to the server that they describe. */
function ownMetadata(
  named: GatewayRoute | undefined,
  servers: RoutedServers,
): GatewayRoute | undefined {
  const metadata = named && parseMetadataRoute(named);
  return metadata && servers.hasMetadata(metadata.name) ? metadata : named;
}

/** A root has nothing of its own but itself: everything is below it. */
function isBelow(path: string, parent: string): boolean {
  if (path === parent) return true;
  return parent !== '/' && path.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
}

/** As in a URL: lower case, without the port if it is the default of its scheme. */
function plainHost(host: string): string {
  return host.toLowerCase().replace(/\.?(?::(?:80|443))?$/, '');
}
