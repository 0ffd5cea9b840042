import type { IncomingHttpHeaders } from 'node:http';
import type { FailureFacts } from '../classify-failure.ts';
import { networkFacts } from '../network-failure.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import type { RpcError } from '../json-rpc.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import type { ReadProblem } from './read-body.ts';
import { isRedirect, repeatsRequest } from './redirects.ts';

const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000;

export interface ResponseHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

export interface RequestContext {
  /** The JSON-RPC method, or the HTTP method where there is none. */
  readonly method: string;
  readonly url: string;
  readonly hasSession: boolean;
  readonly nowMs: number;
}

/** The plain facts of an HTTP status. Header values go no further than a scheme, a location without query and a delay. */
export function httpFacts(
  head: ResponseHead,
  context: RequestContext,
  rpcError?: RpcError,
): FailureFacts {
  const { status, headers } = head;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], context.nowMs);
  const authScheme = /^[A-Za-z][A-Za-z0-9-]{0,19}(?=$|[ ,])/.exec(
    headers['www-authenticate'] ?? '',
  )?.[0];
  return {
    kind: 'http',
    status,
    method: context.method,
    hasSession: context.hasSession,
    ...(headers['content-type'] !== undefined && { contentType: headers['content-type'] }),
    ...describeRedirect(status, headers.location, context),
    ...(authScheme !== undefined && { authScheme }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(rpcError !== undefined && { rpcError }),
  };
}

/** What a body that ended early says about the server. */
export function problemFacts(
  problem: ReadProblem,
  method: string,
  { authority, isTls }: HttpEndpoint,
  { signal, waitedMs }: { readonly signal: AbortSignal; readonly waitedMs: number },
): FailureFacts {
  switch (problem.kind) {
    case 'aborted':
      return timeoutFacts(`complete answer to ${method}`, signal, waitedMs);
    case 'lost':
      return networkFacts(problem.error, { authority, isTls, isConnected: true });
    case 'unusable':
      return { kind: 'unusable', method, reason: problem.reason };
  }
}

/** The answer was complete, and the request that it answers is not answered in it. */
export function missingAnswer(method: string): FailureFacts {
  return {
    kind: 'unusable',
    method,
    reason: 'it holds no answer',
    brief: 'it answered without a result',
  };
}

/** A stream of events ended before the answer, and its rest cannot be asked for. */
export function endedStream(method: string): FailureFacts {
  return {
    kind: 'unusable',
    method,
    reason: 'the stream of events ended without it',
    brief: 'the answer ended without a result',
  };
}

/** `Retry-After` as seconds or as HTTP date (RFC 9110 §10.2.3), at most a day. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}

function describeRedirect(
  status: number,
  location: string | undefined,
  { method, url: base }: RequestContext,
): Pick<Extract<FailureFacts, { kind: 'http' }>, 'location' | 'notFollowed'> {
  const url = location === undefined ? null : URL.parse(location, base);
  if (url === null) return {};
  const place = { location: `${url.origin}${url.pathname}` };
  if (!isRedirect(status)) return place;
  if (!repeatsRequest(method, status)) return { ...place, notFollowed: 'changes_method' };
  const isOther = url.origin !== new URL(base).origin;
  return { ...place, notFollowed: isOther ? 'other_origin' : 'endless' };
}
