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
  /** Connects to the server directly, each time the gateway is lost. Resolves with undefined on failure. */
  readonly openDirect: () => Promise<BridgeRoute | undefined>;
  /** The server rejected the client's `initialize` when it was sent again. */
  readonly onReplayRefused?: (message: string) => void;
  /** The gateway that is back has taken over: the connection to the server itself is no longer needed. */
  readonly onTakenOver?: () => void;
  /** The new connection to the gateway is of no use. */
  readonly onReturnFailed?: () => void;
}

export interface StdioBridge {
  /** One line of the client. */
  fromClient(text: string): void;
  /**
   * One message of the server.
   * @param from the connection over which it came; default: the one in use
   */
  fromServer(text: string, from?: BridgeRoute): void;
  /**
   * A message that is known not to have reached the gateway: from now on, messages go to the server directly.
   * @param from as with `fromServer`
   */
  onUndelivered(text: string, from?: BridgeRoute): void;
  /** A new connection to the gateway: it is used again once the session is open there and no request waits. */
  onGatewayBack(gateway: BridgeRoute): void;
  onUnanswered(request: FailedRequest): void;
  /** Requests still waiting for an answer, except those that last as long as the session. */
  pending(): number;
  /** Resolves as soon as no request waits for an answer. */
  whenIdle(): Promise<void>;
}

/**
 * Keeps a stdio client working when the gateway is unavailable: it sends the client's own `initialize` to the server
 * again, hides that answer from the client, and then sends the messages that were not delivered. The same way back.
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
  /** The gateway that is back, before it takes over. */
  #gateway: BridgeRoute | undefined;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(route: BridgeRoute | undefined, options: BridgeOptions) {
    this.#route = route;
    this.#options = options;
    this.#handle({ kind: 'started', hasGateway: route !== undefined });
  }

  fromClient(text: string): void {
    this.#handle({ kind: 'client_line', text });
  }

  fromServer(text: string, from?: BridgeRoute): void {
    const isEarly = from !== undefined && from === this.#gateway;
    this.#handle({ kind: isEarly ? 'early_message' : 'server_message', text });
  }

  onUndelivered(text: string, from?: BridgeRoute): void {
    if (from !== undefined && from === this.#gateway) this.#handle({ kind: 'return_failed' });
    else this.#handle({ kind: 'undelivered', text });
  }

  onGatewayBack(gateway: BridgeRoute): void {
    this.#gateway = gateway;
    this.#handle({ kind: 'gateway_back' });
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
      case 'replay_to_gateway':
        this.#gateway?.send(effect.text);
        return;
      case 'take_over':
        this.#route = this.#gateway;
        this.#gateway = undefined;
        return this.#options.onTakenOver?.();
      case 'give_up_return':
        this.#gateway = undefined;
        return this.#options.onReturnFailed?.();
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
