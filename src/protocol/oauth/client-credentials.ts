import {
  ClientCredentialsProvider,
  discoverOAuthServerInfo,
  extractWWWAuthenticateParams,
  fetchToken,
  type OAuthServerInfo,
  selectResourceURL,
} from '@modelcontextprotocol/client';
import type { Clock } from '../../facts/ports/clock.ts';
import type { OAuthSettings } from '../../facts/server.ts';
import type { TokenResult } from '../access-tokens.ts';
import { explainTokenError } from './explain-token-error.ts';
import { createOAuthFetch, type OAuthFetch, type TokenTarget } from './oauth-fetch.ts';
import { readToken } from './read-token.ts';
import type { Grant, TokenRequest } from './token-source.ts';

export interface GrantOptions {
  readonly target: TokenTarget;
  readonly oauth: OAuthSettings;
  readonly userAgent: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  readonly clock: Clock;
}

/** Gets access tokens by client credentials (RFC 6749 §4.4), from the authorization server that the MCP server names. */
export function createClientCredentialsGrant(options: GrantOptions): Grant {
  const { target, oauth, userAgent, instance, clock } = options;
  const secrets = oauth.clientSecret === undefined ? [] : [oauth.clientSecret];
  return {
    needsChallenge: oauth.tokenUrl === undefined,
    secrets: () => secrets,
    async obtain(request): Promise<TokenResult> {
      const fetched = createOAuthFetch({
        target,
        userAgent,
        ...(instance !== undefined && { instance }),
        nowMs: () => clock.nowMs(),
        signal: request.signal,
      });
      try {
        return readToken(await requestToken(options, request, fetched), clock.nowMs());
      } catch (error) {
        return { ok: false, failure: explainTokenError(error, fetched.last(), secrets) };
      } finally {
        await fetched.close();
      }
    },
  };
}

async function requestToken(
  { target, oauth }: GrantOptions,
  { challenge }: TokenRequest,
  { fetch }: OAuthFetch,
): ReturnType<typeof fetchToken> {
  const asked = readChallenge(challenge);
  const server = await findAuthorizationServer(target, oauth, asked.resourceMetadataUrl, fetch);
  const { resourceMetadata, authorizationServerMetadata: metadata } = server;
  const scope =
    oauth.scopes.join(' ') || asked.scope || resourceMetadata?.scopes_supported?.join(' ');
  const provider = new ClientCredentialsProvider({
    clientId: oauth.clientId ?? '',
    clientSecret: oauth.clientSecret?.reveal() ?? '',
    // Only this authorization server gets the secret, whichever the MCP server names (SEP-2352).
    expectedIssuer: oauth.issuer ?? metadata?.issuer ?? server.authorizationServerUrl,
  });
  await selectResourceURL(target.url, provider, resourceMetadata);
  const resource = oauth.resource ?? resourceMetadata?.resource;
  return fetchToken(provider, server.authorizationServerUrl, {
    ...(metadata && { metadata }),
    ...(resource !== undefined && { resource }),
    ...(scope !== undefined && scope !== '' && { scope }),
    fetchFn: fetch,
  });
}

/** What a 401 says about where to get a token (RFC 9728 §5.1, RFC 6750 §3). */
export function readChallenge(
  challenge: string | undefined,
): ReturnType<typeof extractWWWAuthenticateParams> {
  if (challenge === undefined || challenge === '') return {};
  const headers = { 'www-authenticate': challenge };
  return extractWWWAuthenticateParams(new Response(null, { status: 401, headers }));
}

/** Configured, or found by the metadata of the resource (RFC 9728) and of its authorization server (RFC 8414). */
export async function findAuthorizationServer(
  target: Pick<TokenTarget, 'url'>,
  { tokenUrl, authorizationUrl, issuer }: OAuthSettings,
  resourceMetadataUrl: URL | undefined,
  fetch: OAuthFetch['fetch'],
): Promise<OAuthServerInfo> {
  if (tokenUrl === undefined) {
    return discoverOAuthServerInfo(target.url, {
      ...(resourceMetadataUrl && { resourceMetadataUrl }),
      fetchFn: fetch,
    });
  }
  const { origin } = new URL(tokenUrl);
  return {
    authorizationServerUrl: origin,
    authorizationServerMetadata: {
      issuer: issuer ?? origin,
      token_endpoint: tokenUrl,
      authorization_endpoint: authorizationUrl ?? tokenUrl,
      response_types_supported: ['code'],
    },
  };
}
