import type { Clock } from '../../facts/ports/clock.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import type { CallEffect } from './call-effects.ts';
import type { CallTracker } from './call-tracker.ts';
import type { Carrier, Exchange } from './exchange.ts';
import { REFUSALS } from '../../facts/refusal.ts';
import { FAILED } from './fault.ts';

export interface ForwardedCallsOptions {
  readonly tracker: CallTracker;
  readonly clock: Clock;
  readonly carrier: Carrier;
  /** Whether the responses come in the answer to the same HTTP request; with HTTP+SSE they come on the client's stream. */
  readonly hasOwnAnswers: boolean;
}

/** The calls of one HTTP request, and what happens to them: performs `CallEffect`s on the tracker. */
export class ForwardedCalls {
  readonly #options: ForwardedCallsOptions;
  /** By id if responses are looked up here, else by position, since ids may repeat. */
  readonly #exchanges = new Map<string, Exchange>();
  readonly #own: ReadonlyMap<string, Exchange> | undefined;
  /** Calls of earlier requests. */
  #resumed: readonly Exchange[] = [];

  constructor(options: ForwardedCallsOptions) {
    this.#options = options;
    this.#own = options.hasOwnAnswers ? this.#exchanges : undefined;
  }

  get first(): Exchange | undefined {
    const [first] = this.#exchanges.values();
    return first;
  }

  /** Adds the time since `sinceMs` to the overhead of each call that has not ended. */
  noteOverhead(sinceMs: MonotonicMs): void {
    const spentMs = this.#options.clock.monotonicMs() - sinceMs;
    for (const exchange of this.#exchanges.values())
      if (!exchange.isDone) exchange.overheadMs += spentMs;
  }

  /** @param sinceMs when its cause was read */
  perform(effect: CallEffect, sinceMs: MonotonicMs): void {
    const { tracker, carrier } = this.#options;
    switch (effect.kind) {
      case 'begin_call':
        this.#begin(effect);
        return;
      case 'end_call': {
        const exchange = this.#exchanges.get(effect.id);
        if (exchange) tracker.end(exchange, effect.verdict, effect.message);
        return;
      }
      case 'end_open_calls':
        for (const exchange of this.#exchanges.values())
          tracker.end(exchange, effect.verdict, effect.message);
        return;
      case 'park_open_calls':
        for (const exchange of this.#exchanges.values()) tracker.park(exchange, effect.verdict);
        return;
      case 'answer_call':
        this.noteOverhead(sinceMs);
        tracker.answer(effect.facts, effect.bytes, effect.session, this.#own);
        return;
      case 'begin_server_call':
        this.#beginServerCall(effect, sinceMs);
        return;
      case 'answer_server_call':
        tracker.answerServerCall(effect.facts, effect.bytes, effect.session);
        return;
      case 'notify':
        tracker.notice(effect.facts, effect.session, this.#own);
        return;
      case 'open_session':
        tracker.openSession(effect.id, carrier.transport, effect.opening);
        return;
      case 'touch_session':
        tracker.touchSession(effect.id, carrier.transport);
        return;
      case 'close_session':
        tracker.closeSession(effect.id, effect.verdict, effect.message);
        return;
      case 'leave_session':
      case 'keep_session':
        tracker.noteLeaving(effect.id, effect.kind === 'leave_session');
        return;
      case 'lose_session':
        tracker.loseSession(effect.id);
        return;
      case 'resume_calls':
        this.#resumed = tracker.resume(effect.id);
        return;
      case 'park_resumed_calls':
        for (const exchange of this.#resumed) tracker.park(exchange, effect.verdict);
    }
  }

  /** After an exception: ends what has neither ended nor may still get its response elsewhere. */
  endRest(onFault: (error: unknown) => void): void {
    for (const exchange of this.#exchanges.values()) {
      if (exchange.isDone || exchange.expiryVerdict) continue;
      try {
        this.#options.tracker.end(exchange, REFUSALS.internal_error.verdict, FAILED.detail);
      } catch (error) {
        onFault(error);
      }
    }
  }

  #begin({ facts, bytes, parkedAs }: Extract<CallEffect, { kind: 'begin_call' }>): void {
    const { tracker, carrier } = this.#options;
    const isWhole = bytes === undefined || bytes === carrier.bytes;
    const exchange = tracker.begin(facts, isWhole ? carrier : { ...carrier, bytes });
    const key = this.#own ? exchange.key : String(this.#exchanges.size);
    this.#exchanges.set(key, exchange);
    if (parkedAs) tracker.park(exchange, parkedAs);
  }

  #beginServerCall(
    { facts, bytes, session }: Extract<CallEffect, { kind: 'begin_server_call' }>,
    receivedMs: MonotonicMs,
  ): void {
    const { tracker, clock, carrier } = this.#options;
    tracker.beginServerCall(facts, {
      ...carrier,
      ...(session !== undefined && { session }),
      bytes,
      receivedMs,
      receivedAtMs: clock.nowMs(),
    });
  }
}
