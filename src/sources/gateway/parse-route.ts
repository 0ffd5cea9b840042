import { METADATA_PREFIX, type ResourceRoute } from './resource-metadata.ts';

/** The path of a request to the gateway: `/NAME/route?query`, or a path under the public address of a server. */
export interface GatewayRoute {
  readonly name: string;
  readonly route: string;
  /** With its `?`. */
  readonly query: string;
  readonly publicPlace?: PublicPlace;
  /** The request is for the metadata of this route of the server (RFC 9728), not for the route itself. */
  readonly metadataOf?: ResourceRoute;
}

/** A request to the public address of a server (`publicUrl`): its path is that of the server, not one of ours. */
export interface PublicPlace {
  readonly origin: string;
  /** Whether it is for `publicUrl` itself, the MCP endpoint; else for another path of its host. */
  readonly isEndpoint: boolean;
}

/** @returns `undefined` for a path of another shape */
export function parseRoute(url: string): GatewayRoute | undefined {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  if (path.length < 2 || slash === -1) return undefined;
  const name = decode(path.slice(1, slash));
  if (name === undefined) return undefined;
  return { name, route: path.slice(slash), query: mark === -1 ? '' : url.slice(mark) };
}

const [, METADATA_NAME = '', METADATA_ROUTE = ''] = METADATA_PREFIX.split('/');

/** @returns the route whose metadata another one is; `undefined` if it is no such address */
export function parseMetadataRoute({ name, route, query }: GatewayRoute): GatewayRoute | undefined {
  if (name !== METADATA_NAME || !route.startsWith(`/${METADATA_ROUTE}/`)) return undefined;
  const resource = parseRoute(route.slice(METADATA_ROUTE.length + 1));
  if (resource?.route !== '/mcp' && resource?.route !== '/sse') return undefined;
  return { ...resource, query, metadataOf: resource.route };
}

function decode(name: string): string | undefined {
  if (!name.includes('%')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

/** The query of the configured URL, and that of the client. */
export function joinQueries(own: string, clients: string): string {
  if (clients === '' || clients === '?') return own;
  return own === '' ? clients : `${own}&${clients.slice(1)}`;
}
