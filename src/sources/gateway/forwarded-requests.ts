import { resultUnlessAborted } from '../../facts/deadline.ts';
import { createPendingMap } from '../../protocol/pending-map.ts';

/** A request under way to an upstream. */
export interface Cuttable {
  /** Long-lived by nature: nobody waits for its end. */
  readonly isStream: boolean;
  /** Of a stream: whether calls wait for their responses on it, so that it may not end yet. */
  readonly isBusy?: boolean;
  /** Ends a stream in order: what was written still reaches the client. */
  finish?(): void;
  cut(): void;
}

/** The requests that one upstream has to answer. */
export class ForwardedRequests {
  readonly #requests = createPendingMap<Cuttable, Cuttable>();
  #drained: PromiseWithResolvers<void> | undefined;

  add(request: Cuttable): void {
    this.#requests.set(request, request);
  }

  delete(request: Cuttable): void {
    this.#requests.delete(request);
    if (this.#drained) this.#finishIdleStreams();
    if (this.#requests.size === 0) this.#drained?.resolve();
  }

  /** A response has passed on this stream. */
  noteResponse(stream: Cuttable): void {
    if (this.#drained) finishIfIdle(stream);
  }

  countStreams(): number {
    let streams = 0;
    for (const request of this.#requests.values()) if (request.isStream) streams++;
    return streams;
  }

  /** Ends streams when no call waits on them, lets the rest end, and cuts what is left when the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#drained = Promise.withResolvers<void>();
    this.#finishIdleStreams();
    if (this.#requests.size > 0) await resultUnlessAborted(this.#drained.promise, signal);
    for (const request of [...this.#requests.values()]) request.cut();
  }

  #finishIdleStreams(): void {
    for (const request of [...this.#requests.values()]) finishIfIdle(request);
  }
}

function finishIfIdle(request: Cuttable): void {
  if (!request.isStream || request.isBusy) return;
  if (request.finish) request.finish();
  else request.cut();
}
