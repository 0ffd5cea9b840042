import type { RefuseEffect } from './call-effects.ts';
import { carrierOf } from './carrier.ts';
import { ForwardedCalls } from './forwarded-calls.ts';
import type { ForwardOptions } from './forwarded-request.ts';
import type { Cuttable } from './forwarded-requests.ts';
import type { UpstreamPool } from '../../protocol/upstream-pool.ts';
import { mayRepeat, Relay, type RelayFailure, type RelayObserver } from './relay.ts';
import { requestHeaders } from './request-headers.ts';
import { followRedirects } from './redirects.ts';
import { cutUnanswered, FAILED } from './fault.ts';
import { performEach } from './perform-each.ts';
import { sendRefusal } from './send-refusal.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import {
  createSsePostState,
  nextSsePostState,
  type SsePostEffect,
  type SsePostEvent,
  type SsePostState,
} from './sse-post-state.ts';
import type { AdmittedRequest } from './upstream.ts';

/** One POST to an HTTP+SSE server, with its whole body. `sse-post-state.ts` decides. */
export class ForwardedSsePost implements RelayObserver, Cuttable {
  readonly isStream = false;
  readonly #options: ForwardOptions;
  readonly #pool: UpstreamPool;
  readonly #admitted: AdmittedRequest;
  readonly #onOver: () => void;
  readonly #calls: ForwardedCalls;
  #state: SsePostState;
  #relay: Relay | undefined;

  constructor(
    options: ForwardOptions,
    pool: UpstreamPool,
    admitted: AdmittedRequest,
    onOver: () => void,
  ) {
    const { tracker, clock, answerTimeoutMs } = options;
    const session = admitted.route + admitted.query;
    this.#options = options;
    this.#pool = pool;
    this.#admitted = admitted;
    this.#onOver = onOver;
    this.#state = createSsePostState({ session, answerTimeoutMs });
    const carrier = carrierOf(admitted, 'sse', session);
    this.#calls = new ForwardedCalls({ tracker, clock, carrier, hasOwnAnswers: false });
  }

  /** The answer comes on the stream, so that each call has to be known before its message goes on. */
  start(): void {
    this.#admitted.arrival.isCounted = true;
    try {
      this.#start();
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(): void {
    const { url, clock, answerTimeoutMs, preserveHost, propagatesTrace, authorization } =
      this.#options;
    const { request, response, read, body, receivedMs, publicPlace } = this.#admitted;
    this.#take({ kind: 'request_read', read, bytes: body.length });
    if (this.#state.isOver) return;
    const trace = propagatesTrace ? this.#calls.first?.trace : undefined;
    this.#relay = new Relay(
      {
        pool: this.#pool,
        clock,
        request,
        response,
        path: this.#state.session,
        headers: requestHeaders(request, {
          host: url.host,
          preserveHost,
          added: this.#options.headers,
          isBodyWhole: true,
          ...(trace && { trace }),
        }),
        body: body.length > 0 ? body : null,
        isRepeatable: mayRepeat(this.#admitted),
        answerTimeoutMs,
        redirects: followRedirects(url.origin),
        ...(authorization &&
          !publicPlace && {
            rewriteChallenge: authorization.challengeRewriter(request, '/sse'),
          }),
      },
      this,
    );
    this.#calls.noteOverhead(receivedMs);
    this.#options.onRequest?.();
    this.#relay.start();
  }

  cut(): void {
    this.#relay?.cut();
  }

  onHead(status: number): void {
    this.#take({ kind: 'head', status });
  }

  onBody(): void {
    // The responses come on the stream.
  }

  onEnd(): void {
    this.#take({ kind: 'answer_over' });
  }

  onFailure(failure: RelayFailure): void {
    this.#take({ kind: 'failed', failure });
  }

  onFault(error: unknown): void {
    this.#options.onFault(error);
  }

  #take(event: SsePostEvent): void {
    const { state, effects } = nextSsePostState(this.#state, event);
    this.#state = state;
    const fault = performEach(effects, (effect) => this.#perform(effect));
    if (fault) this.#fail(fault.error);
  }

  /** Ends the request and its calls, in whatever state an exception left them. */
  #fail(error: unknown): void {
    if (this.#relay) this.#relay.fail(error);
    else this.onFault(error);
    this.#take({ kind: 'failed', failure: FAILED });
    this.#calls.endRest(this.#options.onFault);
    cutUnanswered(this.#admitted.response);
  }

  #perform(effect: SsePostEffect): void {
    switch (effect.kind) {
      case 'refuse':
        this.#refuse(effect);
        return;
      case 'over':
        this.#onOver();
        return;
      default:
        this.#calls.perform(effect, this.#admitted.receivedMs);
    }
  }

  #refuse({ name, id, detail }: RefuseEffect): void {
    const { response, read } = this.#admitted;
    sendRefusal(this.#options.clock, response, name, { id: writtenIdIn(read, id), detail });
  }
}
