import { discoverOAuthServerInfo } from '@modelcontextprotocol/client';
import { startDeadline } from '../../facts/deadline.ts';
import type { Clock } from '../../facts/ports/clock.ts';
import type { HttpTarget } from '../../facts/server.ts';
import { describeBriefly } from '../classify-failure.ts';
import { openConnections } from '../http/connections.ts';
import { createHttpEndpoint, type HttpEndpoint } from '../http/http-endpoint.ts';
import { remoteOf } from '../open-channel.ts';
import { readChallenge } from './client-credentials.ts';
import { createOAuthFetch } from './oauth-fetch.ts';

/** What a server says to a client that has no credentials but those of `headers`. */
export type AuthorizationAnswer =
  /** It does not ask for any. */
  | { readonly kind: 'none_wanted' }
  /** 401, and metadata of OAuth. */
  | { readonly kind: 'oauth' }
  /** 401, and nothing of OAuth. */
  | { readonly kind: 'other_credentials' }
  /** Completes "it is not known what it wants: …". */
  | { readonly kind: 'no_answer'; readonly detail: string };

export interface AskOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  /** For all requests together. */
  readonly limitMs: number;
}

/**
 * Asks a remote server whether its clients need OAuth: a request without a token, and after a 401 the metadata of the resource
 * (RFC 9728) or of an authorization server at its address (RFC 8414, as revision 2025-03-26 had it). Never rejects.
 */
export async function askForAuthorization(
  target: HttpTarget,
  { clock, userAgent, limitMs }: AskOptions,
): Promise<AuthorizationAnswer> {
  const deadline = startDeadline(clock, limitMs);
  const { signal } = deadline;
  try {
    const head = await askWithoutToken(target, { clock, userAgent }, signal);
    if (!head.ok) return { kind: 'no_answer', detail: head.detail };
    if (head.status !== 401) return { kind: 'none_wanted' };
    if (readChallenge(head.challenge).resourceMetadataUrl) return { kind: 'oauth' };
    const nowMs = () => clock.nowMs();
    const { fetch, close } = createOAuthFetch({ target, userAgent, nowMs, signal });
    const found = await discoverOAuthServerInfo(target.url, { fetchFn: fetch }).catch(() => {});
    await close();
    const isOAuth = found?.resourceMetadata ?? found?.authorizationServerMetadata;
    return { kind: isOAuth === undefined ? 'other_credentials' : 'oauth' };
  } finally {
    deadline.end();
  }
}

type Head =
  | { readonly ok: true; readonly status: number; readonly challenge: string | undefined }
  | { readonly ok: false; readonly detail: string };

/** A `ping`, which opens no session; servers of HTTP+SSE are asked by GET. */
async function askWithoutToken(
  target: HttpTarget,
  options: Omit<AskOptions, 'limitMs'>,
  signal: AbortSignal,
): Promise<Head> {
  const { url, headers, tls } = remoteOf(target);
  const connections = await openConnections(url, tls);
  const endpoint = createHttpEndpoint({
    url,
    headers,
    connections,
    ...options,
    retriesStale: false,
  });
  try {
    const posted = target.transport === 'sse' ? undefined : await sendOne(endpoint, 'POST', signal);
    const isOther = posted?.ok === true && (posted.status === 404 || posted.status === 405);
    return posted && !isOther ? posted : await sendOne(endpoint, 'GET', signal);
  } finally {
    endpoint.release();
  }
}

async function sendOne(
  endpoint: HttpEndpoint,
  method: 'GET' | 'POST',
  signal: AbortSignal,
): Promise<Head> {
  const accept = 'application/json, text/event-stream';
  const message = {
    headers: { accept, 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  };
  const sent = await endpoint.send({
    method,
    ...(method === 'GET' ? { headers: { accept: 'text/event-stream' } } : message),
    waitedFor: 'answer',
    signal,
  });
  if (!sent.ok) return { ok: false, detail: describeBriefly(sent.facts) };
  // The head says everything, and a stream would not end.
  sent.response.destroy();
  sent.finished();
  const { statusCode: status = 0, headers } = sent.response;
  return { ok: true, status, challenge: headers['www-authenticate'] };
}
