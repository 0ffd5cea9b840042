import type { FailedRequest } from '../protocol/message-channel.ts';
import {
  bridgeEffects,
  type BridgeEffect,
  type BridgeEvent,
  createBridgeState,
} from './bridge-state.ts';

/** A connection to the gateway or to the server itself. */
export interface BridgeRoute {
  /** @returns whether the connection accepted it */
  send(text: string): boolean;
}

export interface BridgeOptions {
  readonly toClient: (text: string) => void;
  /** Connects to the server directly; called at most once. Resolves with undefined on failure. */
  readonly openDirect: () => Promise<BridgeRoute | undefined>;
  /** The server rejected the client's `initialize` when it was sent again. */
  readonly onReplayRefused?: (message: string) => void;
}

export interface StdioBridge {
  /** One line of the client. */
  fromClient(text: string): void;
  /** One message of the server. */
  fromServer(text: string): void;
  /** A message that is known not to have reached the gateway: from now on, messages go to the server directly. */
  onUndelivered(text: string): void;
  onUnanswered(request: FailedRequest): void;
  /** Requests still waiting for an answer, except those that last as long as the session. */
  pending(): number;
  /** Resolves as soon as no request waits for an answer. */
  whenIdle(): Promise<void>;
}

/**
 * Keeps a stdio client working when the gateway is unavailable: it sends the client's own `initialize` to the server
 * again, hides that answer from the client, and then sends the messages that were not delivered.
 */
export function createStdioBridge(
  route: BridgeRoute | undefined,
  options: BridgeOptions,
): StdioBridge {
  return new BridgeDriver(route, options);
}

class BridgeDriver implements StdioBridge {
  readonly #options: BridgeOptions;
  readonly #state = createBridgeState();
  #route: BridgeRoute | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(route: BridgeRoute | undefined, options: BridgeOptions) {
    this.#route = route;
    this.#options = options;
    this.#handle({ kind: 'started', hasGateway: route !== undefined });
  }

  fromClient(text: string): void {
    this.#handle({ kind: 'client_line', text });
  }

  fromServer(text: string): void {
    this.#handle({ kind: 'server_message', text });
  }

  onUndelivered(text: string): void {
    this.#handle({ kind: 'undelivered', text });
  }

  onUnanswered(request: FailedRequest): void {
    this.#handle({ kind: 'unanswered', request });
  }

  pending(): number {
    return this.#state.waiting.size;
  }

  async whenIdle(): Promise<void> {
    if (this.pending() === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #handle(event: BridgeEvent): void {
    for (const effect of bridgeEffects(this.#state, event)) this.#perform(effect);
    if (this.pending() > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  #perform(effect: BridgeEffect): void {
    switch (effect.kind) {
      case 'to_client':
        return this.#options.toClient(effect.text);
      case 'to_server':
        if (this.#route?.send(effect.text) !== true)
          this.#handle({ kind: 'not_taken', text: effect.text });
        return;
      case 'replay':
        this.#route?.send(effect.text);
        return;
      case 'open_direct':
        void this.#openDirect();
        return;
      case 'replay_refused':
        return this.#options.onReplayRefused?.(effect.message);
    }
  }

  async #openDirect(): Promise<void> {
    this.#route = await this.#options.openDirect();
    if (this.#route) this.#handle({ kind: 'direct_opened' });
  }
}
