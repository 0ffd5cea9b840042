import { type CallVerdict, ERROR_TYPES } from '../call-outcome.ts';
import { hashText } from './hash-text.ts';
import { OVERFLOW_LABEL } from './label-bound.ts';
import { REVISIONS } from '../revisions.ts';

/** Every request method of every revision, of both sides; any other text becomes `_OTHER` (`operation` label). */
export const OPERATIONS = [
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'subscriptions/listen',
  'completion/complete',
  'logging/setLevel',
  'tasks/get',
  'tasks/result',
  'tasks/list',
  'tasks/update',
  'tasks/cancel',
  'sampling/createMessage',
  'elicitation/create',
  'roots/list',
] as const;

/** The client name that our own checks send: usage metrics exclude it. */
export const PROBE_CLIENT_NAME = 'mcp-exporter';

/** Value of `server` for requests to names that are not configured. */
export const UNKNOWN_SERVER = OVERFLOW_LABEL;

const KNOWN_OPERATIONS: ReadonlySet<string> = new Set(OPERATIONS);
const KNOWN_ERROR_TYPES: ReadonlySet<string> = new Set(ERROR_TYPES);
const KNOWN_STATUSES: ReadonlySet<number> = new Set([
  200, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 429, 431, 499, 500, 501, 502,
  503, 504, 508,
]);

/** @returns the method, or `_OTHER` */
export function operationLabel(operation: string): string {
  return KNOWN_OPERATIONS.has(operation) ? operation : OVERFLOW_LABEL;
}

/** A code from a closed list: an unusual one becomes the first of its class, so that `5..` still matches. */
export function statusLabel(status: number): string {
  if (KNOWN_STATUSES.has(status)) return String(status);
  if (status >= 200 && status < 300) return '200';
  return status >= 400 && status < 500 ? '400' : '500';
}

export function errorTypeLabel(errorType: string): string {
  return KNOWN_ERROR_TYPES.has(errorType) ? errorType : OVERFLOW_LABEL;
}

/** @returns a published revision, empty if the client named none, else `_OTHER` */
export function protocolVersionLabel(version: string | undefined): string {
  if (version === undefined || version === '') return '';
  return REVISIONS.has(version) ? version : OVERFLOW_LABEL;
}

/** What decides whether the duration of an exchange is a measurement of the server; see `isTimed`. */
interface TimedFacts {
  readonly operation: string;
  readonly outcome: CallVerdict['outcome'];
  readonly errorType?: string;
}

/**
 * Whether a client's exchange counts towards latency. Excluded are streams that are meant to last, refusals (by the
 * gateway or by the server's own edge), and calls that found no connection: their milliseconds would make an outage look
 * fast. Timeouts and cancelled calls count with the time they took, a lower bound: excluding them would flatter a server
 * the more clients give up on it.
 */
export function isTimed({ operation, outcome, errorType }: TimedFacts): boolean {
  // Without an operation the request was not read, so it was not forwarded either.
  if (operation === 'subscriptions/listen' || operation === '') return false;
  if (outcome === 'denied' || outcome === 'rate_limited') return false;
  return errorType !== 'connection';
}

/** Buckets for users where a label must not name them. */
export const USER_BUCKETS = Array.from({ length: 16 }, (_, bucket) =>
  String(bucket).padStart(2, '0'),
);

/** @returns one of `USER_BUCKETS`, always the same for the same user */
export function userBucket(user: string): string {
  return USER_BUCKETS[hashText(user) % USER_BUCKETS.length] ?? OVERFLOW_LABEL;
}

/**
 * A short pseudonym of a user, the same in every process, so that the series of replicas can be added up.
 * @param userHash see `hashText`
 */
export function userPseudonym(userHash: number): string {
  return userHash.toString(16).padStart(8, '0');
}
