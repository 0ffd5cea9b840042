import type { Clock } from '../../facts/ports/clock.ts';
import type { JsonObject } from '../../facts/json-object.ts';
import { timeoutFacts } from '../timeout-facts.ts';
import {
  channelEffects,
  type ChannelEffect,
  type ChannelEvent,
  type ChildReply,
  createChannelState,
} from './channel-state.ts';
import type { ChildEnd } from './child-end.ts';
import { createOddLines, type OddLines } from './child-odd-lines.ts';
import type { Child, ChildLimits } from './child-process.ts';

/** The largest real answer seen is 226 kB of tools/list. */
export const CHANNEL_LIMITS: ChildLimits = {
  lineBytesMax: 4 * 1024 * 1024,
  unreadBytesMax: 1024 * 1024,
};

/** JSON-RPC with one child: numbers requests, matches answers to them, and answers requests of the server. */
export interface ChildChannel {
  readonly child: Child;
  /**
   * Sends a request under an id of its own; `onReply` is called once, never before this returns.
   *
   * @returns forgets the request
   */
  send(
    method: string,
    params: JsonObject | undefined,
    onReply: (reply: ChildReply) => void,
  ): ForgetRequest;
  /** Like `send`, until `signal` aborts. Never rejects. */
  request(method: string, params: JsonObject | undefined, signal: AbortSignal): Promise<ChildReply>;
  notify(method: string, params?: JsonObject): void;
  /** @returns stops listening */
  subscribe(listener: ChildChannelListener): () => void;
  /** Describes the lines since the last call that are not messages; empty if there were none. */
  takeOddities(): string;
}

/** @param onLate gets the answer if it comes all the same; without it the answer is dropped */
export type ForgetRequest = (onLate?: (reply: ChildReply) => void) => void;

export interface ChildChannelListener {
  onNotification(message: JsonObject): void;
  onEnd(end: ChildEnd): void;
}

export interface ChannelOptions {
  readonly clock: Clock;
  readonly mask: (text: string) => string;
  /** Called with the time from the start to the child's first message. */
  readonly onFirstMessage: (startMs: number) => void;
  /** Called before pending requests fail. */
  readonly onEnd: (end: ChildEnd) => void;
}

/** @param child must not have a listener yet */
export function createChildChannel(child: Child, options: ChannelOptions): ChildChannel {
  return new ChannelDriver(child, options);
}

class ChannelDriver implements ChildChannel {
  readonly child: Child;
  readonly #options: ChannelOptions;
  readonly #state = createChannelState();
  /** By id of the request. */
  readonly #callers = new Map<number, (reply: ChildReply) => void>();
  readonly #listeners = new Set<ChildChannelListener>();
  readonly #oddLines: OddLines;
  #lastId = 0;

  constructor(child: Child, options: ChannelOptions) {
    this.child = child;
    this.#options = options;
    this.#oddLines = createOddLines(options.mask);
    child.listen({
      onLine: (text) => this.#handle({ kind: 'line', text }),
      onOversizedLine: () =>
        this.#handle({ kind: 'oversized_line', bytesMax: CHANNEL_LIMITS.lineBytesMax }),
      onEnd: (end) => this.#onEnd(end),
    });
  }

  send(
    method: string,
    params: JsonObject | undefined,
    onReply: (reply: ChildReply) => void,
  ): ForgetRequest {
    const id = (this.#lastId += 1);
    this.#callers.set(id, onReply);
    this.#handle({ kind: 'request', id, method, params });
    return (onLate) => {
      const wasReplied = !this.#callers.delete(id);
      if (onLate && !wasReplied) this.#callers.set(id, onLate);
      this.#handle({ kind: 'forget', id, isLateAnswerWanted: onLate !== undefined });
    };
  }

  request(
    method: string,
    params: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<ChildReply> {
    const { clock } = this.#options;
    const sentAtMs = clock.monotonicMs();
    return new Promise((resolve) => {
      const onAbort = (): void => {
        forget();
        const waitedMs = clock.monotonicMs() - sentAtMs;
        resolve({ ok: false, facts: timeoutFacts(`answer to ${method}`, signal, waitedMs) });
      };
      const forget = this.send(method, params, (reply) => {
        signal.removeEventListener('abort', onAbort);
        resolve(reply);
      });
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  notify(method: string, params?: JsonObject): void {
    this.child.write(JSON.stringify({ jsonrpc: '2.0', method, ...(params && { params }) }));
  }

  subscribe(listener: ChildChannelListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  takeOddities(): string {
    return this.#oddLines.take();
  }

  #onEnd(end: ChildEnd): void {
    this.#options.onEnd(end);
    this.#handle({ kind: 'ended', end });
    for (const listener of [...this.#listeners]) listener.onEnd(end);
    this.#listeners.clear();
  }

  #handle(event: ChannelEvent): void {
    for (const effect of channelEffects(this.#state, event)) this.#perform(effect);
  }

  #perform(effect: ChannelEffect): void {
    switch (effect.kind) {
      case 'write':
        // If the line is not taken, the child is about to end, or it does not read and the request times out.
        this.child.write(effect.text);
        return;
      case 'reply':
        return this.#reply(effect.id, effect.reply);
      case 'refuse':
        return queueMicrotask(() => this.#reply(effect.id, { ok: false, facts: effect.facts }));
      case 'first_message': {
        const { clock, onFirstMessage } = this.#options;
        return onFirstMessage(clock.monotonicMs() - this.child.startedAtMs);
      }
      case 'notification':
        for (const listener of [...this.#listeners]) listener.onNotification(effect.message);
        return;
      case 'odd_line':
        return this.#oddLines.add(effect.oddity, effect.line);
    }
  }

  #reply(id: number, reply: ChildReply): void {
    const onReply = this.#callers.get(id);
    this.#callers.delete(id);
    onReply?.(reply);
  }
}
