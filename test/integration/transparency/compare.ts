import { INSTANCE_HEADER } from '../../../src/facts/rules/request-origin.ts';
import { isDeepStrictEqual } from 'node:util';
import { forwardsBytes, type Lane } from './lanes.ts';
import type { Message } from './peer.ts';
import type { Observation } from './run-side.ts';
import type { Scenario } from './scenario.ts';
import type { ServerEntry } from './world.ts';

/** A place where the two observations differ. */
export interface PlainDifference {
  /** For example `received.0.params.data`. */
  readonly path: string;
  readonly direct: unknown;
  readonly through: unknown;
}

/** What a test can compare: without what is documented to be another for every request. */
export function comparable(
  { outcome, received, seen }: Observation,
  { isUnordered, isOpening, comparesStreams }: Scenario,
  lane: Lane,
  documentedHeaders: ReadonlySet<string>,
): unknown {
  const isCopy = forwardsBytes(lane);
  const order = <T>(items: readonly T[]): readonly T[] =>
    isUnordered ? items.toSorted(byTextWithoutIds) : items;
  const shown = (entry: ServerEntry): unknown => project(entry, isCopy, documentedHeaders);
  const result = {
    outcome,
    received: order(isCopy || !isOpening ? received : []),
    seen: order(
      seen.filter((entry) => (isCopy ? !isStream(entry) : isCompared(entry, lane))).map(shown),
    ),
    streams: isCopy && comparesStreams ? distinct(streamsOf(seen).map(shown)) : [],
  };
  // Across transports, ids only have to fit each other.
  return plain(isCopy ? result : { outcome, ...renumber(result) });
}

/** Over another transport, clients find out the era in another way, and have no streams or DELETE. */
function isCompared({ verb, message }: ServerEntry, { era, route }: Lane): boolean {
  const method = message?.['method'];
  // A client of stdio has no stream to close, and an HTTP server needs no notification about a stream that is closed.
  if (method === 'notifications/cancelled') return era === 'legacy' || route.server === 'stdio';
  return message ? method !== 'server/discover' : verb === undefined;
}

const isStream = ({ verb }: ServerEntry): boolean => verb === 'GET';

/** Those of the session that the last message came in. Clients open streams again at times of their own, also in other sessions. */
function streamsOf(seen: readonly ServerEntry[]): readonly ServerEntry[] {
  const sessionOf = ({ headers }: ServerEntry): string | undefined => headers?.['mcp-session-id'];
  const session = seen.map(sessionOf).findLast((id) => id !== undefined);
  return seen.filter((entry) => isStream(entry) && sessionOf(entry) === session);
}

function distinct(items: readonly unknown[]): readonly unknown[] {
  const texts = new Set(items.map((item) => JSON.stringify(item)));
  return [...texts].toSorted().map((text) => JSON.parse(text) as unknown);
}

/** @returns every leaf that differs; lists of different lengths differ from the first one that has no partner */
export function differencesBetween(
  direct: unknown,
  through: unknown,
  path = '',
): readonly PlainDifference[] {
  if (isDeepStrictEqual(direct, through)) return [];
  if (
    !isContainer(direct) ||
    !isContainer(through) ||
    Array.isArray(direct) !== Array.isArray(through)
  )
    return [{ path, direct, through }];
  const keys = new Set([...Object.keys(direct), ...Object.keys(through)]);
  return [...keys].flatMap((key) =>
    differencesBetween(direct[key], through[key], path === '' ? key : `${path}.${key}`),
  );
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** As JSON has it: without `undefined`. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function project(
  { pid: _pid, headers, ...entry }: ServerEntry,
  isCopy: boolean,
  documented: ReadonlySet<string>,
): unknown {
  if (!headers) return entry;
  const kept = Object.entries(headers).filter(([name]) =>
    isCopy ? !documented.has(name) : name.startsWith('mcp-') && name !== INSTANCE_HEADER,
  );
  if (isCopy) return { ...entry, headers: Object.fromEntries(kept) };
  const { verb: _verb, ...message } = entry;
  return { ...message, headers: Object.fromEntries(kept) };
}

const ID_KEYS = new Set([
  'id',
  'progressToken',
  'requestId',
  'io.modelcontextprotocol/subscriptionId',
]);

function byTextWithoutIds(a: unknown, b: unknown): number {
  const text = (value: unknown): string =>
    JSON.stringify(value, (key, inner: unknown) => (ID_KEYS.has(key) ? undefined : inner));
  const [left, right] = [text(a), text(b)];
  return left < right ? -1 : Number(left > right);
}

/** Ids by the order of their first appearance, on either end. */
function renumber({ received, seen }: { received: readonly Message[]; seen: readonly unknown[] }): {
  readonly received: unknown;
  readonly seen: unknown;
} {
  const replaced = (value: unknown): unknown => {
    const names = new Map<unknown, string>();
    return JSON.parse(JSON.stringify(value), (key, inner: unknown) => {
      if (!ID_KEYS.has(key) || isContainer(inner)) return inner;
      if (!names.has(inner)) names.set(inner, `#${names.size + 1}`);
      return names.get(inner);
    }) as unknown;
  };
  return { received: replaced(received), seen: replaced(seen) };
}
