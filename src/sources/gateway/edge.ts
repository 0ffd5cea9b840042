import type { IncomingMessage } from 'node:http';
import { createHostCheck, type HostCheck } from './allowed-hosts.ts';
import { clientOfAddress } from './client-address.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Hub } from '../../facts/hub.ts';
import { createFairShare, type FairShare } from './fair-share.ts';
import { isLoopbackHost } from '../../facts/rules/loopback.ts';
import type { Log } from '../../facts/ports/log.ts';
import {
  createRateLimiter,
  type RateLimit,
  type RateLimiter,
} from '../../facts/rules/rate-limit.ts';
import type { ServerSpec } from '../../facts/server.ts';
import type { AuthenticationSettings } from '../../facts/service-settings.ts';
import { type Authenticator, createAuthenticator } from './authenticate.ts';
import type { Authentication } from './authentication.ts';
import type { Admission, Edge } from './admission.ts';

export interface EdgeSettings {
  /** Where the gateway listens; on loopback only names of this machine are answered unasked. */
  readonly listenHost: string;
  readonly isTls: boolean;
  /** Lower case, as in the headers. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** Nothing: everybody who reaches the gateway may use it. */
  readonly authentication?: AuthenticationSettings;
  /** For each client; nothing: no limit. */
  readonly rateLimit?: RateLimit;
}

export interface EdgeOptions {
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'publish'>;
  readonly log: Pick<Log, 'warn'>;
  readonly settings: EdgeSettings;
}

export interface GatewayEdge extends Edge {
  /** Takes over a configuration; what clients hold and have spent stays counted. */
  apply(settings: EdgeSettings, servers: readonly ServerSpec[]): void;
}

type Refused = Extract<Admission, { ok: false }>;

const FOREIGN_HOST: Refused = {
  ok: false,
  refusal: 'forbidden_host',
  detail: 'the Host header is not among gateway.allowedHosts',
};
const FOREIGN_ORIGIN: Refused = {
  ok: false,
  refusal: 'forbidden_host',
  detail: 'the Origin header is not among gateway.allowedOrigins',
};
const OVERLOADED: Refused = {
  ok: false,
  refusal: 'overloaded',
  headers: { 'retry-after': '1' },
};
const NOTHING_TO_LEAVE = (): void => undefined;
/** `server` of facts about names that are not configured: never the name itself. */
const OTHER_SERVER = '_OTHER';
const PROBLEM_PAUSE_MS = 60_000;

/** Decides who may pass before a body is read: host and origin, then credentials, then limits. */
export function createEdge({ clock, hub, log, settings: first }: EdgeOptions): GatewayEdge {
  const shares = new Map<string, FairShare>();
  let hosts: HostCheck = createHostCheck(hostRulesOf(first));
  let authenticator: Authenticator | undefined;
  let limiter: RateLimiter | undefined;
  let limit: RateLimit | undefined;
  let quietUntilMs = 0;

  function use(settings: EdgeSettings): void {
    hosts = createHostCheck(hostRulesOf(settings));
    authenticator =
      settings.authentication &&
      createAuthenticator(settings.authentication, { clock, onProblem: warn });
    if (JSON.stringify(limit) !== JSON.stringify(settings.rateLimit)) {
      limit = settings.rateLimit;
      limiter = limit && createRateLimiter(limit);
    }
  }

  function warn(message: string): void {
    const nowMs = clock.monotonicMs();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + PROBLEM_PAUSE_MS;
    log.warn({ channel: 'error', detail: message }, 'tokens of clients cannot be verified');
  }

  function admitAs(
    request: IncomingMessage,
    server: string | undefined,
    user: string | undefined,
  ): Admission {
    const client = user === undefined ? addressOf(request) : `user ${user}`;
    const refused = limiter && takeFrom(limiter, client, server, user ?? client);
    if (refused) return refused;
    // Streams are long and idle: they are bounded by the connections, and must not crowd out calls.
    const share = server === undefined || request.method === 'GET' ? undefined : shares.get(server);
    if (!share) return admission(user, NOTHING_TO_LEAVE);
    if (!share.enter(client)) return OVERLOADED;
    let isHere = true;
    return admission(user, () => {
      if (isHere) share.leave(client);
      isHere = false;
    });
  }

  function takeFrom(
    from: RateLimiter,
    client: string,
    server: string | undefined,
    user: string,
  ): Refused | undefined {
    const waitMs = from.take(client, clock.monotonicMs());
    if (waitMs === 0) return undefined;
    hub.publish({ fact: 'rate_limit', server: server ?? OTHER_SERVER, user });
    return {
      ok: false,
      refusal: 'rate_limited',
      headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
    };
  }

  function settle(
    request: IncomingMessage,
    server: string | undefined,
    authentication: Authentication,
  ): Admission {
    const { method, ok } = authentication;
    hub.publish({ fact: 'auth', method, status: ok ? 'success' : 'failure' });
    if (ok) {
      // The token is ours: a server that got it could use it here (and MCP forbids to pass it on).
      hideAuthorization(request);
      return admitAs(request, server, authentication.user);
    }
    const address = addressOf(request);
    // Guessing counts against the address.
    const refused = limiter && takeFrom(limiter, address, server, address);
    return refused ?? unauthorized(authentication.detail);
  }

  use(first);
  return {
    admit(request, server) {
      const { host, origin, authorization } = request.headers;
      if (!hosts.allowsHost(host)) return FOREIGN_HOST;
      if (origin !== undefined && !hosts.allowsOrigin(origin, host)) return FOREIGN_ORIGIN;
      if (!authenticator) return admitAs(request, server, undefined);
      const checked = authenticator.check(authorization);
      return checked instanceof Promise
        ? checked.then((authentication) => settle(request, server, authentication))
        : settle(request, server, checked);
    },
    apply(settings, servers) {
      use(settings);
      const names = new Set(servers.map(({ name }) => name));
      for (const name of shares.keys()) if (!names.has(name)) shares.delete(name);
      for (const { name, gateway } of servers) {
        const share = shares.get(name);
        if (share) share.setMax(gateway.maxInFlight);
        else shares.set(name, createFairShare(gateway.maxInFlight));
      }
    },
  };
}

function hostRulesOf({ listenHost, isTls, allowedHosts, allowedOrigins }: EdgeSettings) {
  return { isLoopback: isLoopbackHost(listenHost), isTls, allowedHosts, allowedOrigins };
}

function admission(user: string | undefined, leave: () => void): Admission {
  return user === undefined ? { ok: true, leave } : { ok: true, user, leave };
}

function unauthorized(detail: string | undefined): Refused {
  const challenge = 'Bearer realm="mcp-exporter"';
  return {
    ok: false,
    refusal: 'unauthorized',
    ...(detail === undefined ? {} : { detail }),
    // RFC 6750 §3.1: without credentials no error code.
    headers: {
      'www-authenticate': detail === undefined ? challenge : `${challenge}, error="invalid_token"`,
    },
  };
}

function addressOf(request: IncomingMessage): string {
  return clientOfAddress(request.socket.remoteAddress ?? '');
}

function hideAuthorization(request: IncomingMessage): void {
  const { rawHeaders } = request;
  delete request.headers.authorization;
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2)
    if (rawHeaders[i]?.toLowerCase() === 'authorization') rawHeaders.splice(i, 2);
}
