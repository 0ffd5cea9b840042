import { isJsonObject } from '../facts/json-object.ts';
import { discoveredVersions } from './handshake.ts';
import { isLegacyRevision, MODERN_REVISION } from '../facts/revisions.ts';

const HEADER_MISMATCH = -32020;
const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;

/** The outcome of `server/discover`, for any transport. */
export type DiscoverAnswer =
  | { readonly kind: 'result'; readonly result: unknown }
  | {
      readonly kind: 'error';
      readonly code: number;
      readonly data?: unknown;
      readonly httpStatus?: number;
    }
  /** An HTTP status with a body that is no JSON-RPC. */
  | { readonly kind: 'http'; readonly status: number }
  /** Something came back that is no answer: wrong content type, broken JSON, a closed connection. */
  | { readonly kind: 'unreadable' }
  /** Nothing came back within the separate limit of discover. */
  | { readonly kind: 'timeout' }
  /** The server was not reached at all: name, port, certificate. */
  | { readonly kind: 'unreachable' };

export type EraVerdict =
  | { readonly kind: 'modern' }
  /** A modern server that refuses this very request; `initialize` cannot help. */
  | { readonly kind: 'modern_refusal' }
  /** `isAnswer`: the server read the request and does not support it; otherwise it may still be of both eras. */
  | { readonly kind: 'try_initialize'; readonly isAnswer: boolean }
  /** Nothing was learned: authentication required, a rate limit, a redirect, no connection. The failure is final. */
  | { readonly kind: 'none' };

const MODERN: EraVerdict = { kind: 'modern' };
const MODERN_REFUSAL: EraVerdict = { kind: 'modern_refusal' };
const TRY_INITIALIZE: EraVerdict = { kind: 'try_initialize', isAnswer: true };
const TRY_IN_DOUBT: EraVerdict = { kind: 'try_initialize', isAnswer: false };
const NONE: EraVerdict = { kind: 'none' };

/**
 * Which era a server is of, by what it answered to `server/discover`. Recognises by code and structure, never by text:
 * old servers answer almost anything, 5xx included, so whatever is not clearly modern earns one `initialize`. Silence, a
 * dropped connection, garbage, 408 and 5xx are no answer: servers of both eras do the same while they start.
 */
export function assessDiscover(answer: DiscoverAnswer): EraVerdict {
  switch (answer.kind) {
    case 'result':
      return discoveredVersions(answer.result)?.includes(MODERN_REVISION) ? MODERN : TRY_INITIALIZE;
    case 'error':
      if (isWall(answer.httpStatus)) return NONE;
      return isUnready(answer.httpStatus) ? TRY_IN_DOUBT : assessError(answer.code, answer.data);
    case 'http':
      if (isWall(answer.status)) return NONE;
      return isAnswerStatus(answer.status) ? TRY_INITIALIZE : TRY_IN_DOUBT;
    case 'unreadable':
    case 'timeout':
      return TRY_IN_DOUBT;
    case 'unreachable':
      return NONE;
  }
}

/** Statuses that would meet `initialize` as well: authentication, rate limit, redirects. */
function isWall(status: number | undefined): boolean {
  if (status === undefined) return false;
  return status === 401 || status === 403 || status === 429 || (status >= 300 && status < 400);
}

/** Statuses of a server, or of a proxy in front of it, that cannot answer now. */
function isUnready(status: number | undefined): boolean {
  return status !== undefined && (status === 408 || status >= 500);
}

function isAnswerStatus(status: number): boolean {
  return status >= 400 && !isUnready(status);
}

function assessError(code: number, data: unknown): EraVerdict {
  if (code === HEADER_MISMATCH || code === MISSING_CLIENT_CAPABILITY) return MODERN_REFUSAL;
  if (code !== UNSUPPORTED_PROTOCOL_VERSION) return TRY_INITIALIZE;
  return supportedVersionsOf(data)?.some(isLegacyRevision) ? TRY_INITIALIZE : MODERN_REFUSAL;
}

/** `data.supported` of an UnsupportedProtocolVersion error. */
export function supportedVersionsOf(data: unknown): readonly string[] | undefined {
  const supported = isJsonObject(data) ? data['supported'] : undefined;
  if (!Array.isArray(supported)) return undefined;
  return supported.filter((version): version is string => typeof version === 'string');
}
