import { isRequest, isResponse, type MessageFacts } from '../protocol/message-facts.ts';
import { type RefusalName, renderRefusal } from '../facts/refusal.ts';
import { readLine } from '../protocol/read-line.ts';
import {
  createSessionMemory,
  INITIALIZED,
  isReplayId,
  REPLAY_ID,
} from '../protocol/session-memory.ts';

/** A way to a server that takes messages. */
export interface BridgeRoute {
  /** @returns whether it was taken */
  send(text: string): boolean;
}

/** What goes to the client, and where the client's messages go now. */
export interface BridgeOptions {
  readonly toClient: (text: string) => void;
  /** Opens the way past the gateway; called at most once. Nothing where that failed. */
  readonly openDirect: () => Promise<BridgeRoute | undefined>;
  /** The server itself did not take the client's `initialize` when it was said again. */
  readonly onReplayRefused?: (message: string) => void;
}

export interface StdioBridge {
  /** One line of the client. */
  fromClient(text: string): void;
  /** One message of the server. */
  fromServer(text: string): void;
  /** A message that certainly did not reach the gateway: from now on the server is spoken to directly. */
  onUndelivered(text: string): void;
  /** Requests that wait for an answer, without those that only end with the session. */
  pending(): number;
}

/** What waits while the way past the gateway is being opened; a client that says more gets refusals. */
const HELD_MAX = 1_000;
/** Questions of the server that the client has not answered yet. */
const ASKED_MAX = 1_000;

/**
 * Keeps a stdio client going when the gateway is not there: the client's own `initialize` is said again to the server
 * itself, its answer is kept from the client, and what was not delivered follows.
 */
export function createStdioBridge(
  route: BridgeRoute | undefined,
  { toClient, openDirect, onReplayRefused }: BridgeOptions,
): StdioBridge {
  const memory = createSessionMemory();
  const waiting = new Set<string>();
  let asked = new Set<string>();
  /** Asked over the way that is gone: the server that is spoken to now does not know these questions. */
  let stale = new Set<string>();
  let openingId: string | undefined;
  let isInitialized = false;
  let hasSaidInitialized = false;
  let state: 'gateway' | 'opening' | 'direct' = route ? 'gateway' : 'opening';
  let current = route;
  let undelivered: string[] = [];
  let held: string[] = [];
  if (!route) void switchOver();

  async function switchOver(): Promise<void> {
    state = 'opening';
    forgetQuestions();
    current = await openDirect();
    if (!current) return;
    const opening = isInitialized ? memory.opening() : undefined;
    if (opening === undefined) release();
    else current.send(opening);
  }

  function forgetQuestions(): void {
    for (const id of asked)
      toClient(
        `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id},"reason":"the connection was lost"}}`,
      );
    stale = asked;
    asked = new Set();
  }

  function afterReplay(facts: MessageFacts): void {
    if (facts.error) {
      onReplayRefused?.(facts.error.message);
      return;
    }
    const isOnItsWay = [...undelivered, ...held].some((text) =>
      readLine(text).messages.some(({ method }) => method === 'notifications/initialized'),
    );
    if (hasSaidInitialized && !isOnItsWay) current?.send(INITIALIZED);
    for (const text of memory.settings()) current?.send(text);
    release();
  }

  function release(): void {
    state = 'direct';
    const texts = [...undelivered, ...held];
    undelivered = [];
    held = [];
    for (const text of texts) pass(text);
  }

  function pass(text: string): void {
    if (current?.send(text) !== true) refuse(text, 'overloaded');
  }

  function refuse(text: string, name: RefusalName): void {
    for (const facts of readLine(text).messages) {
      if (!isRequest(facts)) continue;
      waiting.delete(facts.id ?? '');
      toClient(renderRefusal(name, facts.id));
    }
  }

  function hold(texts: string[], text: string): void {
    if (texts.length < HELD_MAX) texts.push(text);
    else refuse(text, 'overloaded');
  }

  /** @returns whether the message may go on */
  function noteOfClient(facts: MessageFacts): boolean {
    const { id = '', method, cancelledId } = facts;
    if (isResponse(facts)) {
      asked.delete(id);
      return !stale.delete(id);
    }
    if (isRequest(facts) && method !== 'subscriptions/listen') waiting.add(id);
    if (method === 'initialize') openingId = id;
    if (method === 'notifications/initialized') hasSaidInitialized = true;
    if (method === 'notifications/cancelled') waiting.delete(cancelledId ?? '');
    return true;
  }

  function noteOfServer(facts: MessageFacts): void {
    const { id = '' } = facts;
    if (isResponse(facts)) {
      waiting.delete(id);
      if (facts.hasResult && id === openingId) isInitialized = true;
    } else if (isRequest(facts) && asked.size < ASKED_MAX) {
      asked.add(id);
      stale.delete(id);
    }
  }

  return {
    fromClient(text) {
      const { messages, isBatch, isJson } = readLine(text);
      if (!isJson && state === 'gateway') {
        // A server's own reader would see this line; HTTP has no place for it.
        toClient(renderRefusal('invalid_json', undefined));
        return;
      }
      const isWanted = messages.map(noteOfClient);
      if (messages.length > 0 && !isWanted.includes(true)) return;
      if (!isBatch) for (const facts of messages) memory.note(facts, text);
      if (state === 'opening') hold(held, text);
      else pass(text);
    },
    fromServer(text) {
      const { messages } = readLine(text);
      const [first] = messages;
      if (first && isResponse(first) && isReplayId(first.id)) {
        if (first.id === REPLAY_ID) afterReplay(first);
        return;
      }
      for (const facts of messages) noteOfServer(facts);
      toClient(text);
    },
    onUndelivered(text) {
      if (state === 'direct') {
        pass(text);
        return;
      }
      hold(undelivered, text);
      if (state === 'gateway') void switchOver();
    },
    pending: () => waiting.size,
  };
}
