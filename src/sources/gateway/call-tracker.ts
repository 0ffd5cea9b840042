import type { CallVerdict } from '../../facts/call-outcome.ts';
import type { Hub } from '../../facts/hub.ts';
import type { Clock, Timer } from '../../facts/ports/clock.ts';
import type { Transport } from '../../facts/server.ts';
import type { MessageFacts } from '../../protocol/message-facts.ts';
import type { SessionOpening } from './describe-call.ts';
import { type Carrier, createExchange, type Exchange } from './exchange.ts';
import { type TraceSource, traceOf } from './trace-context.ts';
import type {
  ExchangesById,
  TrackerEffect,
  TrackerEvent,
  TrackerLoad,
  TrackerSettings,
  TrackerState,
} from './tracker-events.ts';
import { createTrackerState, loadOf, nextEffects, parkedCalls } from './tracker-state.ts';

export interface CallTrackerOptions extends TrackerSettings, TraceSource {
  readonly clock: Clock;
  readonly hub: Pick<Hub, 'publish'>;
}

/**
 * Pairs requests with responses for one server, and publishes one `CallRecord` for each pair. `tracker-state.ts` decides.
 *
 * An exchange usually ends in the body of its own HTTP answer. With HTTP+SSE, after a resumption, or over stdio the response
 * comes another way, so that exchanges of a session are also found by session and id.
 */
export class CallTracker {
  readonly #options: CallTrackerOptions;
  readonly #state: TrackerState;
  #sweep: Timer | undefined;

  constructor(options: CallTrackerOptions) {
    this.#options = options;
    this.#state = createTrackerState(options);
  }

  /** A request of the client. */
  begin(facts: MessageFacts, carrier: Carrier): Exchange {
    const trace = traceOf(facts, carrier, this.#options);
    const exchange = createExchange(facts, carrier, 'client_to_server', trace);
    this.#handle({ kind: 'call_begun', exchange });
    return exchange;
  }

  /** A response that passed on any stream; `own` are the exchanges of the HTTP request whose answer it is in. */
  answer(
    facts: MessageFacts,
    bytes: number,
    session: string | undefined,
    own?: ExchangesById,
  ): void {
    this.#handle({ kind: 'call_answered', facts, bytes, session, own });
  }

  /** There will be no response. */
  end(exchange: Exchange, verdict: CallVerdict, message?: string): void {
    this.#handle({ kind: 'call_ended', exchange, verdict, message });
  }

  /** Nobody waits on the exchange's own stream any more, but its response may still come on another one. */
  park(exchange: Exchange, verdict: CallVerdict): void {
    this.#handle({ kind: 'call_parked', exchange, verdict });
  }

  /** A request of the server to the client. */
  beginServerCall(facts: MessageFacts, carrier: Carrier): void {
    const trace = traceOf(facts, carrier, this.#options);
    const exchange = createExchange(facts, carrier, 'server_to_client', trace);
    this.#handle({ kind: 'server_call_begun', exchange });
  }

  /** The client's response to a request of the server. */
  answerServerCall(facts: MessageFacts, bytes: number, session: string | undefined): void {
    this.#handle({ kind: 'server_call_answered', facts, bytes, session });
  }

  /** A notification of either side. */
  notice(facts: MessageFacts, session: string | undefined, own?: ExchangesById): void {
    this.#handle({ kind: 'notified', facts, session, own });
  }

  openSession(id: string, transport: Transport, opening: SessionOpening): void {
    this.#handle({ kind: 'session_opened', id, transport, opening });
  }

  /** Seen alive by the server's own answer. */
  touchSession(id: string, transport: Transport): void {
    this.#handle({ kind: 'session_seen', id, transport });
  }

  /** @param verdict of its calls that have not ended */
  closeSession(id: string, verdict: CallVerdict, message?: string): void {
    this.#handle({ kind: 'session_closed', id, verdict, message });
  }

  /** The client asks for the end of the session: what ends without a response until the server answers, the client gave up. */
  noteLeaving(id: string, isLeaving: boolean): void {
    this.#handle({ kind: 'session_leaving', id, isLeaving });
  }

  /** The server no longer has the session. Calls that wait on streams of their own end with these. */
  loseSession(id: string): void {
    this.#handle({ kind: 'session_lost', id });
  }

  /**
   * The client came back for the responses of the session's parked calls, which no longer end by themselves.
   * @returns these calls; they have to be parked again when the stream on which the responses come is over
   */
  resume(session: string): readonly Exchange[] {
    const exchanges = parkedCalls(this.#state, session);
    this.#handle({ kind: 'calls_resumed', exchanges });
    return exchanges;
  }

  /** Whether a call of the session waits for its response. */
  isWaiting(session: string): boolean {
    return (this.#state.sessions.get(session)?.calls.size ?? 0) > 0;
  }

  load(): TrackerLoad {
    return loadOf(this.#state);
  }

  stop(): void {
    this.#handle({ kind: 'stopped' });
  }

  #handle(event: TrackerEvent): void {
    const atMs = this.#options.clock.monotonicMs();
    for (const effect of nextEffects(this.#state, event, atMs)) this.#perform(effect);
  }

  #perform(effect: TrackerEffect): void {
    switch (effect.kind) {
      case 'publish':
        this.#options.hub.publish(effect.fact);
        return;
      case 'set_sweep':
        this.#sweep = this.#options.clock.after(effect.delayMs, () =>
          this.#handle({ kind: 'sweep_due' }),
        );
        return;
      case 'clear_sweep':
        this.#sweep?.cancel();
    }
  }
}
