import type { MonotonicMs } from '../../facts/time.ts';
import type { ReadMessages } from '../../protocol/message-reader.ts';
import { carrierOf } from './carrier.ts';
import { createEndpointRewriter } from './endpoint-event.ts';
import { ForwardedCalls } from './forwarded-calls.ts';
import type { ForwardOptions } from './forwarded-request.ts';
import type { Cuttable } from './forwarded-requests.ts';
import type { UpstreamPool } from '../../protocol/upstream-pool.ts';
import { isAbsolute, type RedirectedPaths, redirectToPublic } from './redirects.ts';
import { Relay, type RelayFailure, type RelayObserver } from './relay.ts';
import { requestHeaders } from './request-headers.ts';
import type { RefuseEffect } from './call-effects.ts';
import { cutUnanswered, FAILED } from './fault.ts';
import { joinQueries } from './parse-route.ts';
import { performEach } from './perform-each.ts';
import { sendRefusal } from './send-refusal.ts';
import { createSseScanner } from './sse-scanner.ts';
import {
  createSseStreamState,
  nextSseStreamState,
  type SseStreamEffect,
  type SseStreamEvent,
  type SseStreamState,
} from './sse-stream-state.ts';
import type { AdmittedRequest } from './upstream.ts';

export interface SseStreamContext {
  readonly pool: UpstreamPool;
  /** The server's name, as it stands in the gateway's paths. */
  readonly name: string;
  readonly redirected: RedirectedPaths;
  /** Paths with query that an open stream announced. */
  readonly addresses: Set<string>;
  /** Called when bytes of the stream have passed. */
  readonly onPassed: () => void;
  readonly onOver: () => void;
}

const ADDRESSES_MAX = 10_000;

/** The stream of one client of an HTTP+SSE server. `sse-stream-state.ts` decides. */
export class ForwardedSseStream implements RelayObserver, Cuttable {
  readonly isStream = true;
  readonly #options: ForwardOptions;
  readonly #admitted: AdmittedRequest;
  readonly #context: SseStreamContext;
  readonly #calls: ForwardedCalls;
  readonly #scanner = createSseScanner((read) => this.#onMessages(read));
  readonly #relay: Relay;
  #state: SseStreamState;
  #unreadBytes = 0;

  constructor(options: ForwardOptions, admitted: AdmittedRequest, context: SseStreamContext) {
    const { url, clock, tracker, answerTimeoutMs } = options;
    const { request, response, publicPlace, route, query } = admitted;
    this.#options = options;
    this.#admitted = admitted;
    this.#context = context;
    this.#state = createSseStreamState(answerTimeoutMs);
    const carrier = carrierOf(admitted, 'sse', undefined);
    this.#calls = new ForwardedCalls({ tracker, clock, carrier, hasOwnAnswers: false });
    const headers = requestHeaders(request, {
      host: url.host,
      preserveHost: options.preserveHost,
      added: options.headers,
      isBodyWhole: true,
      // The address in its `endpoint` event has to be changed.
      isPlainWanted: true,
    });
    const { pool, redirected } = context;
    const elsewhere = publicPlace ? undefined : redirected.find(route);
    const path =
      elsewhere === undefined ? url.pathname + joinQueries(url.search, query) : elsewhere + query;
    const rewrite = createEndpointRewriter((announced) => this.#announce(announced));
    const { rules } = redirected;
    const redirects = publicPlace ? redirectToPublic(rules.origin, publicPlace) : rules;
    const relayed = { pool, clock, request, response, path, headers, body: null };
    const rewriteChallenge = publicPlace
      ? undefined
      : options.authorization?.challengeRewriter(request, '/sse');
    this.#relay = new Relay(
      {
        ...relayed,
        isRepeatable: true,
        answerTimeoutMs,
        rewrite,
        redirects,
        ...(rewriteChallenge && { rewriteChallenge }),
      },
      this,
    );
  }

  start(): void {
    this.#admitted.arrival.isCounted = true;
    try {
      this.#options.onRequest?.();
      this.#relay.start();
    } catch (error) {
      this.#fail(error);
    }
  }

  get isBusy(): boolean {
    const { address } = this.#state;
    return address !== undefined && this.#options.tracker.isWaiting(address);
  }

  finish(): void {
    this.#relay.finish();
  }

  cut(): void {
    this.#relay.cut();
  }

  onHead(): void {
    // All that matters of the answer comes in its events.
  }

  onBody(chunk: Buffer): void {
    this.#unreadBytes += chunk.length;
    this.#scanner.write(chunk);
    this.#context.onPassed();
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

  #onMessages(read: ReadMessages): void {
    const bytes = this.#unreadBytes;
    this.#unreadBytes = 0;
    this.#take({ kind: 'messages', read, bytes }, this.#options.clock.monotonicMs());
  }

  /** @returns the address to which the client shall post */
  #announce(announced: string): string {
    const { addresses, name } = this.#context;
    const address =
      addresses.size < ADDRESSES_MAX ? pathOf(announced, this.#options.url) : undefined;
    if (address === undefined) return announced;
    this.#take({ kind: 'endpoint_announced', address });
    const { publicPlace } = this.#admitted;
    if (publicPlace) return isAbsolute(announced) ? publicPlace.origin + address : announced;
    return `/${encodeURIComponent(name)}${address}`;
  }

  #take(event: SseStreamEvent, sinceMs: MonotonicMs = this.#admitted.receivedMs): void {
    const { state, effects } = nextSseStreamState(this.#state, event);
    this.#state = state;
    const fault = performEach(effects, (effect) => this.#perform(effect, sinceMs));
    if (fault) this.#fail(fault.error);
  }

  /** Ends the stream in whatever state an exception left it. */
  #fail(error: unknown): void {
    this.#relay.fail(error);
    this.#take({ kind: 'failed', failure: FAILED });
    this.#calls.endRest(this.#options.onFault);
    cutUnanswered(this.#admitted.response);
  }

  #perform(effect: SseStreamEffect, sinceMs: MonotonicMs): void {
    switch (effect.kind) {
      case 'open_address':
        this.#context.addresses.add(effect.address);
        return;
      case 'close_address':
        this.#context.addresses.delete(effect.address);
        return;
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

  #refuse(effect: RefuseEffect): void {
    const { response } = this.#admitted;
    if (isEventSource(this.#admitted)) response.destroy();
    else sendRefusal(this.#options.clock, response, effect.name, effect);
  }
}

/**
 * An EventSource tries again after a broken connection, which is what it sees of a server that restarts. After a status other
 * than 200 it never does (WHATWG HTML, server-sent events).
 */
function isEventSource({ request }: AdmittedRequest): boolean {
  return /text\/event-stream/i.test(request.headers.accept ?? '');
}

/** Path and query of an announced address. A client refuses one of another origin anyhow. */
function pathOf(announced: string, base: URL): string | undefined {
  const target = URL.parse(announced, base.href);
  return target?.origin === base.origin ? target.pathname + target.search : undefined;
}
