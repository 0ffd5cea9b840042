import { type CallVerdict, ERROR_TYPES } from '../call-outcome.ts';
import { hashText } from './hash-text.ts';
import { OVERFLOW_LABEL } from './label-bound.ts';
import { REVISIONS } from '../revisions.ts';

/** Every request method of every revision, of both sides; any other text is folded (`operation` label). */
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

/** The name that our own checks give as client: usage families leave it out. */
export const PROBE_CLIENT_NAME = 'mcp-exporter';

/** Value of `server` for requests to names that are not configured. */
export const UNKNOWN_SERVER = OVERFLOW_LABEL;

const KNOWN_OPERATIONS: ReadonlySet<string> = new Set(OPERATIONS);
const KNOWN_ERROR_TYPES: ReadonlySet<string> = new Set(ERROR_TYPES);
const KNOWN_STATUSES: ReadonlySet<number> = new Set([
  200, 400, 401, 403, 404, 405, 406, 408, 409, 410, 413, 415, 422, 429, 431, 499, 500, 501, 502,
  503, 504,
]);

/** @returns the method, or `_OTHER` */
export function operationLabel(operation: string): string {
  return KNOWN_OPERATIONS.has(operation) ? operation : OVERFLOW_LABEL;
}

/** A code of a closed list: an unusual one becomes the first of its class, so that `5..` still matches. */
export function statusLabel(status: number): string {
  if (KNOWN_STATUSES.has(status)) return String(status);
  return status >= 400 && status < 500 ? '400' : '500';
}

export function errorTypeLabel(errorType: string): string {
  return KNOWN_ERROR_TYPES.has(errorType) ? errorType : OVERFLOW_LABEL;
}

/** @returns a published revision, empty where the client named none, else `_OTHER` */
export function protocolVersionLabel(version: string | undefined): string {
  if (version === undefined || version === '') return '';
  return REVISIONS.has(version) ? version : OVERFLOW_LABEL;
}

/** What an exchange must have been for its duration to say something of the server; see `isTimed`. */
interface TimedFacts {
  readonly operation: string;
  readonly outcome: CallVerdict['outcome'];
  readonly errorType?: string;
}

/**
 * Whether an exchange of a client belongs in the latency. Left out: streams that are meant to last, refusals (by us or by
 * the server's own edge), and calls that found no connection: their milliseconds would make an outage look fast. Timeouts
 * and cancelled calls stay in with the time they took, a lower bound: leaving them out would flatter a server the more
 * clients give up on it.
 */
export function isTimed({ operation, outcome, errorType }: TimedFacts): boolean {
  // Without an operation nothing of it was read, so that nothing of it went on.
  if (operation === 'subscriptions/listen' || operation === '') return false;
  if (outcome === 'denied' || outcome === 'rate_limited') return false;
  return errorType !== 'connection';
}

/** Buckets that users are thrown into where a label may not name them. */
export const USER_BUCKETS = Array.from({ length: 16 }, (_, bucket) =>
  String(bucket).padStart(2, '0'),
);

/** @returns one of `USER_BUCKETS`, the same for the same user always */
export function userBucket(user: string): string {
  return USER_BUCKETS[hashText(user) % USER_BUCKETS.length] ?? OVERFLOW_LABEL;
}

/**
 * A short pseudonym of a user, the same in every process, so that the series of replicas add up.
 * @param userHash see `hashText`
 */
export function userPseudonym(userHash: number): string {
  return userHash.toString(16).padStart(8, '0');
}
