import type { IncomingHttpHeaders } from 'node:http';
import type { FailureFacts } from '../classify-failure.ts';
import type { RpcError } from '../json-rpc.ts';

const RETRY_AFTER_MS_MAX = 24 * 60 * 60 * 1000;
const CODES_MAX = 8;

/** The plain facts of a transport error of Node: codes of the whole cause chain, nested errors included. */
export function networkFacts(
  error: unknown,
  seen: { readonly authority: string; readonly isTls: boolean; readonly isConnected: boolean },
): FailureFacts {
  const codes: string[] = [];
  collectCodes(error, codes);
  return { kind: 'network', codes, ...seen, ...(sawTlsRecord(error) && { sawTlsRecord: true }) };
}

function collectCodes(error: unknown, codes: string[]): void {
  if (!(error instanceof Error) || codes.length >= CODES_MAX) return;
  if ('code' in error && typeof error.code === 'string') codes.push(error.code);
  // All addresses of a name failed: the last one tried says as much as any.
  if (error instanceof AggregateError) collectCodes(error.errors.at(-1), codes);
  collectCodes(error.cause, codes);
}

/** A TLS alert or handshake record where HTTP was expected: content type 21 or 22, major version 3. */
function sawTlsRecord(error: unknown): boolean {
  if (
    !(error instanceof Error) ||
    !('rawPacket' in error) ||
    !(error.rawPacket instanceof Uint8Array)
  )
    return false;
  const [contentType, majorVersion] = error.rawPacket;
  return (contentType === 21 || contentType === 22) && majorVersion === 3;
}

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
  const location = placeOf(headers.location, context.url);
  return {
    kind: 'http',
    status,
    method: context.method,
    hasSession: context.hasSession,
    ...(headers['content-type'] !== undefined && { contentType: headers['content-type'] }),
    ...(location !== undefined && { location }),
    ...(authScheme !== undefined && { authScheme }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(rpcError !== undefined && { rpcError }),
  };
}

/** `Retry-After` as seconds or as HTTP date (RFC 9110 §10.2.3), at most a day. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), RETRY_AFTER_MS_MAX);
}

function placeOf(location: string | undefined, base: string): string | undefined {
  const url = location === undefined ? null : URL.parse(location, base);
  return url === null ? undefined : `${url.origin}${url.pathname}`;
}
