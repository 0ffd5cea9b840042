import type { OAuthTokens } from '@modelcontextprotocol/client';
import { Secret } from '../../facts/secret.ts';
import { asEpochMs, type EpochMs } from '../../facts/time.ts';
import type { TokenResult } from '../access-tokens.ts';

/** The access token of a token response (RFC 6749 §5.1), if it can be sent by `Authorization: Bearer`. */
export function readToken(
  { access_token, token_type, expires_in }: OAuthTokens,
  issuedAtMs: EpochMs,
): TokenResult {
  const problem =
    token_type.toLowerCase() !== 'bearer'
      ? 'the authorization server issued a token of another type than Bearer'
      : /^[\x21-\x7e]+$/.test(access_token)
        ? undefined
        : 'the authorization server issued a token with characters that a header must not hold';
  if (problem !== undefined) return { ok: false, failure: { reason: problem, isFinal: false } };
  return {
    ok: true,
    token: {
      value: new Secret(access_token),
      issuedAtMs,
      ...(expires_in !== undefined && { expiresAtMs: asEpochMs(issuedAtMs + expires_in * 1000) }),
    },
  };
}
