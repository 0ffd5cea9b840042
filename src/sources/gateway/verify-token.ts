import { hash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import type { Clock } from '../../facts/ports/clock.ts';
import type { JwtSettings } from '../../facts/service-settings.ts';
import type { Authentication } from './authentication.ts';

export interface TokenVerifierOptions {
  readonly clock: Clock;
  /** Told when the key set cannot be read: clients are then refused for no fault of theirs. */
  readonly onProblem: (message: string) => void;
}

export interface TokenVerifier {
  verify(token: string): Authentication | Promise<Authentication>;
}

/** Public keys only: with a shared secret, or none at all, whoever reads the key set could sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const COOLDOWN_MS = 30_000;
const KEY_SET_AGE_MS_MAX = 600_000;
const KEY_SET_TIMEOUT_MS = 5_000;
const CLOCK_TOLERANCE_S = 5;
/** A token that was good is not verified again for so long; then a key that was withdrawn counts. */
const VERDICT_AGE_MS_MAX = 60_000;
const VERDICTS_MAX = 1_000;
const USER_CHARACTERS_MAX = 256;

/** Verifies JSON Web Tokens against a key set that is cached, and read again when a token names an unknown key. */
export function createTokenVerifier(
  settings: JwtSettings,
  { clock, onProblem }: TokenVerifierOptions,
): TokenVerifier {
  const keySet = openKeySet(settings);
  /** By digest, so that no token is kept. */
  const good = new Map<string, { readonly user: string; readonly untilMs: number }>();

  function remember(digest: string, user: string, expiresS: number | undefined): void {
    if (good.size >= VERDICTS_MAX) {
      const [oldest] = good.keys();
      if (oldest !== undefined) good.delete(oldest);
    }
    const untilMs = Math.min(clock.nowMs() + VERDICT_AGE_MS_MAX, (expiresS ?? 0) * 1_000);
    good.set(digest, { user, untilMs });
  }

  async function verify(token: string, digest: string): Promise<Authentication> {
    try {
      const { payload } = await jwtVerify(token, keySet, {
        issuer: settings.issuer,
        audience: settings.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['exp', settings.userClaim],
      });
      const user = userOf(payload, settings.userClaim);
      if (user === undefined) return failure(`the claim ${settings.userClaim} names no user`);
      remember(digest, user, payload.exp);
      return { ok: true, method: 'jwt', user };
    } catch (error) {
      if (isTokenMistake(error)) return failure(explain(error));
      onProblem(
        `the key set cannot be read: ${error instanceof Error ? error.message : 'unknown'}`,
      );
      return { ...failure('tokens cannot be verified now'), isUnavailable: true };
    }
  }

  return {
    verify(token) {
      const digest = hash('sha256', token, 'base64');
      const verdict = good.get(digest);
      if (verdict && verdict.untilMs > clock.nowMs())
        return { ok: true, method: 'jwt', user: verdict.user };
      good.delete(digest);
      return verify(token, digest);
    },
  };
}

function openKeySet({ keys, cooldownMs = COOLDOWN_MS }: JwtSettings): JWTVerifyGetKey {
  if ('text' in keys) return createLocalJWKSet(JSON.parse(keys.text) as JSONWebKeySet);
  return createRemoteJWKSet(new URL(keys.url), {
    cooldownDuration: cooldownMs,
    cacheMaxAge: KEY_SET_AGE_MS_MAX,
    timeoutDuration: KEY_SET_TIMEOUT_MS,
  });
}

function userOf(payload: JWTPayload, claim: string): string | undefined {
  const user = payload[claim];
  return typeof user === 'string' && user !== '' && user.length <= USER_CHARACTERS_MAX
    ? user
    : undefined;
}

function failure(detail: string): Extract<Authentication, { ok: false }> {
  return { ok: false, method: 'jwt', detail };
}

type TokenMistake = InstanceType<(typeof TOKEN_MISTAKES)[number]>;
const TOKEN_MISTAKES = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
] as const;

/** Whether the token is at fault; everything else is our key set. */
function isTokenMistake(error: unknown): error is TokenMistake {
  return TOKEN_MISTAKES.some((kind) => error instanceof kind);
}

/** For the client: its own token's mistake, never what we would accept. */
function explain(error: TokenMistake): string {
  if (error instanceof errors.JWTExpired) return 'this token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `the claim ${error.claim} of this token is not as required`;
  return 'this token is not valid';
}
