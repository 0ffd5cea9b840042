import { PassThrough, type Readable } from 'node:stream';
import type { Clock } from '../../facts/ports/clock.ts';
import type { Secret } from '../../facts/secret.ts';
import type { MonotonicMs } from '../../facts/time.ts';
import { createMessageReader, type ReadMessages } from '../../protocol/message-reader.ts';
import { ForwardedAnswer, type AnswerObserver } from './forwarded-answer.ts';
import type { CallTracker } from './call-tracker.ts';
import type { RefuseEffect } from './call-effects.ts';
import { carrierOf, textOf } from './carrier.ts';
import {
  createForwardState,
  type ForwardEffect,
  type ForwardEvent,
  type ForwardState,
  nextForwardState,
} from './forward-state.ts';
import { ForwardedCalls } from './forwarded-calls.ts';
import type { Cuttable } from './forwarded-requests.ts';
import type { UpstreamPool } from '../../protocol/upstream-pool.ts';
import { type RedirectedPaths, redirectToPublic, type RedirectRules } from './redirects.ts';
import {
  mayRepeat,
  Relay,
  type RelayFailure,
  type RelayObserver,
  type ResponseHeaders,
} from './relay.ts';
import { requestHeaders } from './request-headers.ts';
import type { ResourceAuthorization } from './resource-authorization.ts';
import { NO_MESSAGES } from './arrival.ts';
import { cutUnanswered, FAILED } from './fault.ts';
import { joinQueries } from './parse-route.ts';
import { performEach } from './perform-each.ts';
import { sendRefusal } from './send-refusal.ts';
import { writtenIdIn } from '../../protocol/written-ids.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface ForwardOptions {
  /** The server's name, as it stands in the gateway's paths. */
  readonly name: string;
  readonly url: URL;
  readonly clock: Clock;
  readonly tracker: CallTracker;
  /** For requests that carry none of that name: those of the configuration, and the mark of this process. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** Until the head of the answer; streams may then last as long as both sides like. */
  readonly answerTimeoutMs: number;
  /** Called for each request that goes upstream. */
  readonly onRequest?: () => void;
  /** Called with an exception in the gateway that ended a request. */
  readonly onFault: (error: unknown) => void;
  readonly preserveHost: boolean;
  /** Whether our span takes part in the trace; without tracing the client's own context passes unchanged. */
  readonly propagatesTrace: boolean;
  /** Undefined: challenges pass unchanged. */
  readonly authorization?: ResourceAuthorization | undefined;
}

export interface ForwardContext {
  readonly pool: UpstreamPool;
  readonly redirected: RedirectedPaths;
  readonly onOver: () => void;
}

/** One request on its way to a Streamable HTTP server, and its answer back. `forward-state.ts` decides. */
export class ForwardedRequest implements RelayObserver, AnswerObserver, Cuttable {
  readonly #options: ForwardOptions;
  readonly #context: ForwardContext;
  readonly #admitted: AdmittedRequest;
  readonly #calls: ForwardedCalls;
  #state: ForwardState;
  #read: ReadMessages;
  #relay: Relay | undefined;
  #answer: ForwardedAnswer | undefined;
  #stopUpload: (() => void) | undefined;

  constructor(options: ForwardOptions, admitted: AdmittedRequest, context: ForwardContext) {
    const { tracker, clock, answerTimeoutMs } = options;
    this.#options = options;
    this.#admitted = admitted;
    this.#context = context;
    this.#read = admitted.read;
    const session = textOf(admitted.request.headers['mcp-session-id']);
    const carrier = carrierOf(admitted, 'http', session);
    this.#calls = new ForwardedCalls({ tracker, clock, carrier, hasOwnAnswers: true });
    const { verb } = carrier;
    const isResumption =
      verb === 'GET' &&
      session !== undefined &&
      admitted.request.headers['last-event-id'] !== undefined;
    const isForEndpoint = this.#isForEndpoint;
    this.#state = createForwardState({
      verb,
      session,
      answerTimeoutMs,
      isForEndpoint,
      isResumption,
    });
  }

  get isStream(): boolean {
    return this.#state.isStream;
  }

  /** Other paths under a public address are pages and documents: no streams, and not what the configured headers are for. */
  get #isForEndpoint(): boolean {
    return this.#admitted.publicPlace?.isEndpoint !== false;
  }

  start(): void {
    this.#admitted.arrival.isCounted = true;
    try {
      this.#start();
    } catch (error) {
      this.#fail(error);
    }
  }

  #start(): void {
    const { request, response, body, isComplete, read, receivedMs, publicPlace } = this.#admitted;
    const { url, clock, headers, preserveHost, answerTimeoutMs, authorization } = this.#options;
    if (isComplete)
      this.#take({ kind: 'request_read', read, bytes: body.length, isAnswered: false });
    if (this.#state.ending) return;
    const trace = this.#options.propagatesTrace ? this.#calls.first?.trace : undefined;
    this.#relay = new Relay(
      {
        pool: this.#context.pool,
        clock,
        request,
        response,
        path: this.#upstreamPath(),
        headers: requestHeaders(request, {
          host: url.host,
          preserveHost,
          added: this.#isForEndpoint ? headers : {},
          isBodyWhole: isComplete,
          ...(trace && { trace }),
        }),
        body: isComplete ? (body.length > 0 ? body : null) : this.#streamBody(),
        isRepeatable: isComplete && mayRepeat(this.#admitted),
        ...((!this.isStream || !this.#isForEndpoint) && { answerTimeoutMs }),
        redirects: this.#redirectRules(),
        ...(authorization &&
          !publicPlace && {
            rewriteChallenge: authorization.challengeRewriter(request, '/mcp'),
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

  onHead(status: number, headers: ResponseHeaders): void {
    this.#answer = new ForwardedAnswer(headers, this);
    const { content } = this.#answer;
    const session = textOf(headers['mcp-session-id']);
    this.#take({ kind: 'head', status, content, session });
  }

  onBody(chunk: Buffer): void {
    this.#answer?.write(chunk);
  }

  onEnd(): void {
    if (this.#answer) this.#answer.end();
    else this.onAnswerOver(false);
  }

  onFailure(failure: RelayFailure): void {
    this.#take({ kind: 'failed', failure, isResumable: this.#isResumable() });
    this.#answer?.stop();
  }

  onFault(error: unknown): void {
    this.#options.onFault(error);
  }

  onMessages(read: ReadMessages, bytes: number): void {
    this.#take({ kind: 'messages', read, bytes }, this.#options.clock.monotonicMs());
  }

  onAnswerOver(isGivenUp: boolean): void {
    this.#take({ kind: 'answer_over', isGivenUp, isResumable: this.#isResumable() });
  }

  onAnswerFault(error: unknown): void {
    this.#fail(error);
    this.#answer?.stop();
  }

  #upstreamPath(): string {
    const { route, query, publicPlace } = this.#admitted;
    if (!this.#isForEndpoint) return route + query;
    const redirected = publicPlace ? undefined : this.#context.redirected.find(route);
    if (redirected !== undefined) return redirected + query;
    const { pathname, search } = this.#options.url;
    return pathname + joinQueries(search, query);
  }

  #redirectRules(): RedirectRules {
    const { publicPlace } = this.#admitted;
    const { rules } = this.#context.redirected;
    return publicPlace ? redirectToPublic(rules.origin, publicPlace) : rules;
  }

  #isResumable(): boolean {
    return this.#answer?.isResumable ?? false;
  }

  #take(event: ForwardEvent, sinceMs: MonotonicMs = this.#admitted.receivedMs): void {
    const { state, effects } = nextForwardState(this.#state, event);
    this.#state = state;
    const fault = performEach(effects, (effect) => this.#perform(effect, sinceMs));
    if (fault) this.#fail(fault.error);
  }

  /** Ends the request and its calls, in whatever state an exception left them. */
  #fail(error: unknown): void {
    if (this.#relay) this.#relay.fail(error);
    else this.onFault(error);
    this.#take({ kind: 'failed', failure: FAILED, isResumable: false });
    this.#calls.endRest(this.#options.onFault);
    cutUnanswered(this.#admitted.response);
  }

  #perform(effect: ForwardEffect, sinceMs: MonotonicMs): void {
    switch (effect.kind) {
      case 'refuse':
        this.#refuse(effect);
        return;
      case 'over':
        this.#context.onOver();
        return;
      default:
        this.#calls.perform(effect, sinceMs);
    }
  }

  #refuse({ name, id, detail }: RefuseEffect): void {
    this.#stopUpload?.();
    const { response } = this.#admitted;
    sendRefusal(this.#options.clock, response, name, { id: writtenIdIn(this.#read, id), detail });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A body too large to be read first: it is read as it passes. */
  #streamBody(): Readable {
    const { request, response, body } = this.#admitted;
    const pass = new PassThrough();
    const reader = createMessageReader();
    let read: ReadMessages | undefined;
    let bytes = body.length;
    reader.write(body);
    pass.write(body);
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      this.#guard(() => reader.write(chunk));
    });
    const endReading = (): void => {
      if (this.#state.isRequestRead) return;
      this.#guard(() => (read ??= reader.end()));
      const isAnswered = response.headersSent;
      this.#read = read ?? NO_MESSAGES;
      this.#take({ kind: 'request_read', read: this.#read, bytes, isAnswered });
    };
    request.on('end', endReading);
    // Broken off.
    request.on('close', endReading);
    // A server that has answered reads no more, yet the rest says what was called.
    this.#stopUpload = () => {
      request.unpipe(pass);
      request.resume();
    };
    pass.on('close', this.#stopUpload);
    request.on('error', (error) => pass.destroy(error));
    // Nobody else listens once the request upstream is over: the error of a client that left would end the process.
    pass.on('error', () => undefined);
    request.pipe(pass);
    return pass;
  }
}
