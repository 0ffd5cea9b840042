import { Agent, fetch, type Response } from 'undici';
import type { HttpApi } from '../../facts/ports/http-api.ts';
import type { RemoteApi } from '../../facts/service-settings.ts';
import type { AccessToken, AccessTokens } from '../access-tokens.ts';
import { createConnector } from '../undici-connector.ts';
import { readText } from './read-text.ts';

const ANSWER_MS_MAX = 10_000;
/** Some ten thousand silences or alerts. */
const BODY_BYTES_MAX = 16 * 1024 * 1024;
/** Without a token or with an old one, with its replacement, and to learn why a new one was refused. */
const ATTEMPTS_MAX = 3;

export interface HttpApiOptions {
  readonly userAgent: string;
  /** Undefined without `auth`. */
  readonly tokens?: AccessTokens | undefined;
}

/** Requests to the API of another program. Redirects are refused, since they could lead credentials elsewhere. */
export function createHttpApi(
  { url, headers, access }: RemoteApi,
  { userAgent, tokens }: HttpApiOptions,
): HttpApi & { close(): Promise<void> } {
  const agent = new Agent({ connect: createConnector(access) });
  const configured = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return {
    async request(method, path, body) {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const send = (token?: AccessToken): Promise<Response> =>
        fetch(`${url}${path}`, {
          method,
          headers: {
            'user-agent': userAgent,
            accept: 'application/json',
            ...Object.fromEntries(configured),
            ...(token && { authorization: `Bearer ${token.value.reveal()}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          redirect: 'error',
          signal,
          dispatcher: agent,
        });
      const response = await (tokens ? sendAuthorized(tokens, send, signal) : send());
      return { status: response.status, text: await readText(response.body, BODY_BYTES_MAX) };
    },
    close: () => agent.destroy(),
  };
}

/** A request that was answered by 401 was not processed, so it is sent again with another token (RFC 6750 §3.1). */
async function sendAuthorized(
  tokens: AccessTokens,
  send: (token?: AccessToken) => Promise<Response>,
  signal: AbortSignal,
): Promise<Response> {
  let token = await tokens.current(signal);
  for (let attempt = 1; ; attempt++) {
    const response = await send(token);
    if (response.status !== 401) {
      if (token) tokens.accepted(token);
      return response;
    }
    if (attempt === ATTEMPTS_MAX) return response;
    const challenge = response.headers.get('www-authenticate') ?? undefined;
    await response.body?.cancel();
    const replaced = await tokens.replace(token, challenge, signal);
    if (!replaced.ok) throw new Error(`there is no access token: ${replaced.failure.reason}`);
    token = replaced.token;
  }
}
