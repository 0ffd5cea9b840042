import {
  bridgeEffects,
  type BridgeEffect,
  type BridgeEvent,
  createBridgeState,
} from './bridge-state.ts';

/** A connection to the gateway or to the server itself. */
export interface BridgeRoute {
  /** @returns whether it was taken */
  send(text: string): boolean;
}

export interface BridgeOptions {
  readonly toClient: (text: string) => void;
  /** Connects to the server itself; called at most once. Resolves with undefined if that fails. */
  readonly openDirect: () => Promise<BridgeRoute | undefined>;
  /** The server itself did not take the client's `initialize` when it was sent again. */
  readonly onReplayRefused?: (message: string) => void;
}

export interface StdioBridge {
  /** One line of the client. */
  fromClient(text: string): void;
  /** One message of the server. */
  fromServer(text: string): void;
  /** A message that certainly did not reach the gateway: from now on messages go to the server itself. */
  onUndelivered(text: string): void;
  /** Requests that wait for an answer, without those that only end with the session. */
  pending(): number;
  /** Resolves as soon as no request waits for an answer. */
  whenIdle(): Promise<void>;
}

/**
 * Keeps a stdio client going when the gateway is not there: the client's own `initialize` is sent again to the server
 * itself, its answer is kept from the client, and what was not delivered follows.
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
