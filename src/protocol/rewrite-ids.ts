import { createPendingMap } from './pending-map.ts';

/**
 * Ids, progress tokens and subscription ids of several clients made unique for one server that serves them all.
 *
 * Numbers and ids keep their spelling: an integer past 2^53, `1.0` or `"\\u0041"` must come out as it went in.
 */
type MutableObject = Record<string, unknown>;
type RawJson = (text: string) => unknown;
type Reviver = (
  this: unknown,
  key: string,
  value: unknown,
  context: { readonly source?: string },
) => unknown;

const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';
const rawJson = (JSON as unknown as { rawJSON: RawJson }).rawJSON;
const parseExact = JSON.parse as unknown as (text: string, reviver: Reviver) => unknown;

export function parseKeepingNumbers(text: string): unknown {
  return parseExact(text, (key, value, { source }) =>
    source !== undefined && isRespelled(key, value, source) ? rawJson(source) : value,
  );
}

function isRespelled(key: string, value: unknown, source: string): boolean {
  if (typeof value === 'number') return String(value) !== source;
  return key === 'id' && typeof value === 'string' && JSON.stringify(value) !== source;
}

export interface Rewriter {
  /** Makes the id of a request unique. */
  request(text: string): { readonly text: string; readonly wireId: string };
  /** Points `notifications/cancelled` at the unique id. */
  cancellation(wireId: string): string;
  /** Gives an answer the id of its request back. */
  answer(text: string, wireId: string): string;
  /** Gives a notification its client's token or subscription id back, and says whose request it belongs to. */
  notification(text: string): { readonly text: string; readonly wireId: string } | undefined;
  /** JSON text of the id that the client gave a request. */
  writtenId(wireId: string): string | undefined;
  forget(wireId: string): void;
}

export function createRewriter(): Rewriter {
  /** Of requests that wait for an answer; bounded by the gateway's cap on them. */
  const originals = createPendingMap<string, { readonly id: unknown; readonly token: unknown }>();
  let last = 0;

  function metaOf(message: MutableObject): MutableObject | undefined {
    const params = message['params'];
    const meta = isBag(params) ? params['_meta'] : undefined;
    return isBag(meta) ? meta : undefined;
  }

  return {
    request(text) {
      const message = parseKeepingNumbers(text) as MutableObject;
      const wireId = String(++last);
      const meta = metaOf(message);
      originals.set(wireId, { id: message['id'], token: meta?.['progressToken'] });
      if (meta && 'progressToken' in meta) meta['progressToken'] = last;
      return { text: JSON.stringify({ ...message, id: last }), wireId };
    },
    cancellation(wireId) {
      return JSON.stringify({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: Number(wireId), reason: 'the client went away' },
      });
    },
    answer(text, wireId) {
      const id = originals.get(wireId)?.id;
      return JSON.stringify({ ...(parseKeepingNumbers(text) as MutableObject), id });
    },
    notification(text) {
      const message = parseKeepingNumbers(text) as MutableObject;
      const params = message['params'];
      const meta = metaOf(message);
      const token = isBag(params) ? params['progressToken'] : undefined;
      const subscription = meta?.[SUBSCRIPTION_ID];
      const wireId = String(token ?? subscription);
      const original = originals.get(wireId);
      if (!original) return undefined;
      if (token !== undefined && isBag(params)) params['progressToken'] = original.token;
      if (subscription !== undefined && meta) meta[SUBSCRIPTION_ID] = original.id;
      return { text: JSON.stringify(message), wireId };
    },
    writtenId(wireId) {
      const original = originals.get(wireId);
      return original && JSON.stringify(original.id);
    },
    forget(wireId) {
      originals.delete(wireId);
    },
  };
}

function isBag(value: unknown): value is MutableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
