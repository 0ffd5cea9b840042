import { hash } from 'node:crypto';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
} from 'node:http';
import {
  createServer as createTlsServer,
  type ServerOptions as HttpsServerOptions,
} from 'node:https';
import { type SecureContextOptions, TLSSocket } from 'node:tls';
import type { Clock } from '../../../facts/ports/clock.ts';
import { createRateLimiter, type RateLimiter } from '../../../facts/rules/rate-limit.ts';
import type { Secret } from '../../../facts/secret.ts';
import {
  provesClient,
  type TlsSettings,
  type WebAccess,
  type WebConfig,
} from '../../../facts/web-config.ts';
import { readBasicCredentials } from '../basic-credentials.ts';
import { createPasswordChecker } from './password-checker.ts';
import { isAllowed } from './client-certificate.ts';

export interface WebSecurity {
  readonly isTls: boolean;
  /** Whether clients can authenticate, so that being on this machine is not enough to make changes. */
  readonly hasClients: boolean;
  /** For every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Takes over a configuration. New certificates hold for new connections.
   * @returns what takes effect at the next start only
   */
  apply(config: WebConfig | undefined): readonly string[];
  /** Plain or TLS, as the configuration said when this object was made. */
  createServer(options: ServerOptions, onRequest: RequestListener): Server;
  /** Never rejects. */
  check(request: IncomingMessage): Promise<WebAccess>;
  stop(): Promise<void>;
}

const NOTHING: WebConfig = { users: {}, headers: {} };
const BUSY_S = 1;
const HANDSHAKE_MS_MAX = 10_000;

/** Puts an exporter-toolkit web configuration into effect: TLS, client certificates, basic authentication, rate limit. */
export function createWebSecurity(first: WebConfig | undefined, clock: Clock): WebSecurity {
  const atStart = first ?? NOTHING;
  const passwords = createPasswordChecker();
  const servers = new Set<Pick<ReturnType<typeof createTlsServer>, 'setSecureContext'>>();
  let config = atStart;
  let limiter = limiterOf(atStart);

  async function isKnownUser(authorization: string | undefined): Promise<boolean | undefined> {
    const given = readBasicCredentials(authorization);
    if (given === undefined) return false;
    const known = Object.hasOwn(config.users, given.user) ? config.users[given.user] : undefined;
    const isSame = await passwords.check(given.password, known ?? standInOf(config, given.user));
    return known === undefined && isSame !== undefined ? false : isSame;
  }

  return {
    isTls: atStart.tls !== undefined,
    get hasClients() {
      const { users, tls } = config;
      return Object.keys(users).length > 0 || (tls !== undefined && provesClient(tls.clientAuth));
    },
    get headers() {
      return config.headers;
    },
    apply(now = NOTHING) {
      if (JSON.stringify(now.rateLimit) !== JSON.stringify(config.rateLimit))
        limiter = limiterOf(now);
      config = now;
      const needs = startNeeds(atStart.tls, now.tls);
      if (now.tls && needs.length === 0)
        for (const server of servers) server.setSecureContext(contextOf(now.tls));
      return needs;
    },
    createServer(options, onRequest) {
      const { tls } = atStart;
      if (!tls) return createHttpServer(options, onRequest);
      const server = createTlsServer(
        { ...options, ...tlsOptions(config.tls ?? tls), requestCert: asksForCertificate(tls) },
        onRequest,
      );
      server.prependListener('secureConnection', (socket: TLSSocket) => {
        if (config.tls && !isAllowed(socket, config.tls)) socket.destroy();
      });
      servers.add(server);
      server.on('close', () => servers.delete(server));
      return server;
    },
    async check(request) {
      const waitMs = limiter?.take('', clock.monotonicMs()) ?? 0;
      if (waitMs > 0) return { kind: 'too_many', retryAfterS: Math.ceil(waitMs / 1_000) };
      const { users, tls } = config;
      if (Object.keys(users).length === 0)
        return { kind: isProven(request, tls) ? 'known' : 'open' };
      const isKnown = await isKnownUser(request.headers.authorization);
      if (isKnown === undefined) return { kind: 'too_many', retryAfterS: BUSY_S };
      return { kind: isKnown ? 'known' : 'refused' };
    },
    stop: () => passwords.stop(),
  };
}

/** The hash of another user, so that an unknown one takes as long as those that are known: how long depends on the hash. */
function standInOf({ users }: WebConfig, user: string): Secret {
  const hashes = Object.values(users);
  const index = hash('sha256', user, 'buffer').readUInt32BE() % hashes.length;
  return hashes[index] as Secret;
}

function limiterOf({ rateLimit }: WebConfig): RateLimiter | undefined {
  return rateLimit && createRateLimiter(rateLimit);
}

function contextOf(tls: TlsSettings): SecureContextOptions {
  const { cert, key, ca, minVersion, maxVersion, ciphers, ecdhCurve, honorCipherOrder } = tls;
  return {
    cert,
    key: key.reveal(),
    minVersion,
    maxVersion,
    honorCipherOrder,
    ...(ca === undefined ? {} : { ca }),
    ...(ciphers === undefined ? {} : { ciphers }),
    ...(ecdhCurve === undefined ? {} : { ecdhCurve }),
  };
}

function tlsOptions(tls: TlsSettings): HttpsServerOptions {
  return {
    ...contextOf(tls),
    // Which clients are allowed may change, but Node takes this once.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS_MAX,
  };
}

function startNeeds(before: TlsSettings | undefined, now: TlsSettings | undefined): string[] {
  if (!before !== !now) return ['tls_server_config'];
  return asksForCertificate(before) === asksForCertificate(now) ? [] : ['client_auth_type'];
}

function asksForCertificate(tls: TlsSettings | undefined): boolean {
  return tls !== undefined && tls.clientAuth !== 'NoClientCert';
}

function isProven({ socket }: IncomingMessage, tls: TlsSettings | undefined): boolean {
  return (
    tls !== undefined &&
    provesClient(tls.clientAuth) &&
    socket instanceof TLSSocket &&
    socket.authorized
  );
}
