import { OAuthClientFlowError, OAuthError } from '@modelcontextprotocol/client';
import { maskText } from '../../facts/rules/mask-text.ts';
import type { Secret } from '../../facts/secret.ts';
import type { TokenFailure } from '../access-tokens.ts';
import { excerpt } from '../classify-failure.ts';
import { describeNetworkError } from '../network-failure.ts';
import type { LastExchange } from './oauth-fetch.ts';

/** What to do about an error response of a token endpoint (RFC 6749 §5.2, RFC 8707 §2). */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_client: 'check clientId and clientSecret',
  unauthorized_client: 'the client must be allowed to use this grant',
  unsupported_grant_type: 'the authorization server does not offer this grant',
  invalid_scope: 'check scopes',
  invalid_target: 'check resource',
};

/** Why a conversation with an authorization server failed, without any of its secrets. */
export function explainTokenError(
  error: unknown,
  last: LastExchange | undefined,
  secrets: readonly Secret[],
): TokenFailure {
  const common = {
    isFinal: false,
    ...(last?.retryAfterMs !== undefined && { retryAfterMs: last.retryAfterMs }),
  };
  const place = last === undefined ? 'the authorization server' : printPlace(last.url);
  if (last?.error !== undefined) {
    const isTimeout = last.error instanceof Error && last.error.name === 'LimitPassed';
    const why = isTimeout ? 'it did not answer in time' : describeNetworkError(last.error);
    return { ...common, reason: `${place} could not be reached: ${why}` };
  }
  if (error instanceof OAuthError && last?.status !== undefined && isNamed(error.code)) {
    const said = excerpt(maskText(error.message, secrets)).replace(/\.$/, '');
    const advice = ADVICE[error.code];
    return {
      ...common,
      reason: `${place} answered ${error.code}${said === '' ? '' : ` (${said})`}${advice === undefined ? '' : `; ${advice}`}`,
    };
  }
  if (last?.status !== undefined && last.status >= 400)
    return { ...common, reason: `${place} answered HTTP ${last.status}` };
  if (error instanceof OAuthClientFlowError)
    return { ...common, reason: excerpt(maskText(error.message, secrets)).replace(/\.$/, '') };
  return { ...common, reason: `the answer of ${place} cannot be used` };
}

/** The SDK puts this code where the body was no error response of OAuth. */
function isNamed(code: string): boolean {
  return code !== 'server_error' && /^[a-z_]{1,40}$/.test(code);
}

function printPlace({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
