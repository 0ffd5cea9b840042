import type { IncomingMessage } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { createHostCheck, type HostCheck } from './allowed-hosts.ts';
import { clientOf } from './client-address.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Hub } from '../../facts/hub.ts';
import { isCrossSite } from '../../facts/rules/request-origin.ts';
import { UNKNOWN_SERVER } from '../../facts/rules/call-labels.ts';
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
import type { Admission, Edge, RequestPlace } from './admission.ts';

export interface EdgeSettings {
  /** Where the gateway listens; on loopback, only names of this machine are allowed by default. */
  readonly listenHost: string;
  readonly isTls: boolean;
  /** Lower case, as in the headers. */
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
  /** `undefined`: everybody who reaches the gateway may use it. */
  readonly authentication?: AuthenticationSettings;
  /** For each client; `undefined`: no limit. */
  readonly rateLimit?: RateLimit;
}

export interface EdgeOptions {
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'publish'>;
  readonly log: Pick<Log, 'warn'>;
  readonly settings: EdgeSettings;
}

export interface GatewayEdge extends Edge {
  /** Applies a configuration; what clients hold and have used remains counted. */
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
/** The key set of the identity provider cannot be had. A 401 would make clients throw good tokens away. */
const UNVERIFIABLE: Refused = {
  ok: false,
  refusal: 'unverifiable',
  headers: { 'retry-after': '5' },
};
const OVERLOADED: Refused = {
  ok: false,
  refusal: 'overloaded',
  headers: { 'retry-after': '1' },
};
const FREE_PLACE: RequestPlace = { enter: () => true, leave: () => undefined };
const PROBLEM_PAUSE_MS = 60_000;

/** Decides who may pass before a body is read: host and origin, then credentials, then limits. */
export function createEdge(options: EdgeOptions): GatewayEdge {
  return new RequestEdge(options);
}

class RequestEdge implements GatewayEdge {
  readonly #clock: Clock;
  readonly #hub: EdgeOptions['hub'];
  readonly #log: EdgeOptions['log'];
  readonly #shares = new Map<string, ServerShares>();
  #hosts: HostCheck;
  #authenticator: Authenticator | undefined;
  #limiter: RateLimiter | undefined;
  #limit: RateLimit | undefined;
  #quietUntilMs = -Infinity;

  constructor({ clock, hub, log, settings }: EdgeOptions) {
    this.#clock = clock;
    this.#hub = hub;
    this.#log = log;
    this.#hosts = createHostCheck(hostRulesOf(settings));
    this.#use(settings);
  }

  admit(request: IncomingMessage, server: string | undefined): Admission | Promise<Admission> {
    const { host, authorization } = request.headers;
    if (!this.#hosts.allowsHost(host)) return FOREIGN_HOST;
    if (!this.#isOfAllowedPage(request)) return FOREIGN_ORIGIN;
    if (!this.#authenticator) return this.#admitAs(request, server, undefined);
    const checked = this.#authenticator.check(authorization);
    return checked instanceof Promise
      ? checked.then((authentication) => this.#admitIf(authentication, request, server))
      : this.#admitIf(checked, request, server);
  }

  apply(settings: EdgeSettings, servers: readonly ServerSpec[]): void {
    this.#use(settings);
    const names = new Set(servers.map(({ name }) => name));
    for (const name of this.#shares.keys()) if (!names.has(name)) this.#shares.delete(name);
    for (const { name, gateway } of servers) {
      const share = this.#shares.get(name);
      if (share) share.setMax(gateway.maxInFlight);
      else this.#shares.set(name, new ServerShares(gateway.maxInFlight));
    }
  }

  /** Of a program, of a page whose origin is allowed, or of a person who followed a link. */
  #isOfAllowedPage({ headers }: IncomingMessage): boolean {
    const { host, origin } = headers;
    if (origin !== undefined) return this.#hosts.allowsOrigin(origin, host);
    return !isCrossSite(headers) || headers['sec-fetch-dest'] === 'document';
  }

  #use(settings: EdgeSettings): void {
    this.#hosts = createHostCheck(hostRulesOf(settings));
    this.#authenticator =
      settings.authentication &&
      createAuthenticator(settings.authentication, {
        clock: this.#clock,
        onProblem: (message) => this.#warn(message),
      });
    if (isDeepStrictEqual(this.#limit, settings.rateLimit)) return;
    this.#limit = settings.rateLimit;
    this.#limiter = settings.rateLimit && createRateLimiter(settings.rateLimit);
  }

  #warn(message: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return;
    this.#quietUntilMs = nowMs + PROBLEM_PAUSE_MS;
    this.#log.warn({ channel: 'error', detail: message }, 'tokens of clients cannot be verified');
  }

  #admitIf(
    authentication: Authentication,
    request: IncomingMessage,
    server: string | undefined,
  ): Admission {
    this.#hub.publish({
      fact: 'auth',
      method: authentication.method,
      status: authentication.ok ? 'success' : 'failure',
    });
    if (authentication.ok) {
      // The token is for this gateway: a server that received it could use it here (and MCP forbids passing it on).
      hideAuthorization(request);
      return this.#admitAs(request, server, authentication.user);
    }
    // Guesses count against the address.
    const address = clientOf(request, undefined);
    const overLimit = this.#refuseOverLimit(address, server, address);
    if (overLimit) return overLimit;
    return authentication.isUnavailable ? UNVERIFIABLE : unauthorized(authentication.detail);
  }

  #admitAs(
    request: IncomingMessage,
    server: string | undefined,
    user: string | undefined,
  ): Admission {
    const client = clientOf(request, user);
    const refused = this.#refuseOverLimit(client, server, user ?? client);
    if (refused) return refused;
    // Streams are long and idle: the limit of connections bounds them, and they must not crowd out calls.
    const shares =
      server === undefined || request.method === 'GET' ? undefined : this.#shares.get(server);
    if (!shares) return admission(user, FREE_PLACE);
    return shares.sending.enter(client)
      ? admission(user, new SharedPlace(shares, client))
      : OVERLOADED;
  }

  #refuseOverLimit(client: string, server: string | undefined, user: string): Refused | undefined {
    const waitMs = this.#limiter?.take(client, this.#clock.monotonicMs()) ?? 0;
    if (waitMs === 0) return undefined;
    this.#hub.publish({ fact: 'rate_limit', server: server ?? UNKNOWN_SERVER, user });
    return {
      ok: false,
      refusal: 'rate_limited',
      headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) },
    };
  }
}

/** The requests of one server whose bodies are still being sent, and those in flight: as many of each. */
class ServerShares {
  readonly sending: FairShare;
  readonly inFlight: FairShare;

  constructor(max: number) {
    this.sending = createFairShare(max);
    this.inFlight = createFairShare(max);
  }

  setMax(max: number): void {
    this.sending.setMax(max);
    this.inFlight.setMax(max);
  }
}

class SharedPlace implements RequestPlace {
  readonly #shares: ServerShares;
  readonly #client: string;
  #held: FairShare | undefined;

  constructor(shares: ServerShares, client: string) {
    this.#shares = shares;
    this.#client = client;
    this.#held = shares.sending;
  }

  enter(): boolean {
    const { sending, inFlight } = this.#shares;
    if (this.#held !== sending) return true;
    this.leave();
    if (!inFlight.enter(this.#client)) return false;
    this.#held = inFlight;
    return true;
  }

  leave(): void {
    this.#held?.leave(this.#client);
    this.#held = undefined;
  }
}

function hostRulesOf({ listenHost, isTls, allowedHosts, allowedOrigins }: EdgeSettings) {
  return { isLoopback: isLoopbackHost(listenHost), isTls, allowedHosts, allowedOrigins };
}

function admission(user: string | undefined, place: RequestPlace): Admission {
  return user === undefined ? { ok: true, place } : { ok: true, user, place };
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

function hideAuthorization(request: IncomingMessage): void {
  const { rawHeaders } = request;
  delete request.headers.authorization;
  for (let i = rawHeaders.length - 2; i >= 0; i -= 2)
    if (rawHeaders[i]?.toLowerCase() === 'authorization') rawHeaders.splice(i, 2);
}
