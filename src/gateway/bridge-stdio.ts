import { isRequest, isResponse } from '../domain/message-facts.ts';
import { readMessages } from './message-reader.ts';

/** A way to a server that takes messages. */
export interface BridgeRoute {
  send(text: string): boolean;
}

/** What goes to the client, and where the client's messages go now. */
export interface BridgeOptions {
  readonly toClient: (text: string) => void;
  /** Opens the way past the gateway; called at most once. Nothing where that failed. */
  readonly openDirect: () => Promise<BridgeRoute | undefined>;
}

export interface StdioBridge {
  /** One line of the client. */
  fromClient(text: string): void;
  /** One message of the server. */
  fromServer(text: string): void;
  /** A message that certainly did not reach the gateway: from now on the server is spoken to directly. */
  onUndelivered(text: string): void;
  /** Requests that wait for an answer. */
  pending(): number;
}

const REPLAY_ID = '"mcp-exporter-replay"';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/**
 * Keeps a stdio client going when the gateway is not there: the client's own `initialize` is said again to the server
 * itself, its answer is kept from the client, and what was not delivered follows.
 */
export function createStdioBridge(
  route: BridgeRoute | undefined,
  { toClient, openDirect }: BridgeOptions,
): StdioBridge {
  const waiting = new Set<string>();
  let opening: string | undefined;
  let isInitialized = false;
  let current = route;
  /** What waits for the way past the gateway. */
  let held: string[] | undefined = route ? undefined : [];
  let awaitsReplay = false;
  if (!route) void switchOver();

  async function switchOver(): Promise<void> {
    const direct = await openDirect();
    current = direct;
    if (!direct) return;
    if (opening !== undefined && isInitialized) {
      awaitsReplay = true;
      const message = JSON.parse(opening) as object;
      direct.send(JSON.stringify({ ...message, id: JSON.parse(REPLAY_ID) as string }));
    } else {
      release();
    }
  }

  function release(): void {
    const texts = held ?? [];
    held = undefined;
    for (const text of texts) current?.send(text);
  }

  return {
    fromClient(text) {
      for (const facts of readMessages(Buffer.from(text)).messages) {
        if (isRequest(facts)) waiting.add(facts.id ?? '');
        if (facts.method === 'initialize') opening = text;
      }
      if (held) held.push(text);
      else current?.send(text);
    },
    fromServer(text) {
      for (const facts of readMessages(Buffer.from(text)).messages) {
        if (!isResponse(facts)) continue;
        if (awaitsReplay && facts.id === REPLAY_ID) {
          awaitsReplay = false;
          current?.send(INITIALIZED);
          release();
          return;
        }
        waiting.delete(facts.id ?? '');
        if (facts.hasResult && opening !== undefined) isInitialized = true;
      }
      toClient(text);
    },
    onUndelivered(text) {
      if (held) {
        held.push(text);
        return;
      }
      held = [text];
      void switchOver();
    },
    pending: () => waiting.size,
  };
}
