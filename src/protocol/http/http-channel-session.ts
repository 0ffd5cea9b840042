import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../facts/ports/clock.ts';
import type { MessageFacts } from '../message-facts.ts';
import { createSessionMemory } from '../session-memory.ts';
import { deleteSession } from './delete-session.ts';
import {
  contextOf,
  type HttpChannelEvent,
  type HttpChannelState,
  isStateless,
  NEW_HTTP_CHANNEL,
  nextHttpChannelState,
} from './http-channel-state.ts';
import type { HttpEndpoint } from './http-endpoint.ts';
import { openEvents, sendMessage } from './message-exchange.ts';
import { type MessageContext, type SessionContext, sessionIdOf } from './message-headers.ts';
import { MirroredParams } from './mirrored-params.ts';
import type { PendingMessage } from './pending-message.ts';
import { BRIDGE_LIMITS, readBody } from './read-body.ts';
import { type RepeatResult, renewSession } from './renew-session.ts';
import { followSessionStream } from './session-stream.ts';

export interface HttpChannelSessionOptions {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** What the server sends on its own. */
  onText(text: string): void;
}

const DELETE_MS_MAX = 1_000;

/** The session of a bridge with its server: what both agreed on, its own stream, and its renewal if the server lost it. */
export class HttpChannelSession {
  readonly #options: HttpChannelSessionOptions;
  readonly #listening = new AbortController();
  readonly #memory = createSessionMemory();
  readonly #mirrored = new MirroredParams();
  #renewing: Promise<boolean> | undefined;
  #state: HttpChannelState = NEW_HTTP_CHANNEL;

  constructor(options: HttpChannelSessionOptions) {
    this.#options = options;
  }

  /** Whether the server ever answered with success. */
  get hasAnswered(): boolean {
    return this.#state.hasAnswered;
  }

  isStateless(facts: MessageFacts): boolean {
    return isStateless(this.#state, facts);
  }

  /** Keeps what a new session would have to be told again. */
  remember(facts: MessageFacts, text: string): void {
    this.#memory.note(facts, text);
  }

  /** What the headers of `message` say if it is sent now. */
  contextOf({ first, text }: PendingMessage): MessageContext {
    this.#note({ kind: 'message_sent', first });
    return contextOf(this.#state, first, this.#mirrored.of(first, text));
  }

  noteHead({ first }: PendingMessage, { statusCode: status = 0, headers }: IncomingMessage): void {
    const isOpening = first?.method === 'initialize';
    this.#note({ kind: 'answer_begun', isOpening, status, sessionId: sessionIdOf(headers) });
  }

  /** @param answers those in `text` */
  noteAnswers({ first }: PendingMessage, answers: readonly MessageFacts[], text: string): void {
    if (first?.method === 'initialize')
      for (const { protocolVersion } of answers)
        this.#note({ kind: 'opening_answered', protocolVersion });
    if (first?.method === 'tools/list') this.#mirrored.learn(text);
  }

  /** Passes on what the server sends on its own, until the session or the channel ends. */
  listen(): void {
    const { endpoint, clock, signal: ending, onText } = this.#options;
    const { sessionId } = this.#state;
    const signal = AbortSignal.any([this.#listening.signal, ending]);
    void followSessionStream({
      open: (lastEventId) => openEvents(endpoint, this.#context(), { signal }, lastEventId),
      isWanted: () => this.#state.sessionId === sessionId,
      signal,
      clock,
      onText,
    });
  }

  stopListening(): void {
    this.#listening.abort(new Error('retired'));
  }

  /**
   * Replaces a session that the server lost; once for all messages that found it lost.
   *
   * @returns whether there is a session other than `lostId`
   */
  async renew(lostId: string | undefined): Promise<boolean> {
    if (this.#state.sessionId !== lostId) return true;
    this.#renewing ??= this.#begin().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async end(): Promise<void> {
    const { endpoint, clock } = this.#options;
    const context = this.#context();
    this.#note({ kind: 'closed' });
    if (context.sessionId !== undefined)
      await deleteSession(endpoint, context, clock, DELETE_MS_MAX);
  }

  #note(event: HttpChannelEvent): void {
    this.#state = nextHttpChannelState(this.#state, event);
  }

  #context(): SessionContext {
    return contextOf(this.#state, undefined, {});
  }

  async #begin(): Promise<boolean> {
    const isRenewed = await renewSession({
      memory: this.#memory,
      protocolVersion: this.#state.agreedVersion,
      repeat: (text, context) => this.#repeat(text, context),
      onBegun: (sessionId) => this.#note({ kind: 'session_renewed', sessionId }),
    });
    if (isRenewed) this.listen();
    return isRenewed;
  }

  async #repeat(text: string, context: SessionContext): Promise<RepeatResult> {
    const { endpoint, clock, signal } = this.#options;
    const message = { method: 'message', text, context };
    const startedAtMs = clock.monotonicMs();
    const answer = await sendMessage({ endpoint, clock, message, signal, startedAtMs });
    if (!answer.ok) return { ok: false };
    const { statusCode: status = 0, headers } = answer.response;
    const read = await readBody(answer.response, signal, BRIDGE_LIMITS);
    return read.ok ? { ok: true, status, sessionId: sessionIdOf(headers) } : { ok: false };
  }
}
