import type { AccessToken, AccessTokens } from '../access-tokens.ts';
import { addStep } from '../measurement.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpEndpoint, HttpRequest, HttpResult } from './http-endpoint.ts';

/** A token that was refused, its replacement, and one more in case another request replaced it in between. */
const ATTEMPTS_MAX = 3;
/** Below it there was nothing to wait for. */
const NOTABLE_MS = 1;

/** An endpoint whose requests carry an access token. */
export function createAuthorizedEndpoint(
  endpoint: HttpEndpoint,
  tokens: AccessTokens,
  clock: Clock,
): HttpEndpoint {
  const { url, authority, isTls } = endpoint;
  return {
    url,
    authority,
    isTls,
    send: (wanted) => sendAuthorized(tokens, clock, wanted, (request) => endpoint.send(request)),
    release: () => endpoint.release(),
  };
}

/**
 * Sends a request with an access token (RFC 6750 §2.1). A server that answers 401 did not process it, so it is sent again
 * with another token. If there is none, the reason for that takes the place of the 401. Never rejects.
 */
async function sendAuthorized(
  tokens: AccessTokens,
  clock: Clock,
  wanted: HttpRequest,
  send: (request: HttpRequest) => Promise<HttpResult>,
): Promise<HttpResult> {
  const { signal } = wanted;
  const startedAt = clock.monotonicMs();
  let token = await tokens.current(signal);
  if (token !== undefined) noteWait(wanted, clock.monotonicMs() - startedAt);
  for (let attempt = 1; ; attempt++) {
    const result = await send(withToken(wanted, token));
    if (!result.ok) return result;
    if (result.response.statusCode !== 401) {
      if (token !== undefined) tokens.accepted(token);
      return result;
    }
    if (attempt === ATTEMPTS_MAX) return result;
    const refusedAt = clock.monotonicMs();
    const challenge = result.response.headers['www-authenticate'];
    const replaced = await tokens.replace(token, challenge, signal);
    result.response.resume();
    result.finished();
    const reason = replaced.ok ? undefined : replaced.failure.reason;
    noteWait(wanted, clock.monotonicMs() - refusedAt, reason);
    if (!replaced.ok)
      return {
        ok: false,
        facts: { kind: 'token', reason: replaced.failure.reason },
        wasConnected: true,
      };
    token = replaced.token;
  }
}

function withToken(wanted: HttpRequest, token: AccessToken | undefined): HttpRequest {
  if (token === undefined) return wanted;
  const authorization = `Bearer ${token.value.reveal()}`;
  return { ...wanted, headers: { ...wanted.headers, authorization } };
}

/** Waiting for a token is not the server's response time. */
function noteWait({ measurement }: HttpRequest, durationMs: number, failure?: string): void {
  if (measurement === undefined || (durationMs < NOTABLE_MS && failure === undefined)) return;
  measurement.authorizationMs += durationMs;
  const detail = failure ?? 'the authorization server issued one';
  addStep(measurement, { name: 'access token', durationMs, ok: failure === undefined, detail });
}
