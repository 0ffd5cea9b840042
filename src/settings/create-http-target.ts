import { Secret } from '../facts/secret.ts';
import type { HttpTarget } from '../facts/server.ts';
import { headerSecrets, isCredentialName, type SecretBag, urlSecrets } from './collect-secrets.ts';
import { printMasked } from './print-masked.ts';

export interface HttpTargetInput {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Left out: found out, where the path does not end in `/sse`. */
  readonly transport?: HttpTarget['transport'] | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsSkipVerify: boolean;
}

export interface HttpTargetResult {
  readonly target: HttpTarget;
  readonly hasCredentials: boolean;
}

/**
 * The target of a remote server; what is secret about it is added to `secrets`.
 * User and password of the URL become an `Authorization` header, since `fetch` refuses such URLs.
 */
export function createHttpTarget(input: HttpTargetInput, secrets: SecretBag): HttpTargetResult {
  const { url, tlsCa, tlsSkipVerify } = input;
  const headers = { ...basicAuthorization(url, input.headers), ...input.headers };
  secrets.add(...urlSecrets(url), ...Object.values(headers).flatMap(headerSecrets));
  const hasCredentials = [...Object.keys(headers), ...url.searchParams.keys()].some(
    isCredentialName,
  );
  const target: HttpTarget = {
    kind: 'http',
    url: withoutCredentials(url),
    transport: input.transport ?? (/\/sse\/?$/.test(url.pathname) ? 'sse' : 'auto'),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, new Secret(value)]),
    ),
    tlsSkipVerify,
    ...(tlsCa === undefined ? {} : { tlsCa }),
  };
  return { target: printMasked(target, secrets.list()), hasCredentials };
}

/** A written `Authorization` wins over user and password of the URL. */
function basicAuthorization(
  { username, password }: URL,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const isWritten = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  if (isWritten || (username === '' && password === '')) return {};
  const pair = [username, password].map(decode).join(':');
  return { Authorization: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
}

function withoutCredentials(url: URL): string {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare.href;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
