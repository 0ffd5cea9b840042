import { isJsonObject, type JsonObject } from '../../../src/facts/json-object.ts';
import type { Asked, OddServer } from './odd-server.ts';
import { usualReply } from './usual-replies.ts';

/** What every transport of an odd server remembers. */
export interface ExchangeState {
  readonly odd: OddServer;
  /** Messages so far, by method. */
  readonly counts: Map<string, number>;
  /** Waiting for the client's answer to a request of the server, by its id. */
  readonly waiting: Map<string, PromiseWithResolvers<void>>;
  isLater: boolean;
}

export function createExchangeState(odd: OddServer): ExchangeState {
  return { odd, counts: new Map(), waiting: new Map(), isLater: false };
}

export function parseMessage(text: string): JsonObject {
  if (text === '') return {};
  const parsed: unknown = JSON.parse(text);
  return isJsonObject(parsed) ? parsed : {};
}

/** Counts the message, computes its reply, and notes that a request of the server was answered. */
export function takeMessage(state: ExchangeState, message: JsonObject): Asked {
  const { odd, counts, isLater } = state;
  const method = typeof message['method'] === 'string' ? message['method'] : '';
  const before = counts.get(method) ?? 0;
  counts.set(method, before + 1);
  if (method === '' && typeof message['id'] === 'string') waitFor(state, message['id']).resolve();
  const answered = (id: string): Promise<void> => waitFor(state, id).promise;
  const asked = { message, method, reply: undefined, before, isLater, answered };
  if (method === '' || message['id'] === undefined) return asked;
  const usual = usualReply(message, odd.era, odd.revision);
  return { ...asked, reply: odd.reply ? odd.reply({ ...asked, reply: usual }, usual) : usual };
}

function waitFor({ waiting }: ExchangeState, id: string): PromiseWithResolvers<void> {
  const known = waiting.get(id);
  if (known) return known;
  const created = Promise.withResolvers<void>();
  waiting.set(id, created);
  return created;
}
