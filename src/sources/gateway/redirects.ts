import { KEEPS_METHOD, REDIRECTS_MAX } from '../../protocol/http/redirects.ts';
import type { PublicPlace } from './parse-route.ts';

/** Where a request went, and how its redirects are treated. */
export interface RedirectRules {
  readonly origin: string;
  /** Whether 307 and 308 to this origin are followed in the client's place. */
  readonly isFollowed: boolean;
  /** What a client is told instead of an address of this origin. */
  readonly toClient: (target: URL, location: string) => string;
}

export interface RelayedRedirect {
  readonly status: number;
  readonly location: string;
  /** Path and query that gave this answer. */
  readonly path: string;
  /** How many redirects were followed before this one. */
  readonly followedCount: number;
  /** Whether the body can be sent again. */
  readonly isBodyHeld: boolean;
}

export type RedirectVerdict =
  | { readonly kind: 'follow'; readonly path: string }
  | { readonly kind: 'return'; readonly location: string };

/** A message of HTTP+SSE goes only where its stream says: other redirects are returned unchanged. */
export function followRedirects(origin: string): RedirectRules {
  return { origin, isFollowed: true, toClient: (_target, location) => location };
}

/**
 * Only 307 and 308 keep method and body (RFC 9110 §15.4), and only the same origin may get the credentials of a request.
 * Everything else is for the client to decide.
 */
export function assessRedirect(answer: RelayedRedirect, rules: RedirectRules): RedirectVerdict {
  const { status, location } = answer;
  const target = URL.parse(location, rules.origin + answer.path);
  if (target?.origin !== rules.origin) return { kind: 'return', location };
  const mayFollow = rules.isFollowed && answer.isBodyHeld && answer.followedCount < REDIRECTS_MAX;
  if (KEEPS_METHOD.has(status) && mayFollow)
    return { kind: 'follow', path: target.pathname + target.search };
  return { kind: 'return', location: rules.toClient(target, location) };
}

/** At the public address of a server its paths are its own: only its own origin is replaced. */
export function redirectToPublic(
  origin: string,
  { origin: publicOrigin, isEndpoint }: PublicPlace,
): RedirectRules {
  return {
    origin,
    // Pages of a login depend on the address that the browser shows.
    isFollowed: isEndpoint,
    toClient: ({ pathname, search, hash }, location) =>
      isAbsolute(location) ? `${publicOrigin}${pathname}${search}${hash}` : location,
  };
}

/** With a host, and so without regard to the address of the request. */
export function isAbsolute(location: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|[\\/]{2})/i.test(location.trim());
}

/** Paths kept for one server; beyond that the oldest is forgotten. */
const PATHS_MAX = 100;
/** Where a redirect to `/mcp` leads, since `/NAME/mcp` is the configured address; `/sse` likewise. */
const TO_OTHER = '/redirected';

/** The paths of one server that its redirects named: a client reaches them below `/NAME`, and no other path of the server. */
export class RedirectedPaths {
  readonly rules: RedirectRules;
  readonly #name: string;
  readonly #url: URL;
  readonly #endpoint: '/mcp' | '/sse';
  /** By the path below `/NAME`. */
  readonly #paths = new Map<string, string>();

  /** @param endpoint what stands for `url` below `/NAME` */
  constructor(name: string, url: URL, endpoint: '/mcp' | '/sse' = '/mcp') {
    this.#name = name;
    this.#url = url;
    this.#endpoint = endpoint;
    this.rules = {
      origin: url.origin,
      isFollowed: true,
      toClient: (target) => this.toClient(target),
    };
  }

  /** The path below the gateway that stands for an address of the server. */
  toClient(target: URL): string {
    const { pathname, search, hash } = target;
    const own = `/${encodeURIComponent(this.#name)}`;
    if (pathname === this.#url.pathname)
      return `${own}${this.#endpoint}${search === this.#url.search ? '' : search}${hash}`;
    const route = pathname === this.#endpoint ? TO_OTHER + pathname : pathname;
    this.#paths.delete(route);
    this.#paths.set(route, pathname);
    const [oldest] = this.#paths.keys();
    if (this.#paths.size > PATHS_MAX && oldest !== undefined) this.#paths.delete(oldest);
    return `${own}${route}${search}${hash}`;
  }

  /** @returns the path of the server; `undefined` if none of its redirects named it */
  find(route: string): string | undefined {
    return this.#paths.get(route);
  }
}
