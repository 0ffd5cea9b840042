/** Where clients look for the metadata of a protected resource (RFC 9728 §3); the path of the resource follows. */
export const METADATA_PREFIX = '/.well-known/oauth-protected-resource';

/** Routes below `/NAME` that are protected resources of their own: Streamable HTTP, and HTTP+SSE. */
export type ResourceRoute = '/mcp' | '/sse';

/** The gateway's address of a server, as a client sees it. */
export interface ResourceAddress {
  readonly resource: string;
  /** Of its metadata. */
  readonly metadata: string;
}

/**
 * @param host the header of the request; it was checked against `allowedHosts`
 * @returns undefined for a host that is no part of a URL
 */
export function resourceAddress(
  server: string,
  route: ResourceRoute,
  { host, isTls }: { readonly host: string | undefined; readonly isTls: boolean },
): ResourceAddress | undefined {
  const origin = URL.parse(`${isTls ? 'https' : 'http'}://${host ?? ''}`)?.origin;
  if (origin === undefined) return undefined;
  const path = `/${encodeURIComponent(server)}${route}`;
  return { resource: origin + path, metadata: origin + METADATA_PREFIX + path };
}

export interface RewrittenChallenge {
  readonly challenge: string;
  /** The address that it had; undefined if it had none. */
  readonly metadata?: string;
}

/** A quoted string (RFC 9110 §5.6.4), or `resource_metadata` with its value, quoted or not. It cannot fail once it began, and so stays linear. */
const METADATA_PARAMETER =
  /"(?:[^"\\]|\\.?)*"?|(?<![^\s,])resource_metadata\s*=\s*(?:"((?:[^"\\]|\\.?)*)"?|([^\s,"]*))/gis;

/**
 * Replaces the address of the metadata in a `WWW-Authenticate` header (RFC 9728 §5.1); everything else stays.
 * @param challenge one field value, with one challenge or several
 */
export function rewriteChallenge(challenge: string, address: string): RewrittenChallenge {
  let metadata: string | undefined;
  const rewritten = challenge.replace(
    METADATA_PARAMETER,
    (whole: string, quoted: string | undefined, token: string | undefined) => {
      const value = quoted?.replace(/\\(.)/gs, '$1') ?? token;
      if (value === undefined) return whole;
      metadata ??= value;
      return `resource_metadata="${address.replace(/["\\]/g, '\\$&')}"`;
    },
  );
  return { challenge: rewritten, ...(metadata !== undefined && { metadata }) };
}

/**
 * Paths of the server's own origin at which its metadata may be, the likeliest first. The server may know itself by a public
 * address, so that only the path of an address that it named counts: the gateway asks no other host.
 * @param server its MCP endpoint
 * @param named `resource_metadata` of its last challenge
 */
export function metadataPaths(server: URL, named: string | undefined): readonly string[] {
  const address = named === undefined ? null : URL.parse(named, server.origin);
  const own = server.pathname === '/' ? '' : server.pathname;
  return [
    ...new Set([
      ...(address ? [address.pathname + address.search] : []),
      METADATA_PREFIX + own,
      METADATA_PREFIX,
    ]),
  ];
}

/**
 * The metadata with another `resource`. `signed_metadata` is left out, because its `resource` would take precedence (RFC 9728
 * §2.2) and cannot be replaced.
 * @returns undefined for anything but metadata of a protected resource
 */
export function rewriteMetadata(text: string, resource: string): string | undefined {
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof metadata !== 'object' || metadata === null || !('resource' in metadata))
    return undefined;
  if (typeof metadata.resource !== 'string') return undefined;
  const { signed_metadata: _signed, ...rest } = metadata as Record<string, unknown>;
  return JSON.stringify({ ...rest, resource });
}
