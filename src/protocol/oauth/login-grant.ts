import { OAuthError, refreshAuthorization } from '@modelcontextprotocol/client';
import type { Clock } from '../../facts/ports/clock.ts';
import { Secret } from '../../facts/secret.ts';
import type { OAuthSettings } from '../../facts/server.ts';
import type { AccessToken, TokenFailure, TokenResult } from '../access-tokens.ts';
import { explainTokenError } from './explain-token-error.ts';
import { withFileLock } from './file-lock.ts';
import {
  LoginFileError,
  readLogin,
  type StoredLogin,
  versionOfLogin,
  writeLogin,
} from './login-file.ts';
import { createOAuthFetch, type TokenTarget } from './oauth-fetch.ts';
import { readToken } from './read-token.ts';
import { ageOf } from './token-schedule.ts';
import type { Grant, TokenRequest } from './token-source.ts';

export interface LoginGrantOptions {
  /** Of the server: completes `mcp-exporter login …`. */
  readonly name: string;
  readonly target: TokenTarget;
  readonly oauth: OAuthSettings;
  readonly userAgent: string;
  /** Of this process, for `INSTANCE_HEADER`. */
  readonly instance?: string;
  readonly clock: Clock;
}

/**
 * Gets access tokens from the login of a person: the stored one while it lasts, and then one by the refresh token
 * (RFC 6749 §6), which is stored in turn.
 */
export function createLoginGrant(options: LoginGrantOptions): Grant {
  return new LoginGrant(options);
}

class LoginGrant implements Grant {
  readonly needsChallenge = false;
  readonly #options: LoginGrantOptions;
  #secrets: readonly Secret[] = [];
  /** Renewed, but the file could not be written: what is in it is worth nothing any more. */
  #unsaved: StoredLogin | undefined;

  constructor(options: LoginGrantOptions) {
    this.#options = options;
  }

  secrets(): readonly Secret[] {
    return this.#secrets;
  }

  version(): Promise<string> {
    return versionOfLogin(this.#options.oauth.loginFile);
  }

  async obtain(request: TokenRequest): Promise<TokenResult> {
    const { clock, oauth } = this.#options;
    try {
      const stored = await this.#read();
      const usable = this.#usableToken(stored, request.refused);
      if (usable !== undefined) return usable;
      const { signal } = request;
      const renewed = await withFileLock(oauth.loginFile, { clock, signal }, async () => {
        // Another process may have renewed it meanwhile.
        const now = await this.#read();
        return this.#usableToken(now, request.refused) ?? (await this.#refresh(now, signal));
      });
      return renewed ?? failed('another process is renewing the access token');
    } catch (error) {
      if (error instanceof LoginFileError) return failed(error.message);
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
      return failed(`${oauth.loginFile} cannot be written (${code})`);
    }
  }

  async #read(): Promise<StoredLogin | undefined> {
    const stored = await readLogin(this.#options.oauth.loginFile);
    const isLost =
      this.#unsaved !== undefined && (stored?.issuedAtMs ?? 0) < this.#unsaved.issuedAtMs;
    const login = isLost ? this.#unsaved : stored;
    if (login === undefined) return undefined;
    const { access_token, refresh_token } = login.tokens;
    const clientSecret = 'client_secret' in login.client ? login.client.client_secret : undefined;
    this.#secrets = [access_token, refresh_token, clientSecret].flatMap((text) =>
      text === undefined ? [] : [new Secret(text)],
    );
    return login;
  }

  /** The stored token, or why there is none; undefined if it has to be renewed. */
  #usableToken(
    login: StoredLogin | undefined,
    refused: AccessToken | undefined,
  ): TokenResult | undefined {
    const { target, oauth, clock } = this.#options;
    if (login === undefined) return this.#askForLogin('nobody has logged in yet');
    if (login.serverUrl !== target.url)
      return this.#askForLogin('the stored login is for another address of the server');
    if (oauth.clientId !== undefined && oauth.clientId !== login.client.client_id)
      return this.#askForLogin('the stored login is of another clientId');
    const read = readToken(login.tokens, login.issuedAtMs);
    if (!read.ok) return read;
    const isRefused = refused?.value.reveal() === read.token.value.reveal();
    const isUsable = !isRefused && ageOf(read.token, clock.nowMs()) === 'usable';
    if (isUsable) return read;
    if (login.tokens.refresh_token !== undefined) return undefined;
    if (!isRefused && ageOf(read.token, clock.nowMs()) === 'due') return read;
    return this.#askForLogin(
      'the access token is no longer valid, and the authorization server gave no refresh token',
    );
  }

  async #refresh(login: StoredLogin | undefined, signal: AbortSignal): Promise<TokenResult> {
    const { target, userAgent, instance, clock, oauth } = this.#options;
    const refreshToken = login?.tokens.refresh_token;
    if (login === undefined || refreshToken === undefined)
      return this.#askForLogin('the stored login is gone');
    const { authorizationServerUrl, metadata, resource, client } = login;
    const fetched = createOAuthFetch({
      target,
      userAgent,
      ...(instance !== undefined && { instance }),
      nowMs: () => clock.nowMs(),
      signal,
    });
    try {
      const tokens = await refreshAuthorization(authorizationServerUrl, {
        ...(metadata && { metadata }),
        ...(resource !== undefined && { resource }),
        clientInformation: this.#currentClient(client),
        refreshToken,
        fetchFn: fetched.fetch,
      });
      const issuedAtMs = clock.nowMs();
      const renewed = { ...login, tokens, issuedAtMs };
      this.#unsaved = renewed;
      this.#secrets = [...this.#secrets, new Secret(tokens.refresh_token ?? refreshToken)];
      await writeLogin(oauth.loginFile, renewed).then(
        () => (this.#unsaved = undefined),
        () => undefined,
      );
      return readToken(tokens, issuedAtMs);
    } catch (error) {
      if (error instanceof OAuthError && error.code === 'invalid_grant')
        return this.#askForLogin('the authorization server no longer accepts the login');
      return { ok: false, failure: explainTokenError(error, fetched.last(), this.#secrets) };
    } finally {
      await fetched.close();
    }
  }

  /** A configured secret may have been replaced since the login. */
  #currentClient(client: StoredLogin['client']): StoredLogin['client'] {
    const { clientSecret } = this.#options.oauth;
    return clientSecret === undefined
      ? client
      : { ...client, client_secret: clientSecret.reveal() };
  }

  #askForLogin(why: string): TokenResult {
    const { name } = this.#options;
    const argument = /^[\w.@:+-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
    const failure: TokenFailure = {
      reason: `${why}; run mcp-exporter login ${argument}`,
      isFinal: true,
    };
    return { ok: false, failure };
  }
}

function failed(reason: string): TokenResult {
  return { ok: false, failure: { reason, isFinal: false } };
}
