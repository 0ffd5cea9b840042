import { hash, timingSafeEqual } from 'node:crypto';
import type { AuthenticationSettings } from '../../facts/service-settings.ts';
import type { Authentication } from './authentication.ts';
import { createTokenVerifier, type TokenVerifierOptions } from './verify-token.ts';

export interface Authenticator {
  /** Only a token that is new to us makes one wait. Never rejects. */
  check(authorization: string | undefined): Authentication | Promise<Authentication>;
}

const SCHEME = /^Bearer +([^\s]+) *$/i;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export function createAuthenticator(
  { bearerTokens, jwt }: AuthenticationSettings,
  options: TokenVerifierOptions,
): Authenticator {
  const known = bearerTokens.map(({ name, token }) => ({ name, digest: digestOf(token.reveal()) }));
  const verifier = jwt && createTokenVerifier(jwt, options);

  /** Compares digests, and all of them, so that the time taken says nothing. */
  function holderOf(token: string): string | undefined {
    const digest = digestOf(token);
    let holder: string | undefined;
    for (const { name, digest: expected } of known)
      if (timingSafeEqual(digest, expected)) holder = name;
    return holder;
  }

  return {
    check(authorization) {
      if (authorization === undefined || authorization === '') return { ok: false, method: 'none' };
      const token = SCHEME.exec(authorization)?.[1];
      if (token === undefined)
        return { ok: false, method: 'none', detail: 'only the scheme Bearer is known' };
      const user = holderOf(token);
      if (user !== undefined) return { ok: true, method: 'bearer', user };
      if (verifier && (known.length === 0 || JWT.test(token))) return verifier.verify(token);
      return { ok: false, method: 'bearer', detail: 'this token is not known' };
    },
  };
}

function digestOf(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}
