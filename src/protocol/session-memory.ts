import { isRequest, type MessageFacts } from './message-facts.ts';
import { parseKeepingNumbers } from './rewrite-ids.ts';

/** Messages of a client that must be repeated in a new session of its server. */
export interface SessionMemory {
  /** Remembers one message of the client; batches are not remembered. */
  note(facts: MessageFacts, text: string): void;
  /** The client's own `initialize` under an id of ours; undefined if there was none. */
  opening(): string | undefined;
  /** What follows once the server accepted it: log level and subscriptions, under ids of ours. */
  settings(): readonly string[];
}

const REPLAY = 'mcp-exporter-replay';
const SUBSCRIPTIONS_MAX = 1_000;

/** The id of a replayed `initialize`, as JSON text. */
export const REPLAY_ID = JSON.stringify(REPLAY);
export const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** Whether an answer belongs to a repeated message and must not reach the client. */
export function isReplayId(id: string | undefined): boolean {
  return id?.startsWith(REPLAY_ID.slice(0, -1)) ?? false;
}

export function createSessionMemory(): SessionMemory {
  const subscriptions = new Map<string, string>();
  let opening: string | undefined;
  let level: string | undefined;
  let replays = 0;

  function withId(text: string, id: string): string {
    return JSON.stringify({ ...(parseKeepingNumbers(text) as object), id });
  }

  return {
    note(facts, text) {
      if (!isRequest(facts)) return;
      const { method, target = '' } = facts;
      if (method === 'initialize') {
        opening = text;
        level = undefined;
        subscriptions.clear();
      } else if (method === 'logging/setLevel') {
        level = text;
      } else if (method === 'resources/subscribe') {
        if (subscriptions.size < SUBSCRIPTIONS_MAX) subscriptions.set(target, text);
      } else if (method === 'resources/unsubscribe') {
        subscriptions.delete(target);
      }
    },
    opening: () => (opening === undefined ? undefined : withId(opening, REPLAY)),
    settings: () =>
      [...(level === undefined ? [] : [level]), ...subscriptions.values()].map((text) =>
        withId(text, `${REPLAY}-${++replays}`),
      ),
  };
}
