import type { Secret } from '../facts/secret.ts';
import type { EpochMs } from '../facts/time.ts';

/** An access token of OAuth 2.1, sent as `Authorization: Bearer` (RFC 6750 §2.1). */
export interface AccessToken {
  readonly value: Secret;
  readonly issuedAtMs: EpochMs;
  /** Undefined if the authorization server does not say. */
  readonly expiresAtMs?: EpochMs;
}

/** Why there is no access token. */
export interface TokenFailure {
  /** Completes "No access token: …", and says what to do where something can be done. */
  readonly reason: string;
  /** The authorization server asked to wait this long. */
  readonly retryAfterMs?: number;
  /** Another attempt is of no use before the configuration or the stored login changes. */
  readonly isFinal: boolean;
}

export type TokenResult =
  | { readonly ok: true; readonly token: AccessToken }
  | { readonly ok: false; readonly failure: TokenFailure };

/** Supplies the access tokens for one server. Nothing here rejects. */
export interface AccessTokens {
  /** The token to send now, if it is known without waiting. */
  peek(): AccessToken | undefined;
  /**
   * The token for the next request, renewed if it has expired. Undefined if none can be had, or if only the server's answer
   * says where to ask for one: the request is then sent without.
   */
  current(signal: AbortSignal): Promise<AccessToken | undefined>;
  /**
   * Another token, after the server answered 401.
   * @param refused what was sent, undefined if nothing was
   * @param challenge `WWW-Authenticate` of the answer
   */
  replace(
    refused: AccessToken | undefined,
    challenge: string | undefined,
    signal: AbortSignal,
  ): Promise<TokenResult>;
  /** The server took this token: earlier failures no longer count. */
  accepted(token: AccessToken): void;
  /** What must not be printed: every token in use. */
  secrets(): readonly Secret[];
}
