import type { Clock } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import type { OAuthSettings, ServerSpec } from '../../facts/server.ts';
import type { AccessTokens, TokenResult } from '../access-tokens.ts';
import type { TokenTarget } from './oauth-fetch.ts';
import { createTokenSource, type Grant } from './token-source.ts';

export interface TokenSourcesOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
}

/** The access tokens of all servers: one source for each, shared by everything in this process that talks to it. */
export interface TokenSources {
  /** Undefined if the server has no `auth`. */
  of(server: {
    readonly name: string;
    readonly target: TokenTarget & { readonly oauth?: OAuthSettings };
  }): AccessTokens | undefined;
}

interface Entry {
  readonly fingerprint: string;
  readonly tokens: AccessTokens;
}

/** At most one source per configured server: one with other settings replaces it. */
export function createTokenSources({
  clock,
  userAgent,
  instance,
}: TokenSourcesOptions): TokenSources {
  const entries = new Map<string, Entry>();
  return {
    of({ name, target }) {
      const { oauth } = target;
      if (oauth === undefined) return undefined;
      const fingerprint = fingerprintOf(target, oauth);
      const known = entries.get(name);
      if (known?.fingerprint === fingerprint) return known.tokens;
      const grant = createGrant({
        name,
        target,
        oauth,
        userAgent,
        ...(instance !== undefined && { instance }),
        clock,
      });
      const tokens = createTokenSource(grant, clock);
      entries.set(name, { fingerprint, tokens });
      return tokens;
    },
  };
}

/** Access and refresh tokens of a server, as far as they are known. */
export function tokenSecretsOf(
  sources: TokenSources,
): (server: Pick<ServerSpec, 'name' | 'target'>) => readonly Secret[] {
  return ({ name, target }) => {
    if (target.kind !== 'http' || target.oauth === undefined) return [];
    return sources.of({ name, target })?.secrets() ?? [];
  };
}

/** Holds secrets in clear: never leaves this file. */
function fingerprintOf(
  { url, tlsCa, tlsCert, tlsServerName, proxy }: TokenTarget,
  oauth: OAuthSettings,
): string {
  return JSON.stringify([
    url,
    tlsCa,
    tlsCert,
    tlsServerName,
    proxy?.reveal(),
    { ...oauth, clientSecret: oauth.clientSecret?.reveal() },
  ]);
}

interface GrantContext {
  readonly name: string;
  readonly target: TokenTarget;
  readonly oauth: OAuthSettings;
  readonly userAgent: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  readonly clock: Clock;
}

/** What it needs brings the SDK, which takes long to load: only once a token is wanted. */
function createGrant(context: GrantContext): Grant {
  const { oauth } = context;
  let grant: Grant | undefined;
  const load = async (): Promise<Grant> => {
    if (grant !== undefined) return grant;
    if (oauth.grant === 'client_credentials') {
      const { createClientCredentialsGrant } = await import('./client-credentials.ts');
      grant ??= createClientCredentialsGrant(context);
    } else {
      const { createLoginGrant } = await import('./login-grant.ts');
      grant ??= createLoginGrant(context);
    }
    return grant;
  };
  return {
    needsChallenge: oauth.grant === 'client_credentials' && oauth.tokenUrl === undefined,
    secrets: () => grant?.secrets() ?? [],
    version: async () => (await load()).version?.() ?? '',
    obtain: async (request): Promise<TokenResult> => (await load()).obtain(request),
  };
}
