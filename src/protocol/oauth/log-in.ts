import {
  auth,
  type OAuthClientInformationMixed,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type OAuthTokens,
} from '@modelcontextprotocol/client';
import { isLoopbackHost } from '../../facts/rules/loopback.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpTarget, OAuthSettings } from '../../facts/server.ts';
import { findAuthorizationServer, readChallenge } from './client-credentials.ts';
import { explainTokenError } from './explain-token-error.ts';
import type { StoredLogin } from './login-file.ts';
import { createOAuthFetch, type OAuthFetch } from './oauth-fetch.ts';
import { readToken } from './read-token.ts';

export interface LogInOptions {
  readonly target: HttpTarget;
  readonly oauth: OAuthSettings;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Where the browser is sent back to, on this machine (RFC 8252 §7.3). */
  readonly redirectUrl: string;
  /** Protects against a redirect that somebody else began (RFC 6749 §10.12). */
  readonly state: string;
  /** Shows the page of the authorization server to a person. @returns the redirect that followed; undefined if none did */
  authorize(url: URL): Promise<URL | undefined>;
}

export type LogInResult =
  | { readonly ok: true; readonly login: StoredLogin }
  /** What went wrong; completes "The login failed: …". */
  | { readonly ok: false; readonly message: string };

/**
 * Logs a person in: authorization code with PKCE (OAuth 2.1 §4.1), by the SDK's own flow. The client is the configured one,
 * or is registered for this login (RFC 7591). Never rejects.
 */
export async function logIn(options: LogInOptions): Promise<LogInResult> {
  const { target, userAgent, clock, signal } = options;
  const fetched = createOAuthFetch({ target, userAgent, nowMs: () => clock.nowMs(), signal });
  const provider = new LoginProvider(options, fetched.fetch);
  try {
    return await runFlow(options, provider, fetched);
  } catch (error) {
    if (error instanceof LoginRefused) return { ok: false, message: error.message };
    const secrets = options.oauth.clientSecret === undefined ? [] : [options.oauth.clientSecret];
    return { ok: false, message: explainTokenError(error, fetched.last(), secrets).reason };
  } finally {
    await fetched.close();
  }
}

async function runFlow(
  options: LogInOptions,
  provider: LoginProvider,
  { fetch }: OAuthFetch,
): Promise<LogInResult> {
  const { target, oauth, clock } = options;
  const challenge = readChallenge(await askForChallenge(target.url, fetch));
  await provider.prepare(challenge.resourceMetadataUrl);
  const scope = oauth.scopes.join(' ') || challenge.scope;
  const request = {
    serverUrl: target.url,
    fetchFn: fetch,
    ...(scope !== undefined && { scope }),
    ...(challenge.resourceMetadataUrl && { resourceMetadataUrl: challenge.resourceMetadataUrl }),
  };
  await auth(provider, request);
  const url = provider.authorizationUrl;
  // It comes from a document of the server: a browser must not be sent to a file or a program.
  if (url === undefined || !isPage(url))
    throw new LoginRefused('the authorization server names no https:// page to log in');
  const redirect = await options.authorize(url);
  if (redirect === undefined) throw new LoginRefused('it was not completed in the browser');
  const { code, iss } = readRedirect(redirect);
  await auth(provider, { ...request, authorizationCode: code, ...(iss !== undefined && { iss }) });
  return provider.finish(clock);
}

function isPage({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname));
}

class LoginRefused extends Error {}

/** What the server answers to a client without a token says where to get one (RFC 9728 §5.1). */
async function askForChallenge(
  url: string,
  fetch: OAuthFetch['fetch'],
): Promise<string | undefined> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  });
  return response.headers.get('www-authenticate') ?? undefined;
}

/** `state` was checked where the redirect arrived. */
function readRedirect({ searchParams }: URL): { readonly code: string; readonly iss?: string } {
  const error = searchParams.get('error');
  const code = searchParams.get('code');
  const iss = searchParams.get('iss');
  if (error !== null) {
    const words = /^[\w.-]{1,60}$/.test(error) ? error : 'an error';
    throw new LoginRefused(`the authorization server answered ${words}`);
  }
  if (code === null) throw new LoginRefused('the redirect brought no code');
  return { code, ...(iss !== null && { iss }) };
}

/** What the SDK's flow reads and keeps in between. */
class LoginProvider implements OAuthClientProvider {
  authorizationUrl: URL | undefined;
  readonly redirectUrl: string;
  readonly clientMetadata: OAuthClientMetadata;
  /** Absent for a configured client: it must not be replaced by one that is registered on the way. */
  readonly saveClientInformation?: (client: OAuthClientInformationMixed) => void;
  readonly validateResourceURL?: () => Promise<URL>;
  readonly #options: LogInOptions;
  readonly #fetch: OAuthFetch['fetch'];
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #resource: string | undefined;
  #discovered: OAuthDiscoveryState | undefined;

  constructor(options: LogInOptions, fetch: OAuthFetch['fetch']) {
    const { oauth, redirectUrl } = options;
    this.#options = options;
    this.#fetch = fetch;
    this.redirectUrl = redirectUrl;
    this.clientMetadata = {
      client_name: 'mcp-exporter',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    };
    if (oauth.clientId === undefined) {
      this.saveClientInformation = (client) => {
        this.#client = client;
      };
    } else {
      const secret = oauth.clientSecret?.reveal();
      this.#client = {
        client_id: oauth.clientId,
        ...(secret !== undefined && { client_secret: secret }),
      };
    }
    const { resource } = oauth;
    if (resource !== undefined) this.validateResourceURL = async () => new URL(resource);
  }

  /** A configured token endpoint takes the place of discovery. */
  async prepare(resourceMetadataUrl: URL | undefined): Promise<void> {
    const { target, oauth } = this.#options;
    if (oauth.tokenUrl === undefined) return;
    const found = await findAuthorizationServer(target, oauth, resourceMetadataUrl, this.#fetch);
    this.#discovered = found;
  }

  state(): string {
    return this.#options.state;
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client;
  }

  tokens(): undefined {
    return undefined;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveResourceUrl(resource: string): void {
    this.#resource = resource;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovered;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    const { issuer, clientId } = this.#options.oauth;
    const found = state.authorizationServerMetadata?.issuer ?? state.authorizationServerUrl;
    if (issuer !== undefined && found !== issuer)
      throw new LoginRefused(`the server names the authorization server ${found}, not ${issuer}`);
    const metadata = state.authorizationServerMetadata;
    if (clientId === undefined && metadata && metadata.registration_endpoint === undefined)
      throw new LoginRefused(
        `${found} does not register clients by itself; register one there, and set auth.oauth2.clientId`,
      );
    this.#discovered = state;
  }

  finish(clock: Clock): LogInResult {
    const tokens = this.#tokens;
    if (tokens === undefined || this.#client === undefined || this.#discovered === undefined)
      throw new LoginRefused('the authorization server issued no token');
    const issuedAtMs = clock.nowMs();
    const read = readToken(tokens, issuedAtMs);
    if (!read.ok) throw new LoginRefused(read.failure.reason);
    const { authorizationServerUrl, authorizationServerMetadata } = this.#discovered;
    return {
      ok: true,
      login: {
        serverUrl: this.#options.target.url,
        authorizationServerUrl,
        ...(authorizationServerMetadata && { metadata: authorizationServerMetadata }),
        ...(this.#resource !== undefined && { resource: this.#resource }),
        client: this.#client,
        tokens,
        issuedAtMs,
      },
    };
  }
}
